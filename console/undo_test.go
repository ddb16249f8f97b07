package console

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// leaving is how many mails the relay would hand over now.
func (w *world) leaving(mailID string) (n int) {
	w.t.Helper()
	events, err := w.Domains.DB.LeaseOutbox(w.system(), 1000, time.Millisecond)
	require.NoError(w.t, err)
	for _, e := range events {
		if e.Kind == db.OutboxNotificationQueued && e.SubjectID == mailID {
			n++
		}
	}
	return n
}

func TestAMailThatIsSentAgainCanBeTakenBack(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		_, n := w.mailed(rules.NotificationUnknown, "mail: unknown failure at end: EOF")
		ari, lena := w.signedIn(byRole[rules.OperatorAgent]), w.signedIn(byRole[rules.OperatorLead])
		path := mailsPath + "/" + n.ID + "/do/resend"
		resend := func() reply {
			return ari.post(path, fieldSeen, hiddenIn(ari.get(path).body, fieldSeen), "confirmed", "yes")
		}

		sent := resend()
		require.Contains(t, sent.body, `action="`+undoAddress(n.ID)+`"`)
		require.NotContains(t, ari.get(queuePath).body, undoAddress(n.ID), "it is offered once")
		require.Zero(t, w.leaving(n.ID), "it has not left")
		require.Contains(t, lena.post(undoAddress(n.ID)).body, "Too late", "only who sent it takes it back")
		require.Equal(t, rules.NotificationQueued, w.stateOf(n.ID))
		w.settled(db.TaskMailUnknown)

		require.Contains(t, ari.post(undoAddress(n.ID)).body, "The mail was not sent")
		require.Equal(t, rules.NotificationUnknown, w.stateOf(n.ID))
		require.Equal(t, db.TaskOpen, w.Tasks(t, db.TaskMailUnknown)[0].State, "its task is there again")
		require.Contains(t, w.verbs(n.ID), "mail.resend_undone")
		task := w.Tasks(t, db.TaskMailUnknown)[0]
		require.Contains(t, w.verbs(task.ID), "task.reopened", "the audit says so")
		require.Contains(t, ari.get(taskPath(task.ID)).body, "put a task back in the queue")
		require.Contains(t, ari.post(undoAddress(n.ID)).body, "Too late", "pressed twice")
		require.NoError(t, w.Exec("UPDATE outbox_events SET due_at = '2020-01-01 00:00:00+00:00'"))
		require.Zero(t, w.leaving(n.ID), "nor will it leave")

		resend()
		require.NoError(t, w.Exec("UPDATE outbox_events SET due_at = '2020-01-01 00:00:00+00:00'"))
		require.Equal(t, 1, w.leaving(n.ID), "after ten seconds it leaves by itself")
		require.Contains(t, ari.post(undoAddress(n.ID)).body, "Too late")
		require.Equal(t, rules.NotificationQueued, w.stateOf(n.ID))
		require.Equal(t, http.StatusNotFound, ari.post(undoAddress("ntf_none")).status)
	})
}

// A mail that a task sends again can be taken back as well.
func TestATaskThatSendsAMailAgainCanBeTakenBack(t *testing.T) {
	w, n := mailed(t, rules.NotificationUnknown, "the sender stopped while the mail was on its way")
	ari := w.signedIn(byRole[rules.OperatorAgent])
	task := w.Tasks(t, db.TaskMailUnknown)[0]
	path := taskPath(task.ID) + "/do/resend"
	ask := ari.get(path)
	sent := ari.post(path, "confirmed", "yes", fieldSeen, hiddenIn(ask.body, fieldSeen),
		"version", hiddenIn(ask.body, "version"))
	require.Contains(t, sent.body, `action="`+undoAddress(n.ID)+`"`)
	require.Zero(t, w.leaving(n.ID))
	require.Contains(t, ari.post(undoAddress(n.ID)).body, "The mail was not sent")
	open, err := w.Domains.DB.GetTask(w.system(), task.ID)
	require.NoError(t, err)
	require.Equal(t, db.TaskOpen, open.State)
	require.Empty(t, open.ResolvedBy)
}
