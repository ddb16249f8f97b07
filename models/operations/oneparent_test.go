package operations_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// bought fulfils an order of a company in a country.
func bought(t *testing.T, env storetest.Env, po, company, country string, n int64) order.Order {
	t.Helper()
	f := storetest.OrderForm(po, company, "Rua A, 1", n)
	f.EndCustomer.Address.Country = country
	if country != "BR" {
		f.EndCustomer.Address.Region = ""
	}
	return env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), f)
}

func TestS60_OneNameInTwoCountriesIsProposedAndCountsOnceConfirmed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ltda := bought(t, env, "PO-1", "Alfa Ltda", "BR", 30)
		require.Empty(t, env.Tasks(t, db.TaskOneParent))
		gmbh := bought(t, env, "PO-2", "Alfa GmbH", "DE", 30)
		parents := []string{storetest.ParentOf(t, env, ltda), storetest.ParentOf(t, env, gmbh)}
		require.NotEqual(t, parents[0], parents[1])
		for _, p := range parents {
			require.Zero(t, storetest.Entitled(t, env, p), "nothing is summed")
		}
		_, err := env.GetSpares(storetest.Customer(*gmbh.AccountID), parents[0])
		storetest.RequireCode(t, rules.NotFound, err)

		tasks := env.Tasks(t, db.TaskOneParent)
		require.Len(t, tasks, 1)
		require.Equal(t, []any{parents[1], db.TaskOpen}, []any{tasks[0].SubjectID, tasks[0].State})
		require.NotContains(t, tasks[0].What+tasks[0].Why, "Alfa")
		require.Equal(t, []string{operations.ActClose}, operations.ActionsOf(db.TaskOneParent))

		_, err = env.MergeParents(storetest.Operator(), parents[1], parents[0], "one group: their annual report")
		require.NoError(t, err)
		require.Equal(t, 1, storetest.Entitled(t, env, parents[0]))
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskOneParent)[0].State)
		require.Equal(t, parents[0], storetest.ParentOf(t, env, bought(t, env, "PO-3", "Alfa GmbH", "DE", 1)))
		env.AuditHolds(t)
	})
}

func TestS60_WhoJoinsAParentWithoutBeingAsked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		parent := storetest.ParentOf(t, env, bought(t, env, "PO-1", "Alfa Ltda", "BR", 1))
		for i, c := range []struct {
			company, country string
			joins            bool
			open             int // questions so far
		}{
			{"ALFA  ltda", "BR", true, 0},
			{"Alfa Ltda.", "BR", false, 1},
			{"Alfa S.A.", "BR", false, 2},
			{"Alfa Ltda", "PT", false, 3},
			{"Beta Ltda", "BR", false, 3},
			{"Alfa S.A.", "BR", false, 3}, // that one is known by now
		} {
			f := storetest.OrderForm(storetest.PO(10+i), c.company, storetest.Company(i), 1)
			f.EndCustomer.Address.Country = c.country
			o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), f)
			require.Equal(t, c.joins, storetest.ParentOf(t, env, o) == parent, c.company)
			require.Len(t, env.Tasks(t, db.TaskOneParent), c.open, c.company)
		}
	})
}
