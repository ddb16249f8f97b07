package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// The first sign-in in two browsers at once makes one operator, and so does an address that is
// added twice at once.
func TestS53_TwoAtOnceAreOneOperator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ctx := db.WithSystem(env.Context)
		for _, err := range storetest.AtOnce(6, func(int) error {
			_, err := env.Domains.Operators.SignInByIssuer(ctx, identity.IssuerSignIn{
				Issuer: "https://login.example", Subject: "1", Email: "ana@desk.example", Name: "Ana Lima",
				Role: rules.OperatorAgent,
			})
			return err
		}) {
			require.NoError(t, err)
		}
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM operators"))

		added := 0
		for _, err := range storetest.AtOnce(6, func(int) error {
			_, _, err := env.Domains.Operators.AddOperator(ctx, identity.NewOperator{
				Email: "ana@desk.example", Name: "Ana Lima", Role: rules.OperatorAgent, Reason: "x",
			})
			return err
		}) {
			if err == nil {
				added++
				continue
			}
			storetest.RequireCode(t, rules.StateConflict, err)
		}
		require.Equal(t, 1, added)
	})
}
