package notification_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// A mail that is sent again can be taken back for ten seconds, whatever else has a sender look for
// mails of its subject meanwhile. Then it is sent, once.
func TestC7_NobodyTakesAMailThatIsHeld(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		queueMails(t, env, 1)
		const id, by = "ntf_00", " WHERE id = 'ntf_00'"
		require.NoError(t, env.Exec("UPDATE notifications SET state = 'HARD_BOUNCED', last_error = 'full'"+by))
		state := func() rules.NotificationState {
			n, err := env.GetNotification(env.Context, id)
			require.NoError(t, err)
			return n.State
		}

		for range 2 {
			require.NoError(t, env.ResendMailSoon(storetest.Operator(), id))
			for _, key := range []string{"sub", id} {
				require.Empty(t, env.Deliver(t, key))
				require.NoError(t, env.GiveUpMails(env.Context, key, "three days", time.Time{}))
			}
			require.Equal(t, rules.NotificationQueued, state())
			require.NoError(t, env.UndoResend(storetest.Operator(), id))
			require.Equal(t, rules.NotificationHardBounced, state())
			require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM notifications"+by+
				" AND held_until IS NULL AND last_error = 'full'"))
			require.Empty(t, env.Deliver(t, "sub"))
		}

		require.NoError(t, env.ResendMailSoon(storetest.Operator(), id))
		require.NoError(t, env.Exec("UPDATE notifications SET held_until = '2020-01-01 00:00:00+00:00'"+by))
		require.Len(t, env.Deliver(t, "sub"), 1)
		require.Empty(t, env.Deliver(t, id))
		require.Equal(t, rules.NotificationSent, state())
		storetest.RequireCode(t, rules.StateConflict, env.UndoResend(storetest.Operator(), id))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM notifications WHERE held_until IS NOT NULL"))

		// Whoever sends it without a hold waits for nothing.
		require.NoError(t, env.Exec("UPDATE notifications SET state = 'UNKNOWN'"+by))
		require.NoError(t, env.ResendMail(storetest.Operator(), id))
		require.Len(t, env.Deliver(t, "sub"), 1)
	})
}
