package operations_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
)

// oneOfEach is an account with a contract of each type, in the order of buying.
func oneOfEach(t *testing.T, env storetest.Env) (accountID string, orders []order.Order) {
	seller := env.Reseller(t, "Revenda Sul")
	for i, sku := range []string{"SELECT-3Y", "SYNC-PLUS-1Y", "EXT-WARRANTY-2Y", "TAP-BUNDLE-TEAMS"} {
		form := storetest.Form(storetest.PO(i))
		form.Lines[0].SKU, form.Lines[0].Quantity = sku, int64(i+2)
		orders = append(orders, env.Fulfilled(t, seller, form))
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
	}
	return *orders[0].AccountID, orders
}

func typesOf(entries []entitlement.ContractEntry) (out []catalogue.ServiceType) {
	for _, e := range entries {
		out = append(out, e.Type)
	}
	return out
}

func TestR38_RegisterHoldsEveryTypeAndStateWithItsCounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		accountID, orders := oneOfEach(t, env)
		customer := storetest.Customer(accountID)
		require.Equal(t, []catalogue.ServiceType{
			catalogue.ServiceJumpStart, catalogue.ServiceExtWarranty, catalogue.ServiceSyncPlus,
			catalogue.ServiceSelect,
		},
			typesOf(storetest.Registered(t, env, customer, entitlement.ContractFilter{})), "newest first")
		env.Assigned(t, env.Licences(t, orders[0])[0], env.Room(t, accountID, "Sala 1"))
		_, _, err := env.CancelOrder(storetest.Operator(), orders[1].ID, order.CancelRequest{Reason: "not needed"})
		require.NoError(t, err)

		all := storetest.Registered(t, env, customer, entitlement.ContractFilter{Sort: entitlement.ContractsOldest})
		require.Len(t, all, 4)
		require.EqualValues(t, []int64{2, 1}, []int64{all[0].InForce, all[0].Assigned})
		require.Equal(t, rules.ContractActive, all[0].State)
		require.Equal(t, rules.ContractCancelled, all[1].State, "what is cancelled stays visible")
		require.Zero(t, all[1].InForce)
		require.EqualValues(t, 3, all[1].Quantity)
		require.EqualValues(t, []int64{4, 0}, []int64{all[2].InForce, all[2].Assigned})
		for name, c := range map[string]struct {
			filter entitlement.ContractFilter
			want   []catalogue.ServiceType
		}{
			"type": {
				entitlement.ContractFilter{Type: catalogue.ServiceSelect},
				[]catalogue.ServiceType{catalogue.ServiceSelect},
			},
			"state": {
				entitlement.ContractFilter{State: rules.ContractCancelled},
				[]catalogue.ServiceType{catalogue.ServiceSyncPlus},
			},
			"order": {
				entitlement.ContractFilter{OrderID: orders[2].ID},
				[]catalogue.ServiceType{catalogue.ServiceExtWarranty},
			},
			"account": {
				entitlement.ContractFilter{AccountID: accountID, Type: catalogue.ServiceJumpStart},
				[]catalogue.ServiceType{catalogue.ServiceJumpStart},
			},
			"no account": {entitlement.ContractFilter{AccountID: "acc_other"}, nil},
			"ending": {entitlement.ContractFilter{Sort: entitlement.ContractsEnding}, []catalogue.ServiceType{
				catalogue.ServiceJumpStart, catalogue.ServiceSelect, catalogue.ServiceSyncPlus,
				catalogue.ServiceExtWarranty,
			}},
		} {
			require.Equal(t, c.want, typesOf(storetest.Registered(t, env, customer, c.filter)), name)
		}
		require.Empty(t, storetest.Registered(t, env, storetest.Customer("acc_other"), entitlement.ContractFilter{}))
	})
}

func TestR38_RegisterPagesInEveryOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		for i := range 7 { // some at the same instant
			form := storetest.Form(storetest.PO(i))
			form.Lines[0].Quantity = 1
			env.Fulfilled(t, seller, form)
			if i%3 == 2 {
				env.Calendar.Set(env.Calendar.Now().Add(time.Nanosecond * 1500))
			}
		}
		for _, sort := range []entitlement.ContractSort{
			entitlement.ContractsNewest, entitlement.ContractsOldest, entitlement.ContractsEnding,
		} {
			whole := storetest.Registered(t, env, env.Context, entitlement.ContractFilter{Sort: sort})
			require.Len(t, whole, 7)
			var paged []entitlement.ContractEntry
			for after, pages := "", 0; pages == 0 || after != ""; pages++ {
				part, next, err := env.Contracts(env.Context, entitlement.ContractFilter{
					Sort: sort,
					Page: db.Page{After: after, Limit: 2},
				})
				require.NoError(t, err)
				paged, after = append(paged, part...), next
				require.Less(t, pages, 5)
			}
			require.Equal(t, whole, paged, fmt.Sprintf("sorted by %q", sort))
		}
		for _, bad := range []string{"con_1", "x", "1-2", "'.x"} {
			_, _, err := env.Contracts(env.Context, entitlement.ContractFilter{Page: db.Page{After: bad}})
			storetest.RequireCode(t, rules.ValidationFailed, err)
		}
	})
}

func TestR38_ExpiringIsCountedInLocalDays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		env.Assigned(t, env.Licences(t, o)[0], env.Room(t, *o.AccountID, "Sala 1"))
		end := storetest.Registered(t, env, env.Context, entitlement.ContractFilter{})[0].EndAt
		zone := storetest.Registered(t, env, env.Context, entitlement.ContractFilter{})[0].TimeZone
		within := func(days int) int {
			return len(storetest.Registered(t, env, storetest.Customer(*o.AccountID),
				entitlement.ContractFilter{ExpiringWithin: &days}))
		}
		loc, err := time.LoadLocation(zone)
		require.NoError(t, err)
		day := end.In(loc).AddDate(0, 0, -90)
		env.SetLocal(t, zone, day.AddDate(0, 0, -1).Format("2006-01-02")+" 23:59")
		require.Zero(t, within(90))
		env.SetLocal(t, zone, day.Format("2006-01-02")+" 00:00")
		require.Equal(t, 1, within(90))
		require.Zero(t, within(89))
		env.SetLocal(t, zone, end.In(loc).Format("2006-01-02")+" 00:00")
		_, err = env.SweepContracts(env.Context, func(operations.Sweep) {})
		require.NoError(t, err)
		require.Zero(t, within(90), "what has ended expires no more")
	})
}

func TestR111c_AnOrderInProgressIsShownAsProcessing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		form := storetest.Form("PO-2")
		form.Lines[0].SKU = "EXT-WARRANTY-1Y"
		form.Lines = append(form.Lines, ordering.OrderLine{SKU: "EXT-WARRANTY-2Y", Quantity: 3})
		waiting := env.Accept(t, seller, form)
		env.Accept(t, seller, storetest.FormFor("PO-3", "Beta SA", "bia@beta.example"))

		customer := storetest.Customer(*o.AccountID)
		lines := storetest.Registered(t, env, customer, entitlement.ContractFilter{State: rules.ContractProcessing})
		require.Len(t, lines, 2)
		for _, l := range lines {
			require.Equal(t, entitlement.EntryOrder, l.Source)
			require.Equal(t, waiting.ID, l.OrderID)
			require.Equal(t, catalogue.ServiceExtWarranty, l.Type)
			one, err := env.Contract(customer, l.ID)
			require.NoError(t, err)
			require.Equal(t, l, one)
		}
		require.Len(t, storetest.Registered(t, env, customer, entitlement.ContractFilter{}), 3)
		days := 90
		require.Empty(t, storetest.Registered(t, env, customer, entitlement.ContractFilter{ExpiringWithin: &days}))
		_, err := env.Contract(storetest.Customer("acc_other"), lines[0].ID)
		storetest.RequireCode(t, rules.NotFound, err)

		_, err = env.FulfilOrder(env.Context, waiting.ID)
		require.NoError(t, err)
		require.Empty(
			t, storetest.Registered(t, env, customer, entitlement.ContractFilter{State: rules.ContractProcessing}),
		)
		require.Len(t, storetest.Registered(t, env, customer, entitlement.ContractFilter{OrderID: waiting.ID}), 2,
			"contracts now, once each")
	})
}
