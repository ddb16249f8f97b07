package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// A credential is somebody's: registered twice, also at once and for another operator, it stays
// with who had it first.
func TestS52_APasskeyIsRegisteredOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		var people []identity.Operator
		for _, email := range []string{"lena@desk.example", "ari@desk.example"} {
			o, _, err := env.Domains.Operators.AddOperator(db.WithSystem(env.Context), identity.NewOperator{
				Email: email, Name: "Lena", Role: rules.OperatorAgent, Reason: "x",
			})
			require.NoError(t, err)
			setUp(t, env, o.ID)
			people = append(people, o)
		}
		errs := storetest.AtOnce(2, func(i int) error {
			own := db.Scope{System: true, Actor: db.Actor{ID: people[i].ID, Role: rules.OperatorAgent}}
			key := identity.Passkey{CredentialID: "one", PublicKey: []byte{1}, Name: "Key"}
			return storetest.SecondOf(
				env.Domains.Operators.AddPasskey(db.WithScope(env.Context, own), people[i].ID, key))
		})
		refused := 0
		for _, err := range errs {
			if err != nil {
				storetest.RequireCode(t, rules.StateConflict, err)
				refused++
			}
		}
		require.Equal(t, 1, refused)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM operator_passkeys"))
	})
}

// setUp gives an operator a password, as if the link had been used.
func setUp(t *testing.T, env storetest.Env, id string) {
	t.Helper()
	require.NoError(t, env.Exec("UPDATE operators SET password_hash = 'x' WHERE id = '"+id+"'"))
}
