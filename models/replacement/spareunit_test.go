package replacement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/spare"
)

// unitTasks counts the open tasks of a kind about a unit.
func unitTasks(t *testing.T, env storetest.Env, kind db.TaskKind, id string) int {
	t.Helper()
	tasks, _, err := env.ListTasks(env.Context, db.TaskFilter{Kind: kind, SubjectID: id, State: db.TaskOpen})
	require.NoError(t, err)
	return len(tasks)
}

// stepsTold are the steps that mails about a subject told, each once per recipient.
func stepsTold(t *testing.T, env storetest.Env, template, subject string) map[string]int {
	t.Helper()
	steps := map[string]int{}
	for _, m := range env.Mails(t, template) {
		if m.SubjectID == subject {
			steps[m.Params["step"].(string)]++
		}
	}
	return steps
}

func deviceState(t *testing.T, env storetest.Env, id *string) licensing.DeviceState {
	t.Helper()
	require.NotNil(t, id)
	d, err := env.GetDevice(env.Context, *id)
	require.NoError(t, err)
	return d.State
}

// A unit's way from the order to the site: EARNED, SELECTION_PENDING, APPROVED,
// SHIPPED, ON_SITE.
func TestR88a_ASpareIsChosenAgreedShippedAndOnSite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.Spare(t)
		require.Equal(t, spare.SpareSelectionPending, u.State)
		require.Equal(t, 1, unitTasks(t, env, db.TaskChooseSpare, u.ID), "one task of the CSM per earned spare")
		trail, err := env.Timeline(env.Context, u.ID)
		require.NoError(t, err)
		require.Equal(t, []string{"spare.earned", "spare.choice_asked"}, []string{trail[0].Verb, trail[1].Verb})
		_, err = env.ShipSpare(storetest.Operator(), u.ID, replacement.Parcel{Serial: "SP-1"})
		storetest.RequireCode(t, spare.SpareNotChosen, err)

		u, err = env.SelectSpare(storetest.CSM(), u.ID, replacement.SpareChoice{
			ModelCode: "rally-bar",
			SiteID:    c.Site.ID,
		})
		require.NoError(t, err)
		require.Equal(t, spare.SpareSelectionPending, u.State)
		require.Zero(t, unitTasks(t, env, db.TaskChooseSpare, u.ID))
		_, err = env.ShipSpare(storetest.Operator(), u.ID, replacement.Parcel{Serial: "SP-1"})
		storetest.RequireCode(t, spare.SpareNotChosen, err)
		_, err = env.AgreeSpare(storetest.CSM(), u.ID, 0)
		storetest.RequireCode(t, rules.Forbidden, err)

		for range 2 {
			u, err = env.AgreeSpare(storetest.Customer(c.Account), u.ID, 0)
			require.NoError(t, err)
			require.Equal(t, spare.SpareApproved, u.State)
		}
		for range 2 {
			u, err = env.ShipSpare(storetest.Operator(), u.ID, replacement.Parcel{Serial: " sp-1 "})
			require.NoError(t, err)
			require.Equal(t, spare.SpareShipped, u.State)
		}
		require.Equal(t, licensing.DeviceUnplaced, deviceState(t, env, u.DeviceID))
		for range 2 {
			u, err = env.RecordSpareFact(storetest.Operator(), u.ID, spare.SpareDelivered, time.Time{})
			require.NoError(t, err)
			require.Equal(t, spare.SpareOnSite, u.State)
		}
		require.Equal(t, licensing.DeviceSpareOnSite, deviceState(t, env, u.DeviceID))
		u, err = env.RecordSpareFact(storetest.Operator(), u.ID, spare.SparePickedUp, time.Time{}) // late
		require.NoError(t, err)
		require.Equal(t, spare.SpareOnSite, u.State)
		require.Equal(t, map[string]int{"SELECTED": 2, "SHIPPED": 2, "ON_SITE": 2},
			stepsTold(t, env, rules.TemplateSpare, u.ID), "administrator and site, each step once")
		env.AuditHolds(t)
	})
}

func TestR88a_TheProposalMayChangeUntilTheCustomerAgrees(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.Spare(t)
		env.Device(t, c.Room, "MU-1", "MEETUP", "")
		branch := env.Site(t, c.Account, "Branch", "BR", "SP")
		first, err := env.SelectSpare(storetest.CSM(), u.ID, replacement.SpareChoice{
			ModelCode: "RALLY-BAR",
			SiteID:    c.Site.ID,
		})
		require.NoError(t, err)
		again, err := env.SelectSpare(storetest.CSM(), u.ID, replacement.SpareChoice{
			ModelCode: "RALLY-BAR",
			SiteID:    c.Site.ID,
		})
		require.NoError(t, err)
		require.Equal(t, first.Version, again.Version, "the same again changes nothing")
		second, err := env.SelectSpare(storetest.CSM(), u.ID, replacement.SpareChoice{
			ModelCode: "MEETUP",
			SiteID:    branch.ID,
		})
		require.NoError(t, err)
		_, err = env.AgreeSpare(storetest.Customer(c.Account), u.ID, first.Version)
		storetest.RequireCode(t, rules.StateConflict, err)
		u, err = env.AgreeSpare(storetest.Customer(c.Account), u.ID, second.Version)
		require.NoError(t, err)
		require.Equal(t, "MEETUP", u.ModelCode)
		_, err = env.SelectSpare(storetest.CSM(), u.ID, replacement.SpareChoice{
			ModelCode: "RALLY-BAR",
			SiteID:    c.Site.ID,
		})
		storetest.RequireCode(t, rules.StateConflict, err)
		require.Equal(t, 4, stepsTold(t, env, rules.TemplateSpare, u.ID)["SELECTED"], "two proposals to two people")
	})
}

func TestR88b_ModelMustBeDeployedInThatParent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.Spare(t)
		other := env.CoveredFor(t, "Beta SA", "bia@beta.example", "SN-200")
		env.Device(t, other.Room, "MU-1", "MEETUP", "")
		choose := func(model, site string) error {
			_, err := env.SelectSpare(storetest.CSM(), u.ID, replacement.SpareChoice{ModelCode: model, SiteID: site})
			return err
		}
		storetest.RequireCode(t, spare.ModelNotDeployed, choose("MEETUP", c.Site.ID))
		unplaced, err := env.RegisterDevice(env.Context, entitlement.NewDevice{
			AccountID: c.Account,
			Form:      licensing.DeviceForm{Serial: "MU-2", ModelCode: "MEETUP"},
		})
		require.NoError(t, err)
		storetest.RequireCode(t, spare.ModelNotDeployed, choose("MEETUP", c.Site.ID))
		storetest.RequireCode(t, rules.ValidationFailed, choose("RALLY-BAR", other.Site.ID))
		storetest.RequireCode(t, rules.ValidationFailed, choose("RALLY-BAR", "sit_nowhere"))
		storetest.RequireCode(t, rules.ValidationFailed, choose("", ""))
		_, err = env.PlaceDevice(env.Context, unplaced.ID, c.Room.ID, "")
		require.NoError(t, err)
		require.NoError(t, choose("MEETUP", c.Site.ID))
	})
}

// A subsidiary of the same parent may get the spare that another one's order earned.
func TestR82b_ASpareBelongsToTheAccountOfItsSite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.Spare(t)
		form := storetest.FormFor("PO-2", "Acme Ltda", "leo@acme.example")
		form.EndCustomer.Address.Street = "Rua B, 2"
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
		require.NotEqual(t, c.Account, *o.AccountID)
		for _, accountID := range []string{c.Account, *o.AccountID} {
			_, err := env.GetSpareUnit(storetest.Customer(accountID), u.ID)
			storetest.RequireCode(t, rules.NotFound, err)
		}
		site := env.Site(t, *o.AccountID, "HQ", "BR", "SP")
		_, err := env.SelectSpare(storetest.CSM(), u.ID, replacement.SpareChoice{
			ModelCode: "RALLY-BAR",
			SiteID:    site.ID,
		})
		require.NoError(t, err)
		_, err = env.GetSpareUnit(storetest.Customer(c.Account), u.ID)
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.AgreeSpare(storetest.Customer(c.Account), u.ID, 0)
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.AgreeSpare(storetest.ReadOnly(*o.AccountID), u.ID, 0)
		storetest.RequireCode(t, rules.Forbidden, err)
		_, err = env.AgreeSpare(storetest.Customer(*o.AccountID), u.ID, 0)
		require.NoError(t, err)
		list, _, err := env.ListSpareUnits(storetest.Customer(c.Account), replacement.SpareFilter{})
		require.NoError(t, err)
		require.Empty(t, list)
		list, _, err = env.ListSpareUnits(storetest.Customer(*o.AccountID), replacement.SpareFilter{
			State:     spare.SpareApproved,
			ModelCode: "rally-bar",
			Open:      true,
		})
		require.NoError(t, err)
		require.Len(t, list, 1)
	})
}

// Three units of one order, and none more by a replay.
func TestR81b_OneOrderEarnsItsUnitsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.OrderForm("PO-1", "Acme Ltda", "Rua A, 1", 150))
		_, err := env.FulfilOrder(env.Context, o.ID)
		require.NoError(t, err)
		units := env.Units(t, *o.AccountID)
		require.Len(t, units, 3)
		for i, u := range units {
			require.Equal(t, i+1, u.Ordinal)
			require.Equal(t, 1, unitTasks(t, env, db.TaskChooseSpare, u.ID))
		}
		require.Equal(t, 3, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'spare.start'"))
		require.Error(
			t,
			env.Exec("INSERT INTO spare_units SELECT 'spu_x', parent_org_id, line_id, ordinal FROM spare_units"),
			"twice is refused by the table too",
		)
	})
}

// A ledger that is older than the units: the sweep makes what is missing, once.
func TestSpareUnitsOfAnOlderLedgerAreMade(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.OrderForm("PO-1", "Acme Ltda", "Rua A, 1", 150))
		require.NoError(t, env.Exec("DELETE FROM spare_units"))
		for _, want := range []int{1, 0} {
			n, err := env.SettleSpareUnits(env.Context, func() {})
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		require.Len(t, env.Units(t, *o.AccountID), 3)
		_, err := env.SettleSpareUnits(storetest.Customer(*o.AccountID), func() {})
		storetest.RequireCode(t, rules.NotFound, err)
	})
}

func TestASpareOnLoanIsNotPlacedByHand(t *testing.T) {
	env := storetest.SQLite(t)
	c, u := env.SpareOnSite(t)
	for _, room := range []string{c.Room.ID, ""} {
		_, err := env.PlaceDevice(storetest.Customer(c.Account), *u.DeviceID, room, "")
		storetest.RequireCode(t, rules.StateConflict, err)
	}
}

// S27: units go along with a merge, and with the accounts that are split off.
func TestS27_UnitsFollowTheirParent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.SpareOnSite(t)
		other := env.CoveredFor(t, "Beta SA", "bia@beta.example", "SN-200")
		into := storetest.ParentOf(t, env, other.Order)
		_, err := env.MergeParents(storetest.Operator(), u.ParentOrgID, into, "one group")
		require.NoError(t, err)
		u = storetest.UnitOf(t, env, u.ID)
		require.Equal(t, into, u.ParentOrgID)
		require.Equal(t, spare.SpareOnSite, u.State)
		_, err = env.SplitParent(storetest.Operator(), into,
			operations.SplitRequest{Name: "Acme Ltda", AccountIDs: []string{c.Account}, Reason: "two groups"})
		require.NoError(t, err)
		u = storetest.UnitOf(t, env, u.ID)
		require.NotEqual(t, into, u.ParentOrgID)
		require.Equal(t, spare.SpareOnSite, u.State, "it lies at an account that went along")
		require.Len(t, env.Units(t, c.Account), 1)
	})
}
