package entitlement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// endingSoon has an order of ten licences, two of them in rooms, that runs and ends 30 days from
// now.
func endingSoon(t *testing.T, env storetest.Env) (entitlement.ServiceContract, []entitlement.Room) {
	f := storetest.OrderForm("PO-OLD", "Acme Ltda", "Rua A, 1", 10)
	f.Lines[0].SKU = "SELECT-1Y"
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), f)
	rooms := []entitlement.Room{
		env.Room(t, *o.AccountID, "Sala 1"), env.Room(t, *o.AccountID, "Sala 2"),
	}
	licences := env.Licences(t, o)
	env.Assigned(t, licences[1], rooms[0])
	env.Assigned(t, licences[8], rooms[1])
	c := storetest.OneContract(t, env, o.ID)
	env.Calendar.Set(c.EndAt.AddDate(0, 0, -30))
	return c, rooms
}

func TestR38_UnitsOfAContractSayWhereEachIs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, rooms := endingSoon(t, env)
		ctx := storetest.Customer(c.AccountID)
		first, next, err := env.UnitsOf(ctx, entitlement.UnitFilter{ContractID: c.ID, Page: db.Page{Limit: 6}})
		require.NoError(t, err)
		require.Len(t, first, 6)
		require.Empty(t, first[0].RoomID)
		require.Equal(t, rooms[0].ID, first[1].RoomID)
		require.Equal(t, "Sala 1", first[1].RoomName)
		require.NotNil(t, first[1].Since)
		rest, last, err := env.UnitsOf(ctx, entitlement.UnitFilter{ContractID: c.ID, Page: db.Page{Limit: 6, After: next}})
		require.NoError(t, err)
		require.Empty(t, last)
		require.Len(t, rest, 4)
		require.EqualValues(t, 7, rest[0].Seq)
		require.Equal(t, "Sala 2", rest[2].RoomName)
		free, _, err := env.UnitsOf(ctx, entitlement.UnitFilter{ContractID: c.ID, State: rules.LicenceAvailable})
		require.NoError(t, err)
		require.Len(t, free, 8)

		strange, _, err := env.UnitsOf(storetest.Customer("acc_other"), entitlement.UnitFilter{ContractID: c.ID})
		require.NoError(t, err)
		require.Empty(t, strange, "a foreign contract has no licences")
	})
}

func TestS4_RenewalsAreNamedOnBothSidesAndDueUntilAllIsRenewed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, _ := endingSoon(t, env)
		ctx := storetest.Customer(c.AccountID)
		due := func() []entitlement.DueRenewal {
			out, err := env.RenewalsDue(ctx, c.AccountID)
			require.NoError(t, err)
			return out
		}
		require.Len(t, due(), 1)
		require.EqualValues(t, 10, due()[0].Unrenewed)
		require.NotNil(t, due()[0].VendorOrderNo)

		seller := env.Reseller(t, "Revenda Sul")
		some := env.Fulfilled(t, seller, storetest.RenewalForm(env, "PO-NEW", 4, c.ID))
		require.EqualValues(t, 6, due()[0].Unrenewed, "four are renewed")

		newer := storetest.OneContract(t, env, some.ID)
		links, err := env.RenewalsOf(ctx, c.ID)
		require.NoError(t, err)
		require.Len(t, links, 1)
		require.Equal(t, newer.ID, links[0].ContractID)
		require.False(t, links[0].Renews, "it is renewed")
		require.EqualValues(t, 4, links[0].Licences)
		links, err = env.RenewalsOf(ctx, newer.ID)
		require.NoError(t, err)
		require.Len(t, links, 1)
		require.Equal(t, c.ID, links[0].ContractID)
		require.True(t, links[0].Renews)
		require.Equal(t, storetest.Stamp(*c.EndAt), storetest.Stamp(*links[0].EndAt))
		none, err := env.RenewalsOf(storetest.Customer("acc_other"), c.ID)
		require.NoError(t, err)
		require.Empty(t, none)

		rest := env.Fulfilled(t, seller, storetest.RenewalForm(env, "PO-REST", 6, c.ID))
		require.Empty(t, due(), "all is renewed")
		_, _, err = env.CancelOrder(storetest.Operator(), rest.ID, order.CancelRequest{Reason: "not needed"})
		require.NoError(t, err)
		require.EqualValues(t, 6, due()[0].Unrenewed, "a renewal that was canceled renews nothing")
		env.Calendar.Set(c.EndAt.AddDate(0, 0, -100))
		require.Empty(t, due(), "it is too early to renew")
	})
}
