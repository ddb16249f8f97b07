package console

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

func TestTwoAtOneThingSeeEachOther(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		task := w.raise(db.TaskSweepLate, "one")
		page := taskPath(task.ID)
		ari := w.signedIn(byRole[rules.OperatorAgent]).open(page)
		require.NotContains(t, ari.get(page).body, `class="others"`)
		require.Equal(t, http.StatusNoContent, ari.ask().status, "oneself is nobody else")

		lena := w.signedIn(byRole[rules.OperatorLead])
		lenas := lena.open(page)
		require.Contains(t, lena.get(page).body, "Ari Prado has this open too.")
		lenas.ask()
		require.Contains(t, ari.ask().body, "Lena Costa has this open too.", "with the next refresh")
		require.Equal(t, http.StatusNoContent, ari.ask().status)

		mauro := w.signedIn(byRole[rules.OperatorManager])
		require.Contains(t, mauro.get(page).body, "Ari Prado and Lena Costa have this open too.")
		require.NotContains(t, lena.get(queuePath).body, "open too", "a list is looked at by all")
		require.NoError(t, w.Exec("UPDATE operator_presences SET seen_at = '2020-01-01 00:00:00+00:00'"))
		require.NotContains(t, ari.ask().body, "open too", "who closed it is gone")
	})
}

// What another did meanwhile stands above what was typed, and the form has that again.
func TestWhoDecidesTooLateReadsWhatAnotherDid(t *testing.T) {
	w := issuerWorld(t)
	task := w.raise(db.TaskSweepLate, "one")
	ari, lena := w.signedIn(byRole[rules.OperatorAgent]), w.signedIn(byRole[rules.OperatorLead])
	path := taskPath(task.ID) + "/do/close"
	ask := ari.get(path)
	lena.post(taskPath(task.ID)+"/take", "seen", hiddenIn(lena.get(taskPath(task.ID)).body, "seen"))

	late := ari.post(path, "confirmed", "yes", "seen", hiddenIn(ask.body, "seen"),
		"version", hiddenIn(ask.body, "version"), "reason", "restarted it by hand")
	require.Equal(t, http.StatusPreconditionFailed, late.status)
	require.Contains(t, late.body, "This has changed since you looked at it")
	require.Regexp(t, `(?s)Lena Costa</b>: gave a task to somebody.*What you typed.*restarted it by hand`, late.body)

	again := ari.get(linkIn(t, late.body, "Look again"))
	require.Contains(t, again.body, ">restarted it by hand</textarea>")
	require.Contains(t, again.body, "Nothing was sent yet")
	require.NotEqual(t, hiddenIn(ask.body, "seen"), hiddenIn(again.body, "seen"))
	done := ari.post(path, "confirmed", "yes", "seen", hiddenIn(again.body, "seen"),
		"version", hiddenIn(again.body, "version"), "reason", "restarted it by hand")
	require.Equal(t, http.StatusOK, done.status)
	require.NotContains(t, ari.get(path).body, "restarted it by hand</textarea>", "it is kept once")
}
