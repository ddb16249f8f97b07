package order_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// forget makes the rows what an earlier release has written.
func forget(t *testing.T, env storetest.Env) {
	for _, change := range []string{
		"UPDATE orgs SET full_key = '', company_key = '', country = '' WHERE id <> 'org_operator'",
		"UPDATE orgs SET full_key = '' WHERE id = 'org_operator'",
		"UPDATE orders SET po_key = '', customer_hash = '', distributor_id = NULL WHERE submitted_by = reseller_id",
		"UPDATE orders SET po_key = '', customer_hash = ''",
	} {
		require.NoError(t, env.Exec(change))
	}
}

func TestS59_S65_AnEarlierReleasesRowsAreCarriedOver(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		sul := env.Reseller(t, "Revenda Sul")
		oeste := env.Reseller(t, "Revenda Oeste")
		norte := env.Distributor(t, "Distribuidora Norte")
		own := env.Fulfilled(t, sul, storetest.Form("PO‑1"))
		inName := storetest.FormFor("PO-7", "Beta", "rui@beta.example")
		first := env.Accept(t, norte, inName)
		inName.PONumber, inName.Reseller.Company = "PO-8", "Revenda Oeste"
		second := env.Accept(t, norte, inName)
		require.NoError(t, env.Exec("UPDATE orders SET po_number = 'PO-7' WHERE id = '"+second.ID+"'"),
			"the number was the reseller's")
		forget(t, env)

		for range 2 { // again it changes nothing
			_, err := env.Migrate(env.Context)
			require.NoError(t, err)
		}
		require.Equal(t, []string{"po-1", "po-7", "po-7#" + second.ID},
			env.Strings(t, "SELECT po_key FROM orders ORDER BY id"))
		require.Equal(t, 3, env.Count(t, "SELECT count(*) FROM orders WHERE customer_hash <> ''"))
		for id, country := range map[string]string{sul.ID: "BR", oeste.ID: "", norte.ID: "BR"} {
			org, err := env.GetOrg(env.Context, id)
			require.NoError(t, err)
			require.Equal(t, country, org.Country, "as its own orders give it: %s", org.Name)
			require.NotEmpty(t, org.FullKey)
		}

		// Everything works on: the same order again, the parent, the distributor's view.
		again := accepted(t, env, sul, storetest.Form("po 1"))
		require.Equal(t, []any{own.ID, false}, []any{again.Order.ID, again.Created})
		_, err := env.GetOrder(storetest.Seller(norte), own.ID)
		require.NoError(t, err, "named in it")
		site := storetest.Form("PO-2")
		site.EndCustomer.Address.Street = "Rua Nova, 5"
		next := env.Fulfilled(t, sul, site)
		require.NotEqual(t, *own.AccountID, *next.AccountID)
		require.Equal(t, storetest.ParentOf(t, env, own), storetest.ParentOf(t, env, next))
		for _, o := range []order.Order{first, second} {
			kept, err := env.GetOrder(storetest.Seller(norte), o.ID)
			require.NoError(t, err)
			require.Equal(t, o.ResellerID, kept.ResellerID)
		}
		require.Empty(t, env.Tasks(t, db.TaskOneParent))
	})
}

func TestS60_AccountsThatStandTogetherStayAndAnOperatorIsAsked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.OrderForm("PO-1", "Alfa Ltda", "Rua A, 1", 30))
		parent := storetest.ParentOf(t, env, o)
		p := storetest.FormFor("", "Alfa GmbH", "").EndCustomer
		p.Address.Country = "DE"
		_, err := env.CreateAccount(env.Context, p, parent, account.ModeSite)
		require.NoError(t, err)
		forget(t, env)

		for range 2 {
			_, err = env.Migrate(env.Context)
			require.NoError(t, err)
		}
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM accounts WHERE parent_org_id = '"+parent+"'"))
		tasks := env.Tasks(t, db.TaskOneParent)
		require.Len(t, tasks, 1)
		require.Equal(t, []string{parent, "JOINED_BY_AN_EARLIER_RELEASE"}, []string{tasks[0].SubjectID, tasks[0].Why})
		org, err := env.GetOrg(env.Context, parent)
		require.NoError(t, err)
		require.Equal(t, []string{"alfa ltda", "BR"}, []string{org.FullKey, org.Country})
		_, err = env.ResolveTask(storetest.Operator(), tasks[0].ID, "close: one group")
		require.NoError(t, err)
		_, err = env.Migrate(env.Context)
		require.NoError(t, err)
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskOneParent)[0].State, "asked once")
		require.Equal(t, rules.OrderFulfilled, o.State)
	})
}
