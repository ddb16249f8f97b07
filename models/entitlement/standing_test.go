package entitlement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
)

// An account's numbers follow what is assigned, what ends and what is archived; nobody else's
// are in them, and nobody else may ask.
func TestC5_AnAccountsStandingIsItsOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.FormFor("PO-1", "Acme Ltda", "ana@acme.example"))
		other := env.Fulfilled(t, seller, storetest.FormFor("PO-2", "Beta SA", "bia@beta.example"))
		env.Assigned(t, env.Licences(t, other)[0], env.Room(t, *other.AccountID, "Sala Beta"))
		standing := func() entitlement.Standing {
			s, err := env.Standing(storetest.Customer(*o.AccountID), *o.AccountID, time.UTC)
			require.NoError(t, err)
			return s
		}
		require.Equal(t, entitlement.Standing{Free: 10, Licences: 10, Contracts: 1}, standing())

		one := env.Room(t, *o.AccountID, "Sala 1")
		env.Room(t, *o.AccountID, "Sala 2")
		env.Device(t, one, "SN-1", "MEETUP", "")
		env.Assigned(t, env.Licences(t, o)[0], one)
		now := entitlement.Standing{
			Rooms:     2,
			Covered:   1,
			Bare:      1,
			Free:      9,
			Licences:  10,
			Contracts: 1,
			Devices:   1,
		}
		require.Equal(t, now, standing())

		lines, _, err := env.Contracts(storetest.Operator(), entitlement.ContractFilter{OrderID: o.ID})
		require.NoError(t, err)
		end := *lines[0].EndAt
		env.Calendar.Set(end.AddDate(0, 0, -92))
		require.Equal(t, now, standing(), "not yet within 90 days")
		env.Calendar.Set(end.AddDate(0, 0, -89))
		now.Ending = 1
		require.Equal(t, now, standing())
		env.Calendar.Set(end)
		require.Equal(t, entitlement.Standing{Rooms: 2, Bare: 2, Devices: 1}, standing(),
			"what is over covers nothing, swept or not")

		_, err = env.Standing(storetest.Customer(*o.AccountID), *other.AccountID, time.UTC)
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
	})
}

// A room that has Sync Plus alone is bare: it is offered a Select, and the one with a Select alone
// is offered Sync Plus.
func TestR31_SyncPlusCoversNoRoom(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.FormFor("PO-1", "Acme Ltda", "ana@acme.example"))
		env.Assigned(t, env.Licences(t, o)[0], env.Room(t, *o.AccountID, "Sala 1"))
		env.Room(t, *o.AccountID, "Sala 2")
		plus := storetest.FormFor("PO-3", "Acme Ltda", "ana@acme.example")
		plus.Lines = []ordering.OrderLine{{SKU: "SYNC-PLUS-1Y", Quantity: 2}}
		sync := env.Fulfilled(t, seller, plus)
		bare, _, err := env.ListRooms(storetest.Customer(*o.AccountID), entitlement.RoomFilter{
			AccountID: *o.AccountID,
			Without:   catalogue.ServiceSelect,
		})
		require.NoError(t, err)
		require.Len(t, bare, 1)
		env.Assigned(t, env.Licences(t, sync)[0], bare[0])
		standing, err := env.Standing(storetest.Customer(*o.AccountID), *o.AccountID, time.UTC)
		require.NoError(t, err)
		require.Equal(t, entitlement.Standing{
			Rooms:     2,
			Covered:   1,
			Bare:      1,
			Free:      10,
			Licences:  12,
			Contracts: 2,
		}, standing)
		for service, n := range map[catalogue.ServiceType]int{
			catalogue.ServiceSelect:   1,
			catalogue.ServiceSyncPlus: 1,
		} {
			left, _, err := env.ListRooms(storetest.Customer(*o.AccountID), entitlement.RoomFilter{
				AccountID: *o.AccountID,
				Without:   service,
			})
			require.NoError(t, err)
			require.Len(t, left, n, service)
		}
	})
}
