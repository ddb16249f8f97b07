package console

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
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

// Each page of one thing shows who else is at it, keeps itself right, and takes minutes alone
// for nothing new.
func TestEachPageOfOneThingRefreshesItselfAndShowsWhoElseIsThere(t *testing.T) {
	w := issuerWorld(t)
	c, unit := w.Spare(t)
	storetest.Stocked(t, w.Env, "BR-1", "BR", "RALLY-BAR", 5)
	r := w.Requested(t, c)
	shipped := w.Shipped(t, w.CoveredFor(t, storetest.Company(1), "rui@beta.example", "SN-900"))
	parcel := storetest.ShipmentOf(t, w.Env, c.Account, "TRK-1")
	mails := w.Mails(t, rules.TemplateRMA)
	require.NotEmpty(t, mails)
	paths := []string{
		replacementPath(r.Name()), replacementPath(shipped.Name()), spareUnitPath(unit.Name()),
		roomPath(c.Room.ID), devicePath(c.Device.ID), contractPath(c.Licence.ContractID),
		shipmentsPath + "/" + parcel.ID, mailsPath + "/" + mails[0].ID,
	}
	for _, name := range accountTabs {
		paths = append(paths, accountTab(c.Account, name))
	}

	// Everything above happened on the hour: no day and no bound of what is near ends in these minutes.
	w.Calendar.Set(w.Calendar.Now().Add(7 * time.Minute))
	ari, lena := w.signedIn(byRole[rules.OperatorAgent]), w.signedIn(byRole[rules.OperatorLead])
	open := map[string]*refreshed{}
	for _, path := range paths {
		open[path] = ari.open(path)
		require.Equal(t, http.StatusNoContent, open[path].ask().status, path)
	}
	for range 3 {
		w.Calendar.Set(w.Calendar.Now().Add(time.Minute))
		for path, p := range open {
			require.Equal(t, http.StatusNoContent, p.ask().status, "%s: minutes alone are nothing new", path)
		}
	}
	for _, path := range paths {
		require.Contains(t, w.withinBudget(lena, path).body, "Ari Prado has this open too.", path)
	}
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
