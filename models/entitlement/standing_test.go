package entitlement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
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

// A room is without a license from the instant at which its own is over, wherever that is asked,
// and gets its next one without waiting for the sweep; what is renewed is never without.
func TestS3_S4_WhatIsOverIsNoLicenseBeforeTheSweep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		accountID := *o.AccountID
		ctx := storetest.Customer(accountID)
		a, b, c := env.Room(t, accountID, "A"), env.Room(t, accountID, "B"), env.Room(t, accountID, "C")
		licences := env.Licences(t, o)
		env.Assigned(t, licences[0], a)
		env.Assigned(t, licences[1], b)
		env.Assigned(t, licences[2], c)
		contract := storetest.OneContract(t, env, o.ID)

		env.Calendar.Set(contract.EndAt.AddDate(0, 0, -30))
		form := storetest.Form("PO-2")
		form.PurchasedOn = env.Calendar.Now().Format(time.DateOnly)
		form.Lines[0].Quantity = 1
		form.Lines[0].Renews = contract.ID
		env.Fulfilled(t, seller, form)
		next := storetest.Form("PO-3")
		next.PurchasedOn = form.PurchasedOn
		more := env.Licences(t, env.Fulfilled(t, seller, next))

		env.Calendar.Set(*contract.EndAt)
		without := func() []string {
			rooms, _, err := env.ListRooms(ctx, entitlement.RoomFilter{
				AccountID: accountID,
				Without:   catalogue.ServiceSelect,
				By:        entitlement.RoomsByName,
			})
			require.NoError(t, err)
			counts, err := env.CountRooms(ctx, accountID, time.UTC)
			require.NoError(t, err)
			standing, err := env.Standing(ctx, accountID, time.UTC)
			require.NoError(t, err)
			require.EqualValues(t, len(rooms), counts.Bare)
			require.EqualValues(t, len(rooms), standing.Bare)
			names := []string{}
			for _, r := range rooms {
				names = append(names, r.Name)
			}
			return names
		}
		require.Equal(t, []string{"B", "C"}, without(), "one is renewed")

		_, err := env.Assign(ctx, entitlement.AssignRequest{LicenceID: more[0].ID, RoomID: a.ID})
		storetest.RequireCode(t, licensing.RoomHasLicence, err)
		_, err = env.Assign(ctx, entitlement.AssignRequest{LicenceID: more[0].ID, RoomID: b.ID})
		require.NoError(t, err)
		many := entitlement.AssignManyRequest{ContractID: more[0].ContractID, RoomIDs: []string{b.ID, c.ID}}
		preview, err := env.PreviewAssignMany(ctx, many)
		require.NoError(t, err)
		require.Equal(t, []string{c.ID}, preview.Assigned())
		_, err = env.AssignMany(ctx, many)
		require.NoError(t, err)
		require.Empty(t, without())

		ended, _, err := env.ListAssignments(ctx, entitlement.AssignmentFilter{LicenceID: licences[1].ID})
		require.NoError(t, err)
		require.Equal(t, entitlement.EndExpired, ended[0].EndReason)
		require.Equal(t, contract.EndAt.UTC(), ended[0].ToAt.UTC())
		for _, l := range licences[1:3] {
			require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM audit_events "+
				"WHERE verb = 'licence.ended' AND object_id = '"+l.ID+"'"))
		}
		storetest.SweepOnce(t, env)
		require.Empty(t, without(), "the sweep comes after, and changes nothing of it")
		env.AuditHolds(t)
	})
}
