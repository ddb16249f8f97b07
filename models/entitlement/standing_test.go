package entitlement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
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
