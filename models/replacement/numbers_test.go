package replacement_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

const numberForm = `^RMA-[0-9A-HJKMNP-TV-Z]{5}$`

func TestANumberFindsTheReplacementHoweverItIsTyped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		r := env.Requested(t, c)
		require.Regexp(t, numberForm, r.Number)
		require.Equal(t, r.Number, r.Name())

		typed := strings.ToLower(strings.ReplaceAll(r.Number, "-", " "))
		found, err := env.GetRMA(storetest.Customer(c.Account), typed)
		require.NoError(t, err)
		require.Equal(t, r.ID, found.ID)

		r, err = env.DoRMA(storetest.Operator(), typed,
			replacement.ReplacementCommand{Name: rma.RMAApprove, DefectConfirmed: true})
		require.NoError(t, err)
		require.Equal(t, []string{found.ID, found.Number}, []string{r.ID, r.Number})

		other := env.CoveredFor(t, "Beta Ltda", "rui@beta.example", "SN-200")
		_, err = env.GetRMA(storetest.Customer(other.Account), r.Number)
		require.Equal(t, rules.NotFound, rules.CodeOf(err), "a number opens no door (C5)")
		_, err = env.DoRMA(storetest.Customer(other.Account), r.Number,
			replacement.ReplacementCommand{Name: rma.RMAWithdraw})
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
	})
}

func TestMailsTasksAndParcelsNameTheReplacementByItsNumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		r := env.Requested(t, c)
		tasks := env.Strings(t, "SELECT what FROM operator_tasks WHERE subject_id = '"+r.ID+"'")
		require.Len(t, tasks, 1)
		require.True(t, strings.HasPrefix(tasks[0], r.Number+": "), tasks[0])

		mails, _, err := env.ListNotifications(env.Context, notification.NotificationFilter{
			SubjectID: r.ID,
			Page:      db.Page{Limit: 200},
		})
		require.NoError(t, err)
		require.NotEmpty(t, mails)
		for _, m := range mails {
			require.Equal(t, r.Number, m.Params["rma"])
		}

		_, err = env.ApproveRMA(storetest.Operator(), r.ID,
			replacement.RMAApproval{DefectConfirmed: true})
		require.NoError(t, err)
		_, err = env.AllocateRMA(storetest.Operator(), r.ID, "")
		require.NoError(t, err)
		_, err = env.ShipRMA(storetest.Operator(), r.ID,
			replacement.RMAShipment{Serial: "NEW-1", Carrier: "sim", Tracking: "TRK1"})
		require.NoError(t, err)
		parcels, _, err := env.ListShipments(env.Context,
			logistics.ShipmentFilter{SubjectID: strings.ToLower(r.Number)})
		require.NoError(t, err)
		require.Len(t, parcels, 1)
		paper, err := env.PaperOf(env.Context, parcels[0].ID)
		require.NoError(t, err)
		require.Equal(t, r.Number, paper.Reference())
	})
}

func TestRowsOfAnEarlierReleaseGetTheirNumbers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		first := env.Requested(t, env.Covered(t))
		second := env.Requested(t, env.CoveredFor(t, "Beta Ltda", "rui@beta.example", "SN-200"))
		require.NoError(t, env.Exec("UPDATE rmas SET number = ''"))
		old := storetest.GetRMA(t, env, first.ID)
		require.Equal(t, first.ID, old.Name())

		changed, err := env.WithdrawRMA(storetest.Operator(), first.ID, "")
		require.NoError(t, err)
		require.Regexp(t, numberForm, changed.Number, "a change gives it one")

		for range 2 { // again it changes nothing
			_, err = env.Migrate(env.Context)
			require.NoError(t, err)
		}
		kept := storetest.GetRMA(t, env, first.ID)
		given := storetest.GetRMA(t, env, second.ID)
		require.Equal(t, changed.Number, kept.Number)
		require.Regexp(t, numberForm, given.Number)
		require.NotEqual(t, kept.Number, given.Number)
	})
}

// The unique key decides: the second of two with one number is refused by the database,
// which a transaction answers with another draw.
func TestNoTwoReplacementsHaveOneNumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		first := env.Requested(t, env.Covered(t))
		second := env.Requested(t, env.CoveredFor(t, "Beta Ltda", "rui@beta.example", "SN-200"))
		err := env.Exec("UPDATE rmas SET number = '" + first.Number + "' WHERE id = '" + second.ID + "'")
		require.Error(t, err)
	})
}

func TestASpareUnitIsNamedByItsNumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, u := env.Spare(t)
		require.Regexp(t, `^SPARE-[0-9A-HJKMNP-TV-Z]{5}$`, u.Number)
		found, err := env.GetSpareUnit(env.Context, strings.ToLower(u.Number))
		require.NoError(t, err)
		require.Equal(t, u.ID, found.ID)

		tasks := env.Strings(t, "SELECT what FROM operator_tasks WHERE subject_id = '"+u.ID+"'")
		require.True(t, slices.ContainsFunc(tasks, func(what string) bool {
			return strings.HasPrefix(what, u.Number+": ")
		}), tasks)
	})
}
