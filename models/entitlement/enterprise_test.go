package entitlement_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/licensing"
)

// enterprise makes a contract of an order an enterprise plan, behind the domain's
// back: no SKU sells one yet.
const enterprise = "UPDATE service_contracts SET type = 'ENTERPRISE', max_rooms = 200 WHERE order_id = "

func TestS37_TheSchemaAcceptsAnEnterprisePlan(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		first := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		second := env.Fulfilled(t, seller, storetest.Form("PO-2"))
		require.NoError(t, env.Exec(enterprise+"'"+first.ID+"'"))
		contracts, err := env.ContractsOfOrder(env.Context, first.ID)
		require.NoError(t, err)
		require.Equal(t, licensing.ServiceEnterprise, contracts[0].Type)
		require.EqualValues(t, 200, *contracts[0].MaxRooms)

		room := env.Room(t, *first.AccountID, "Sala 1")
		_, err = env.Assign(env.Context, entitlement.AssignRequest{
			LicenceID: env.Licences(t, first)[0].ID,
			RoomID:    room.ID,
		})
		storetest.RequireCode(t, licensing.NotAssignable, err)
		require.Error(t, env.Exec(enterprise+"'"+second.ID+"'"), "two in force do not stack")
		require.NoError(t, env.Exec("UPDATE service_contracts SET state = 'CANCELLED' WHERE order_id = '"+first.ID+"'"))
		require.NoError(t, env.Exec(enterprise+"'"+second.ID+"'"))
	})
}

func TestS37_MaxRoomsBelongToAnEnterprisePlanOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		for _, wrong := range []string{
			"max_rooms = 5", "type = 'ENTERPRISE'", "type = 'ENTERPRISE', max_rooms = 0", "type = 'ROOMS'",
		} {
			require.Error(t, env.Exec("UPDATE service_contracts SET "+wrong), wrong)
		}
	})
}

// The table is written anew on SQLite: its rows and what refers to them stay.
func TestS37_TheMigrationKeepsContractsAndLicences(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		before, err := env.ContractsOfOrder(env.Context, o.ID)
		require.NoError(t, err)
		for _, name := range slices.Backward(storetest.MigrationNames(t, "sqlite")) {
			require.NoError(t, env.Rollback(env.Context))
			if strings.HasSuffix(name, "_enterprise_contracts.sql") {
				break
			}
		}
		_, err = env.Migrate(env.Context)
		require.NoError(t, err)
		after, err := env.ContractsOfOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.Equal(t, before, after)
		require.Len(t, env.Licences(t, o), 10)
		require.Error(t, env.Exec("DELETE FROM service_contracts"), "licences still refer to it")
	})
}
