package operations_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/spare"
)

func TestS27_30And30MergeTo1(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		orders, parents := storetest.Companies(t, env, 30, 30)
		var change operations.ParentChange
		for i := range 2 { // idempotent
			got, err := env.MergeParents(storetest.Operator(), parents[1], parents[0], "one group now")
			require.NoError(t, err)
			if i == 0 {
				change = got
			}
		}
		require.Equal(t, operations.ParentChange{
			From: replacement.Spares{ParentOrgID: parents[1], Name: storetest.Company(1), MergedInto: parents[0]},
			Into: replacement.Spares{
				ParentOrgID: parents[0],
				Name:        storetest.Company(0),
				Entitled:    1,
				Licences:    60,
			},
			Moved: []string{*orders[1].AccountID},
		}, change)
		require.Equal(t, []spare.SpareEntry{{Delta: 1, Cause: spare.SpareByMerge, SourceID: parents[1]}},
			storetest.LedgerOf(t, env, parents[0]))
		for _, chain := range parents {
			require.Equal(t, 1, env.Count(
				t, "SELECT count(*) FROM audit_events WHERE verb = 'parent.merged' AND chain_id = '"+chain+"'",
			), "audited on both sides, once")
		}
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'account.parent_changed'"))
		env.AuditHolds(t)
	})
}

func TestS27_MergeMovesTheBalanceAndOnlyGrowthGrants(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, parents := storetest.Companies(t, env, 70, 140)
		_, err := env.MergeParents(storetest.Operator(), parents[1], parents[0], "one group now")
		require.NoError(t, err)
		into := storetest.LedgerOf(t, env, parents[0])
		require.Equal(t, []spare.SpareEntry{
			{Delta: 2, Cause: spare.SpareByTransfer, SourceID: parents[1]},
			{Delta: 1, Cause: spare.SpareByMerge, SourceID: parents[1]},
		}, into[1:])
		require.Equal(t, 4, spare.SpareBalance(into))
		var pages []int64
		for after := ""; ; {
			page, next, err := env.ListSpareLines(env.Context, parents[0], db.Page{Limit: 1, After: after})
			require.NoError(t, err)
			pages = append(pages, page[0].Seq)
			if after = next; next == "" {
				break
			}
		}
		require.Equal(t, []int64{3, 2, 1}, pages)
		from := storetest.LedgerOf(t, env, parents[1])
		require.Equal(t, spare.SpareEntry{Delta: -2, Cause: spare.SpareByTransfer, SourceID: parents[0]}, from[1])
		require.Zero(t, spare.SpareBalance(from))
	})
}

func TestS27_TheMergedCompanysNewAccountsGoToTheOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, parents := storetest.Companies(t, env, 30, 10, 1)
		for _, p := range []string{parents[2], parents[1]} { // 2 into 1, then 1 with it into 0
			into := map[string]string{parents[2]: parents[1], parents[1]: parents[0]}[p]
			_, err := env.MergeParents(storetest.Operator(), p, into, "one group now")
			require.NoError(t, err)
		}
		seller := env.Reseller(t, "Revenda Sul")
		for i := range 3 {
			o := env.Fulfilled(t, seller,
				storetest.OrderForm(fmt.Sprint("PO-N", i), storetest.Company(i), fmt.Sprintf("Rua %d, 2", i), 3))
			require.Equal(t, parents[0], storetest.ParentOf(t, env, o))
			acc, err := env.CreateAccount(env.Context, storetest.Form("x").EndCustomer, parents[i], account.ModeSite)
			require.NoError(t, err)
			require.Equal(t, parents[0], acc.ParentOrgID)
		}
		require.Equal(t, 1, storetest.Entitled(t, env, parents[0]), "30+10+1+9 = 50")
	})
}

func TestS27_MergeRefusesWhatCannotBeMeant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, p := storetest.Companies(t, env, 1, 1, 1)
		merge := func(from, into, reason string) error {
			_, err := env.MergeParents(storetest.Operator(), from, into, reason)
			return err
		}
		storetest.RequireCode(t, rules.ReasonRequired, merge(p[0], p[1], " "))
		storetest.RequireCode(t, rules.NotFound, merge("org_none", p[1], "r"))
		storetest.RequireCode(t, rules.NotFound, merge(account.OperatorOrgID, p[1], "r"))
		for _, into := range []string{p[0], "org_none", account.OperatorOrgID} {
			err := merge(p[0], into, "r")
			storetest.RequireCode(t, rules.ValidationFailed, err)
			require.Equal(t, []string{"/into"}, storetest.Pointers(err))
		}
		require.NoError(t, merge(p[0], p[1], "r"))
		storetest.RequireCode(t, rules.StateConflict, merge(p[0], p[2], "r"))
		storetest.RequireCode(t, rules.StateConflict, merge(p[2], p[0], "r"))
		storetest.RequireCode(t, rules.StateConflict, merge(p[1], p[0], "r"))
		_, err := env.MergeParents(storetest.Customer("acc_x"), p[2], p[1], "r")
		storetest.RequireCode(t, rules.NotFound, err)
	})
}

func TestS27_SplitCountsEachByItsOwnLicences(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		a := env.Fulfilled(t, seller, storetest.OrderForm("PO-1", "Acme Ltda", "Rua A, 1", 50))
		b := env.Fulfilled(t, seller, storetest.OrderForm("PO-2", "Acme Ltda", "Rua B, 1", 30))
		c := env.Fulfilled(t, seller, storetest.OrderForm("PO-3", "Acme Ltda", "Rua C, 1", 20))
		parent := storetest.ParentOf(t, env, a)
		require.Equal(t, 2, storetest.Entitled(t, env, parent))
		split := func() operations.ParentChange {
			got, err := env.SplitParent(storetest.Operator(), parent, operations.SplitRequest{
				Name:       "Acme Sul SA",
				AccountIDs: []string{*b.AccountID, *c.AccountID},
				Reason:     "sold",
			})
			require.NoError(t, err)
			return got
		}
		got := split()
		require.Len(t, got.Moved, 2)
		other := storetest.ParentOf(t, env, b)
		require.Equal(t, replacement.Spares{
			ParentOrgID: parent,
			Name:        "Acme Ltda",
			Entitled:    1,
			Licences:    50,
		}, got.From)
		require.Equal(t, replacement.Spares{
			ParentOrgID: other,
			Name:        "Acme Sul SA",
			Entitled:    1,
			Licences:    50,
		}, got.Into)
		kept := storetest.LedgerOf(t, env, parent)
		require.Equal(t, spare.SpareEntry{Delta: -1, Cause: spare.SpareBySplit, SourceID: other}, kept[len(kept)-1])
		require.Equal(t, []spare.SpareEntry{{Delta: 1, Cause: spare.SpareBySplit, SourceID: parent}},
			storetest.LedgerOf(t, env, other))
		require.Empty(t, split().Moved, "the same again changes nothing")
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'parent.split'"))
		for range 2 { // and back, and away again: each is new
			_, err := env.MergeParents(storetest.Operator(), other, parent, "bought back")
			require.NoError(t, err)
			require.Equal(t, 2, storetest.Entitled(t, env, parent))
			require.Len(t, split().Moved, 2)
			require.Equal(t, 1, storetest.Entitled(t, env, other))
		}
		require.Equal(t, other, storetest.ParentOf(t, env, c))
		env.AuditHolds(t)
	})
}

func TestS27_SplitRefusesWhatCannotBeMeant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, p := storetest.Companies(t, env, 1, 1)
		split := func(from string, q operations.SplitRequest) error {
			_, err := env.SplitParent(storetest.Operator(), from, q)
			return err
		}
		require.Equal(t, []string{"/name", "/account_ids"},
			storetest.Pointers(split(p[0], operations.SplitRequest{Name: " ", Reason: "r"})))
		good := operations.SplitRequest{Name: "Nova SA", AccountIDs: []string{*o[0].AccountID}, Reason: "r"}
		storetest.RequireCode(t, rules.NotFound, split("org_none", good))
		for i, q := range []operations.SplitRequest{
			{Name: "Nova SA", AccountIDs: []string{*o[1].AccountID}, Reason: "r"},
			{Name: "Nova SA", AccountIDs: []string{"acc_none"}, Reason: "r"},
		} {
			require.Equal(t, []string{"/account_ids/0"}, storetest.Pointers(split(p[0], q)), i)
		}
		require.Equal(t, []string{"/name"}, storetest.Pointers(
			split(p[0], operations.SplitRequest{Name: storetest.Company(0), AccountIDs: good.AccountIDs, Reason: "r"}),
		))
		require.Equal(t, []string{"/account_ids"}, storetest.Pointers(split(p[0], operations.SplitRequest{
			Name:       "Nova SA",
			AccountIDs: append(good.AccountIDs, good.AccountIDs...),
			Reason:     "r",
		})))
		storetest.RequireCode(t, rules.ReasonRequired,
			split(p[0], operations.SplitRequest{Name: "Nova SA", AccountIDs: good.AccountIDs}))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM orgs WHERE name = 'Nova SA'"),
			"a refused split registers no parent")
		require.NoError(t, split(p[0], good))
		storetest.RequireCode(t, rules.NotFound,
			storetest.SecondOf(env.SplitParent(storetest.Customer(*o[0].AccountID), p[0], good)))
	})
}

// Orders of new accounts, cancellations and merges at once: no account is left with
// a merged parent, and the ledgers say what the licences earn.
func TestS27_MergesAndOrdersAtOnce(t *testing.T) {
	env := storetest.Postgres(t)
	for round := range 10 {
		seller := env.Reseller(t, fmt.Sprint("Revenda ", round))
		var parents []string
		var first []order.Order
		for i := range 2 {
			o := env.Fulfilled(t, seller,
				storetest.OrderForm(storetest.PO(i), storetest.Company(10*round+i), "Rua A, 1", 40))
			first, parents = append(first, o), append(parents, storetest.ParentOf(t, env, o))
		}
		var orders []order.Order
		for i := range 4 {
			orders = append(orders, env.Accept(t, seller, storetest.OrderForm(storetest.PO(10+i),
				storetest.Company(10*round+i%2), fmt.Sprintf("Rua %d, 9", i/2), 15)))
		}
		storetest.RequireAll(t, storetest.AtOnce(6, func(i int) error {
			switch i {
			case 4:
				_, err := env.MergeParents(storetest.Operator(), parents[1], parents[0], "one group now")
				return err
			case 5:
				_, _, err := env.CancelOrder(storetest.Operator(), first[1].ID, order.CancelRequest{
					Quantity: 5,
					Reason:   "fewer",
				})
				return err
			}
			_, err := env.FulfilOrder(env.Context, orders[i].ID)
			return err
		}))
		into, err := env.GetSpares(env.Context, parents[0])
		require.NoError(t, err)
		require.Equal(t, 2*40+4*15-5, into.Licences)
		require.Equal(t, 2, into.Entitled)
		require.Zero(t, spare.SpareBalance(storetest.LedgerOf(t, env, parents[1])))
	}
	env.AuditHolds(t)
}
