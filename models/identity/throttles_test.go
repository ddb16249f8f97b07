package identity_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestS64_OneMailboxIsCountedOnce(t *testing.T) {
	for email, want := range map[string]string{
		"ana@x.example":             "ana@x.example",
		" Ana@X.Example ":           "ana@x.example",
		"ana+1@x.example":           "ana@x.example",
		"ANA+Shop+2@x.example":      "ana@x.example",
		"ana+@x.example":            "ana@x.example",
		"+ana@x.example":            "+ana@x.example", // nothing would be left
		"a.n.a@x.example":           "a.n.a@x.example",
		"ana-1@x.example":           "ana-1@x.example",
		"ana@x+y.example":           "ana@x+y.example",
		"ana+1@B\u00fccher.example": "ana@xn--bcher-kva.example",
		"":                          "",
		"ana+1":                     "ana+1",
	} {
		require.Equal(t, want, identity.MailboxOf(email), email)
		require.Equal(t, want, identity.MailboxOf(want), "again")
	}
}

// Subaddresses do not multiply what one person gets, and several of one mailbox in one order
// count once.
func TestS64_SubaddressesShareABound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		order := func(n int, sellers ...string) error {
			return env.DB.Write(env.Context, func(tx *db.Tx) error {
				return identity.MayMailOrder(tx, identity.OrderMails{
					SenderID: "org_1",
					Contact:  fmt.Sprintf("Ana+%d@x.example", n),
					Sellers:  sellers,
					Most:     2,
				})
			})
		}
		require.NoError(t, order(1, "ana+9@x.example", "ana@x.example"))
		require.NoError(t, order(2))
		storetest.RequireCode(t, rules.RateLimited, order(3))

		var told [][]string
		for _, had := range []int{1, 250} {
			require.NoError(t, env.Exec(fmt.Sprintf("UPDATE throttles SET count = %d", had)))
			err := env.DB.Write(env.Context, func(tx *db.Tx) error {
				enough, err := identity.HadEnoughCancellations(tx, identity.MailsOfCancellation{
					SenderID:  "org_1",
					AccountID: "acc_1",
					Addresses: []string{"ana+1@x.example", "rui@x.example", "ana+2@x.example"},
				})
				told = append(told, enough)
				return err
			})
			require.NoError(t, err)
		}
		require.Equal(t, [][]string{nil, {"ana+1@x.example", "rui@x.example", "ana+2@x.example"}}, told)
	})
}
