package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/operations"
)

// Registered lists the lines of the contract register on the filter's first page.
func Registered(
	t *testing.T, env Env, ctx context.Context, f entitlement.ContractFilter,
) []entitlement.ContractEntry {
	t.Helper()
	out, _, err := env.Contracts(ctx, f)
	require.NoError(t, err)
	return out
}

// SweepOnce runs a whole sweep of contracts and returns what it counted.
func SweepOnce(t *testing.T, env Env) operations.Sweep {
	out, err := env.SweepContracts(env.Context, func(operations.Sweep) {})
	require.NoError(t, err)
	return out
}

// OneContract returns the first contract of an order.
func OneContract(t *testing.T, env Env, orderID string) entitlement.ServiceContract {
	all, err := env.ContractsOfOrder(env.Context, orderID)
	require.NoError(t, err)
	return all[0].ServiceContract
}
