package replacement_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/rules/spare"
)

func TestR81a_R81b_GrantedByTheOrderThatCrosses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		first := env.Fulfilled(t, seller, storetest.OrderForm("PO-1", "Acme Ltda", "Rua A, 1", 40))
		parent := storetest.ParentOf(t, env, first)
		require.Empty(t, storetest.LedgerOf(t, env, parent))
		second := env.Fulfilled(t, seller, storetest.OrderForm("PO-2", "Acme Ltda", "Rua A, 1", 40))
		require.Equal(t, []spare.SpareEntry{{Delta: 1, Cause: spare.SpareByOrder, SourceID: second.ID}},
			storetest.LedgerOf(t, env, parent))
		third := env.Fulfilled(t, seller, storetest.OrderForm("PO-3", "Acme Ltda", "Rua A, 1", 20))
		want := []spare.SpareEntry{
			{Delta: 1, Cause: spare.SpareByOrder, SourceID: second.ID},
			{Delta: 1, Cause: spare.SpareByOrder, SourceID: third.ID},
		}
		require.Equal(t, want, storetest.LedgerOf(t, env, parent))
		for _, o := range []order.Order{first, second, third} { // the workflow is replayed
			_, err := env.FulfilOrder(env.Context, o.ID)
			require.NoError(t, err)
		}
		require.Equal(t, want, storetest.LedgerOf(t, env, parent), "replaying adds none")
		p, err := env.GetSpares(env.Context, parent)
		require.NoError(t, err)
		require.Equal(t, replacement.Spares{ParentOrgID: parent, Name: "Acme Ltda", Entitled: 2, Licences: 100}, p)
		require.Equal(t, []string{"1", "2"}, env.Strings(t, "SELECT CAST(seq AS text) FROM spare_ledger ORDER BY seq"))
		require.Equal(t, []string{"80", "100"},
			env.Strings(t, "SELECT CAST(licences AS text) FROM spare_ledger ORDER BY seq"))
		require.Equal(t, []string{second.ID, third.ID},
			env.Strings(t, "SELECT source_id FROM spare_ledger ORDER BY seq"))
		require.Equal(t, 2, env.Count(
			t,
			"SELECT count(*) FROM audit_events WHERE verb = 'spares.counted' AND account_id IS NULL AND chain_id = '"+
				parent+"'",
		))
		env.AuditHolds(t)
	})
}

func TestR80_ThresholdIsNotPerOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		env.Fulfilled(t, seller, storetest.OrderForm("PO-1", "Acme Ltda", "Rua A, 1", 49))
		o := env.Fulfilled(t, seller, storetest.OrderForm("PO-2", "Acme Ltda", "Rua A, 1", 1))
		require.Equal(t, []spare.SpareEntry{{Delta: 1, Cause: spare.SpareByOrder, SourceID: o.ID}},
			storetest.LedgerOf(t, env, storetest.ParentOf(t, env, o)))
	})
}

func TestV5_OneOrderOf(t *testing.T) {
	for n, spares := range map[int64]int{49: 0, 50: 1, 99: 1, 100: 2, 150: 3} {
		storetest.Each(t, func(t *testing.T, env storetest.Env) {
			o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"),
				storetest.OrderForm("PO-1", "Acme Ltda", "Rua A, 1", n))
			require.Equal(t, spares, storetest.Entitled(t, env, storetest.ParentOf(t, env, o)), n)
			lines := storetest.LedgerOf(t, env, storetest.ParentOf(t, env, o))
			require.LessOrEqual(t, len(lines), 1, "one order writes one line, whatever it earns (R81b)")
		})
	}
}

func TestR81c_OtherServicesEarnNoSpares(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		f := storetest.OrderForm("PO-1", "Acme Ltda", "Rua A, 1", 500)
		for sku, s := range catalogue.DefaultCatalogue() {
			if s.ServiceType == catalogue.ServiceSyncPlus {
				f.Lines = []ordering.OrderLine{{SKU: catalogue.DefaultCatalogue()[sku].Code, Quantity: 500}}
			}
		}
		require.NotEqual(t, "SELECT-3Y", f.Lines[0].SKU)
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), f)
		p, err := env.GetSpares(env.Context, storetest.ParentOf(t, env, o))
		require.NoError(t, err)
		require.Zero(t, p.Entitled)
		require.Zero(t, p.Licences)
	})
}

func TestR82a_SubsidiariesOfOneParentAreCountedTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		br := env.Fulfilled(t, seller, storetest.OrderForm("PO-1", "Acme Ltda", "Rua A, 1", 30))
		other := storetest.OrderForm("PO-2", "Acme Ltda", "1 Main St", 25)
		other.EndCustomer.Address = rules.Address{
			Street:     "1 Main St",
			City:       "Austin",
			Region:     "TX",
			PostalCode: "73301",
			Country:    "US",
		}
		us := env.Fulfilled(t, seller, other)
		require.NotEqual(t, *br.AccountID, *us.AccountID)
		brazil, states := storetest.ParentOf(t, env, br), storetest.ParentOf(t, env, us)
		require.NotEqual(t, brazil, states, "the same name in another country is a question (S60)")
		require.Len(t, env.Tasks(t, db.TaskOneParent), 1)
		require.Empty(t, storetest.LedgerOf(t, env, brazil), "nothing is summed until then")
		require.Empty(t, storetest.LedgerOf(t, env, states))

		_, err := env.MergeParents(storetest.Operator(), states, brazil, "their annual report")
		require.NoError(t, err)
		require.Equal(t, brazil, storetest.ParentOf(t, env, us))
		ledger := storetest.LedgerOf(t, env, brazil)
		require.Len(t, ledger, 1)
		require.Equal(t, []any{1, spare.SpareByMerge}, []any{ledger[0].Delta, ledger[0].Cause})
	})
}

func TestR82b_ATenantIsToldItsOwnParentsNumberAndNoMore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		br := env.Fulfilled(t, seller, storetest.OrderForm("PO-1", "Acme Ltda", "Rua A, 1", 30))
		us := env.Fulfilled(t, seller, storetest.OrderForm("PO-2", "Acme Ltda", "Rua B, 2", 25))
		beta := env.Fulfilled(t, seller, storetest.FormFor("PO-3", "Beta SA", "bia@beta.example"))
		parent := storetest.ParentOf(t, env, us)
		ctx := storetest.Customer(*us.AccountID)
		env.Join(t, env.InvitationOf(t, br.ID)) // at one mail domain: it is one customer
		env.Join(t, env.InvitationOf(t, us.ID))
		p, err := env.GetSpares(ctx, parent)
		require.NoError(t, err)
		require.Equal(t, replacement.Spares{ParentOrgID: parent, Name: "Acme Ltda", Entitled: 1}, p,
			"no count of the other account's licences")
		all, _, err := env.ListSpares(ctx, db.Page{})
		require.NoError(t, err)
		require.Equal(t, []replacement.Spares{p}, all)
		_, err = env.GetSpares(ctx, storetest.ParentOf(t, env, beta))
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.GetSpares(storetest.Seller(seller), parent)
		storetest.RequireCode(t, rules.NotFound, err)
		_, _, err = env.ListSpareLines(ctx, parent, db.Page{})
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.SpareLines(ctx, parent)
		storetest.RequireCode(t, rules.NotFound, err)
		room := env.Room(t, *us.AccountID, "Sala 1")
		_, err = env.Assign(ctx, entitlement.AssignRequest{LicenceID: env.Licences(t, br)[0].ID, RoomID: room.ID})
		storetest.RequireCode(t, rules.NotFound, err)
		events, err := env.Timeline(ctx, parent)
		require.NoError(t, err)
		require.Empty(t, events)
		all, _, err = env.ListSpares(env.Context, db.Page{})
		require.NoError(t, err)
		require.Len(t, all, 2)
		require.Equal(t, 55, all[1].Licences)
	})
}

// The property of the whole: fifty times, two orders that cross at once.
func TestR81_TwoOrdersOf30AtOnceGrantExactlyOne(t *testing.T) {
	env := storetest.Postgres(t)
	seller := env.Reseller(t, "Revenda Sul")
	for i := range 50 {
		company := storetest.Company(i)
		known := i%5 == 0 // the parent and account are there already
		if known {
			env.Fulfilled(t, seller, storetest.OrderForm(fmt.Sprint("PO-K", i), company, "Rua A, 1", 1))
		}
		var orders []order.Order
		for j := range 2 {
			street := "Rua A, 1"
			if i%2 == 1 {
				street = fmt.Sprintf("Rua %d, 1", j) // two accounts of one parent
			}
			orders = append(
				orders, env.Accept(t, seller, storetest.OrderForm(fmt.Sprintf("PO-%d-%d", i, j), company, street, 30)),
			)
		}
		storetest.RequireAll(t, storetest.AtOnce(4, func(n int) error { // each of them twice, as a replayed activity
			_, err := env.FulfilOrder(env.Context, orders[n%2].ID)
			return err
		}))
		o, err := env.GetOrder(env.Context, orders[0].ID)
		require.NoError(t, err)
		lines := storetest.LedgerOf(t, env, storetest.ParentOf(t, env, o))
		require.Len(t, lines, 1, "repeat %d", i)
		require.Equal(t, 1, lines[0].Delta)
		require.Contains(t, []string{orders[0].ID, orders[1].ID}, lines[0].SourceID)
	}
	env.AuditHolds(t)
}

func TestS9_CancellingInTheWindowRecounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.OrderForm("PO-1", "Acme Ltda", "Rua A, 1", 60))
		parent := storetest.ParentOf(t, env, o)
		require.Equal(t, 1, storetest.Entitled(t, env, parent))
		var can order.OrderCancellation
		for range 2 { // the same request again
			var err error
			_, can, err = env.CancelOrder(storetest.Operator(), o.ID,
				order.CancelRequest{Quantity: 20, Reason: "too many", Once: "k"})
			require.NoError(t, err)
		}
		granted := spare.SpareEntry{Delta: 1, Cause: spare.SpareByOrder, SourceID: o.ID}
		taken := spare.SpareEntry{Delta: -1, Cause: spare.SpareByCancellation, SourceID: can.ID}
		require.Equal(t, []spare.SpareEntry{granted, taken}, storetest.LedgerOf(t, env, parent))
		_, err := env.CompensateCancellation(env.Context, can.ID)
		require.NoError(t, err)
		again := env.Fulfilled(t, seller, storetest.OrderForm("PO-2", "Acme Ltda", "Rua A, 1", 10))
		require.Equal(t, []spare.SpareEntry{granted, taken, {Delta: 1, Cause: spare.SpareByOrder, SourceID: again.ID}},
			storetest.LedgerOf(t, env, parent))
		for _, orderID := range []string{o.ID, again.ID} { // the seller cancels all of it
			_, can, err = env.CancelOrder(storetest.Seller(seller), orderID, order.CancelRequest{Reason: "not needed"})
			require.NoError(t, err)
		}
		require.Zero(t, storetest.Entitled(t, env, parent))
		env.AuditHolds(t)
	})
}

func TestS9_AGoodwillTerminationRecounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.OrderForm("PO-1", "Acme Ltda", "Rua A, 1", 100))
		env.Calendar.Set(o.CancellableUntil.AddDate(0, 1, 0))
		_, _, err := env.TerminateOrder(storetest.Operator(), o.ID, order.Termination{Reason: "goodwill"})
		require.NoError(t, err)
		require.Zero(t, storetest.Entitled(t, env, storetest.ParentOf(t, env, o)))
	})
}

func TestS9_OrdersAndCancellationsAtOnceKeepTheBalance(t *testing.T) {
	env := storetest.Postgres(t)
	seller := env.Reseller(t, "Revenda Sul")
	first := env.Fulfilled(t, seller, storetest.OrderForm("PO-0", "Acme Ltda", "Rua A, 1", 60))
	parent := storetest.ParentOf(t, env, first)
	var orders []order.Order
	for i := range 4 {
		orders = append(orders, env.Accept(t, seller,
			storetest.OrderForm(storetest.PO(i), "Acme Ltda", fmt.Sprintf("Rua %d, 1", i%3), 35)))
	}
	storetest.RequireAll(t, storetest.AtOnce(8, func(i int) error {
		if i < 4 {
			_, err := env.FulfilOrder(env.Context, orders[i].ID)
			return err
		}
		_, _, err := env.CancelOrder(storetest.Operator(), first.ID,
			order.CancelRequest{Quantity: 10, Reason: "fewer", Once: fmt.Sprint(i)})
		return err
	}))
	p, err := env.GetSpares(env.Context, parent)
	require.NoError(t, err)
	require.Equal(t, 60-40+4*35, p.Licences)
	require.Equal(t, 3, p.Entitled)
	env.AuditHolds(t)
}

func TestR81c_ExpiryTakesTheSparesBackOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		f := storetest.OrderForm("PO-1", "Acme Ltda", "Rua A, 1", 70)
		f.Lines = append(f.Lines, ordering.OrderLine{SKU: "SELECT-1Y", Quantity: 60})
		o := env.Fulfilled(t, seller, f)
		parent := storetest.ParentOf(t, env, o)
		env.Calendar.Set(storetest.OneContract(t, env, o.ID).FallbackStartAt)
		storetest.SweepOnce(t, env)
		contracts, err := env.ContractsOfOrder(env.Context, o.ID)
		require.NoError(t, err)
		year := contracts[0] // two at the same instant: either may come first
		if year.TermYears != 1 {
			year = contracts[1]
		}
		env.Calendar.Set(*year.EndAt)
		// before the sweep: an order never takes
		env.Fulfilled(t, seller, storetest.OrderForm("PO-2", "Acme Ltda", "Rua A, 1", 1))
		require.Equal(t, 2, storetest.Entitled(t, env, parent))
		storetest.SweepOnce(t, env)
		storetest.SweepOnce(t, env)
		require.Equal(t, []spare.SpareEntry{
			{Delta: 2, Cause: spare.SpareByOrder, SourceID: o.ID},
			{Delta: -1, Cause: spare.SpareByExpiry, SourceID: year.ID},
		}, storetest.LedgerOf(t, env, parent))
		env.AuditHolds(t)
	})
}

func TestR81_TheDatabaseRefusesASecondGrantForOneCause(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.OrderForm("PO-1", "Acme Ltda", "Rua A, 1", 50))
		const copied = "INSERT INTO spare_ledger SELECT 'spl_x', parent_org_id, %s, delta, %s, source_id, licences, created_at FROM spare_ledger"
		require.Error(t, env.Exec(fmt.Sprintf(copied, "2", "cause")), "the order granted already")
		require.Error(t, env.Exec(fmt.Sprintf(copied, "1", "'MERGE'")), "line 1 is written")
		require.Equal(t, 1, storetest.Entitled(t, env, storetest.ParentOf(t, env, o)))
	})
}

func TestR81c_SuspendedLicencesStillCount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.OrderForm("PO-1", "Acme Ltda", "Rua A, 1", 50))
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
		require.NoError(t, env.Exec("UPDATE service_contracts SET state = 'SUSPENDED'"))
		p, err := env.GetSpares(env.Context, storetest.ParentOf(t, env, o))
		require.NoError(t, err)
		require.Equal(t, 50, p.Licences)
	})
}
