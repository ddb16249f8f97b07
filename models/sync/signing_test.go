package sync_test

import (
	"context"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules"
)

// signs is by which keys the programs of a connection may sign.
func (w *world) signs(connectionID string) [][]byte {
	w.t.Helper()
	signer, err := w.Sync.SignerOf(context.Background(), connectionID)
	require.NoError(w.t, err)
	return signer.Keys
}

func TestR43c_TwoSecretsTakeOverFromEachOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newWorld(t, env, 1)
		account := w.acme.Account
		makes := func(form string) ([]byte, error) {
			*w.clock = w.clock.Add(time.Second) // the first stays the first
			return w.Sync.NewSecret(w.ctx, account, form, "")
		}
		require.Empty(t, w.signs(w.con.ID), "nobody signs before there is a secret")
		require.Empty(t, w.signs(db.NewID(db.PrefixSync)))

		// A form makes one, however often and at once it is sent; its answer may have been lost.
		first, err := makes("form 1")
		require.NoError(t, err)
		require.Len(t, first, 32)
		var clicks stdsync.WaitGroup
		for range 8 {
			clicks.Go(func() { _, _ = w.Sync.NewSecret(w.ctx, account, "form 1", "") })
		}
		clicks.Wait()
		again, err := makes("form 1")
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.Equal(t, [][]byte{first}, w.signs(w.con.ID))

		// Two count at once, and a third is refused until one has ended.
		second, err := makes("form 2")
		require.NoError(t, err)
		require.NotEqual(t, first, second)
		require.Equal(t, [][]byte{first, second}, w.signs(w.con.ID))
		_, err = makes("form 3")
		require.Equal(t, sync.TooManySecrets, rules.CodeOf(err))

		// Nothing of them is readable at rest, nor in the audit.
		kept := strings.Join(slices.Concat(
			w.Strings(t, "SELECT secret || once_key FROM sync_secrets"),
			w.Strings(t, "SELECT CAST(details AS text) FROM audit_events"),
		), " ")
		for _, plain := range []string{string(first), string(second), "form 1"} {
			require.NotContains(t, kept, plain)
		}

		standing, err := w.Sync.StandingOf(w.ctx, account, "")
		require.NoError(t, err)
		require.Len(t, standing.Secrets, 2)
		old := standing.Secrets[0].ID
		for range 2 { // again it changes nothing
			require.NoError(t, w.Sync.EndSecret(w.ctx, account, old, ""))
		}
		require.Equal(t, [][]byte{second}, w.signs(w.con.ID))
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM sync_secrets WHERE secret = ''"))
		require.Equal(t, 1,
			w.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'sync.secret_ended'"))

		// What has ended is shown to nobody again, and neither is a secret of a while ago.
		_, err = makes("form 1")
		require.Equal(t, rules.StateConflict, rules.CodeOf(err))
		third, err := makes("form 3")
		require.NoError(t, err)
		require.Equal(t, [][]byte{second, third}, w.signs(w.con.ID))
		*w.clock = w.clock.Add(sync.SecretAgainFor)
		_, err = makes("form 3")
		require.Equal(t, rules.StateConflict, rules.CodeOf(err))

		// Who signs does so in the name of the account.
		signer, err := w.Sync.SignerOf(context.Background(), w.con.ID)
		require.NoError(t, err)
		require.Equal(t, account, signer.AccountID)
		require.Equal(t, w.con.ID, signer.ConnectionID)
		require.NotEmpty(t, signer.OrgID)

		// Disconnected, nobody does; connected anew it is another connection.
		require.NoError(t, w.Sync.Disconnect(w.ctx, account, ""))
		require.Empty(t, w.signs(w.con.ID))
		require.Zero(t, w.Count(t, "SELECT count(*) FROM sync_secrets WHERE secret <> ''"))
		_, err = makes("form 4")
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
		anew, err := w.Sync.Connect(w.ctx, w.vendor, account, w.upload(90))
		require.NoError(t, err)
		require.Empty(t, w.signs(anew.ID))
		require.Equal(t, rules.NotFound, rules.CodeOf(w.Sync.EndSecret(w.ctx, account, old, "")))
		w.AuditHolds(t)
	})
}
