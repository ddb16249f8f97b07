package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/identity"
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
