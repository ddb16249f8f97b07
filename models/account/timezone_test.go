package account_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// The instants that are stored stay where they are: they were promised.
func TestC8_AnAccountMovesToAnotherTimeZone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, inv := storetest.FulfilledWithInvitation(t, env)
		contract := storetest.OneContract(t, env, o.ID)
		change := func(ctx context.Context, zone string, version int64, reason string) (account.Account, error) {
			return env.ChangeTimeZone(ctx, account.TimeZoneChange{
				AccountID: inv.AccountID,
				TimeZone:  zone,
				Version:   version,
				Reason:    reason,
			})
		}

		customer := storetest.Customer(inv.AccountID)
		moved, err := change(customer, "America/Manaus", 1, "the office is in Manaus")
		require.NoError(t, err)
		require.Equal(t, []any{"America/Manaus", int64(2)}, []any{moved.TimeZone, moved.Version})
		again, err := change(storetest.AgentContext, "America/Manaus", 0, "the office is in Manaus")
		require.NoError(t, err)
		require.Equal(t, int64(2), again.Version, "the same again changes nothing")

		got, err := env.GetInvitation(env.Context, inv.ID)
		require.NoError(t, err)
		require.True(t, inv.ExpiresAt.Equal(got.ExpiresAt))
		require.Equal(t, contract.StartAt, storetest.OneContract(t, env, o.ID).StartAt)

		for name, c := range map[string]struct {
			ctx     context.Context
			zone    string
			version int64
			reason  string
			code    string
		}{
			"no zone":          {customer, "", 0, "r", rules.ValidationFailed},
			"the machine's":    {customer, "Local", 0, "r", rules.ValidationFailed},
			"no such zone":     {customer, "Amazonas", 0, "r", rules.ValidationFailed},
			"no reason":        {customer, "UTC", 0, " ", rules.ReasonRequired},
			"an old version":   {customer, "UTC", 1, "r", rules.StateConflict},
			"another customer": {storetest.Customer("acc_other"), "UTC", 0, "r", rules.NotFound},
			"a reader":         {storetest.ReadOnly(inv.AccountID), "UTC", 0, "r", rules.Forbidden},
		} {
			_, err := change(c.ctx, c.zone, c.version, c.reason)
			storetest.RequireCode(t, c.code, err)
			require.NotEmpty(t, name)
		}
		env.AuditHolds(t)
	})
}
