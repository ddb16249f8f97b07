package main

import (
	"encoding/hex"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// The walk of docs/operations.md, "Changing keys": a new ROOMCOVER_KEY ends open links; the
// audit of the old one is sealed, tokens and sessions go on, and an invitation that is issued
// again has a link that works.
func TestANewKeyEndsOpenLinksAndNothingElse(t *testing.T) {
	env := storetest.Postgres(t)
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	invitation := env.InvitationOf(t, o.ID)
	_, secret, err := env.CreateToken(env.Context, identity.NewToken{
		OrgID:     env.Reseller(t, "Revenda Sul").ID,
		Role:      rules.Reseller,
		Label:     "orders",
		ExpiresAt: time.Now().AddDate(10, 0, 0),
	})
	require.NoError(t, err)

	dialector, err := db.Postgres(env.DSN)
	require.NoError(t, err)
	changed, err := domains.Open(dialector, domains.Options{Options: db.Options{
		Clock:      clock.At(env.Calendar.Now),
		Key:        []byte("another key of this test, 32 bytes or more"),
		KeysBefore: [][]byte{storetest.Key},
	}})
	require.NoError(t, err)
	defer changed.DB.Close()

	opens := func(id string) error {
		_, err := changed.People.InvitationByToken(t.Context(), changed.DB.Secrets().InvitationToken(id))
		return err
	}
	require.Equal(t, rules.NotFound, rules.CodeOf(opens(invitation.ID)), "the open link is dead")
	_, err = changed.People.TokenBySecret(env.Context, secret)
	require.NoError(t, err, "API tokens go on")
	env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
	_, faults, err := changed.DB.SealAudit(env.Context)
	require.NoError(t, err)
	require.Empty(t, faults.Faults)
	_, left, err := changed.DB.VerifyAudit(env.Context)
	require.NoError(t, err)
	require.Empty(t, left)

	again, err := changed.People.Reissue(storetest.Operator(), invitation.ID, "", "", "the key was changed")
	require.NoError(t, err)
	require.NoError(t, opens(again.ID), "the new link works")
}

// What is kept encrypted is read after the key was changed, as long as the one of before is named;
// recovery codes count. `secrets renew` encrypts all of it with the new key, and then it is read
// without the one of before. Without either it says what nobody reads, and changes nothing.
func TestWhatIsEncryptedOutlivesItsKey(t *testing.T) {
	env := storetest.Postgres(t)
	c := env.Covered(t)
	const another = "another key of this test, 32 bytes or more"

	// One of each that is kept: two apps, a client's secret, a certificate with its key, a secret
	// of programs, and a request about a person.
	require.NoError(t, env.Exec("UPDATE users SET password_hash = 'a hash'"))
	appKey, sealed := env.People.NewAppKey(c.Admin.ID)
	code, err := totp.GenerateCode(appKey, time.Now())
	require.NoError(t, err)
	codes, right, err := env.People.UseApp(env.Context, c.Admin.ID, sealed, code, false)
	require.NoError(t, err)
	require.True(t, right)
	_, link, err := env.Operators.AddOperator(env.Context, identity.NewOperator{
		Email: "ana@desk.example", Name: "Ana", Role: rules.OperatorAgent, Reason: "new colleague",
	})
	require.NoError(t, err)
	con := env.OwnSignIn(t, c.Account, rules.EmailDomain(c.Admin.Email))
	env.Synced(t, c)
	signed, err := env.Sync.NewSecret(storetest.Customer(c.Account), c.Account, "form", "")
	require.NoError(t, err)
	_, err = env.Domains.Privacy.Ask(storetest.Customer(c.Account), privacy.NewRequest{
		Kind: privacy.Export, AccountID: c.Account, UserID: c.Admin.ID,
	})
	require.NoError(t, err)

	opened := func(key string, before ...[]byte) *domains.Domains {
		dialector, err := db.Postgres(env.DSN)
		require.NoError(t, err)
		d, err := domains.Open(dialector, domains.Options{Options: db.Options{
			Clock:      clock.At(env.Calendar.Now),
			Key:        []byte(key),
			KeysBefore: before,
		}})
		require.NoError(t, err)
		t.Cleanup(func() { d.DB.Close() })
		return d
	}
	reads := func(d *domains.Domains, readable bool) {
		t.Helper()
		found, err := env.SSO.LiveByID(env.Context, con.ID)
		require.NoError(t, err)
		_, ok := d.SSO.SecretOf(found)
		require.Equal(t, readable, ok)
		_, _, err = d.Operators.OperatorToSetUp(t.Context(), link)
		require.Equal(t, readable, err == nil)
		connection := env.Strings(t, "SELECT id FROM sync_connections")[0]
		signer, err := d.Sync.SignerOf(t.Context(), connection)
		require.NoError(t, err)
		require.Equal(t, readable, len(signer.Keys) == 1 && string(signer.Keys[0]) == string(signed))
	}
	reads(opened(another), false)
	changed := opened(another, storetest.Key)
	reads(changed, true)
	ok, err := changed.People.UseCode(env.Context, c.Admin.ID, codes[0])
	require.NoError(t, err)
	require.True(t, ok, "recovery codes are what people hold")
	ok, err = changed.People.UseCode(env.Context, c.Admin.ID, codes[0])
	require.NoError(t, err)
	require.False(t, ok, "each of them once")

	// The command, as an operator runs it: without the key of before it reads nothing.
	sh := onDatabase(t, nil)
	t.Setenv("ROOMCOVER_DATABASE_URL", env.DSN)
	t.Setenv("ROOMCOVER_KEY", hex.EncodeToString([]byte(another)))
	require.Equal(t, exitFound, sh.run("secrets", "renew"), sh.err.String())
	require.Contains(t, sh.out.String(),
		"Not readable with any key: 1, private_key of sync_certificates.")
	reads(changed, true)

	t.Setenv("ROOMCOVER_KEYS_BEFORE", hex.EncodeToString(storetest.Key))
	require.Contains(t, sh.must("secrets", "renew"), "Encrypted with the present key: 7 of 7.")
	require.Contains(t, sh.must("secrets", "renew"), "Encrypted with the present key: 0 of 7.")

	reads(opened(another), true)
	columns, err := opened(another).RenewSecrets(env.Context)
	require.NoError(t, err)
	for _, column := range columns {
		require.Equal(t, 1, column.Read, column.Column)
		require.Zero(t, column.Unreadable, column.Column)
	}
}
