package account_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestC8_AnAccountGetsAnotherLanguage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		change := func(ctx context.Context, locale string, version int64, reason string) (account.Account, error) {
			return env.ChangeLanguage(ctx, account.LanguageChange{
				AccountID: inv.AccountID,
				Locale:    locale,
				Version:   version,
				Reason:    reason,
			})
		}

		customer := storetest.Customer(inv.AccountID)
		got, err := change(customer, "en", 1, "the contact reads English")
		require.NoError(t, err)
		require.Equal(t, []any{"en", int64(2)}, []any{got.Locale, got.Version})
		again, err := change(storetest.AgentContext, "en", 0, "the same")
		require.NoError(t, err)
		require.Equal(t, int64(2), again.Version, "the same again changes nothing")

		for name, c := range map[string]struct {
			ctx     context.Context
			locale  string
			version int64
			reason  string
			code    string
		}{
			"no language":            {customer, "", 0, "r", rules.ValidationFailed},
			"not one of the program": {customer, "de", 0, "r", rules.ValidationFailed},
			"no reason":              {customer, "pt-BR", 0, " ", rules.ReasonRequired},
			"an old version":         {customer, "pt-BR", 1, "r", rules.StateConflict},
			"another customer":       {storetest.Customer("acc_other"), "pt-BR", 0, "r", rules.NotFound},
			"a reader":               {storetest.ReadOnly(inv.AccountID), "pt-BR", 0, "r", rules.Forbidden},
		} {
			t.Log(name)
			_, err := change(c.ctx, c.locale, c.version, c.reason)
			storetest.RequireCode(t, c.code, err)
		}
		env.AuditHolds(t)
	})
}
