package console

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// raise raises a task that can be closed by hand, about the first account.
func (w *world) raise(kind db.TaskKind, subject string) db.OperatorTask {
	w.t.Helper()
	require.NoError(w.t, w.Domains.DB.RaiseTask(w.system(), db.OperatorTask{
		Kind: kind, SubjectID: subject, What: "Look at it.", Why: "Because of " + subject + ".",
	}))
	for _, t := range w.Tasks(w.t, kind) {
		if t.SubjectID == subject {
			return t
		}
	}
	require.Fail(w.t, "it was not raised")
	return db.OperatorTask{}
}

func TestTheQueueIsNarrowedByItsAddress(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		w.raise(db.TaskSweepLate, "one")
		w.raise(db.TaskShipmentContradicted, "two")
		b := w.signedIn(staff[1])

		all := b.get(queuePath)
		require.Contains(t, all.body, "The hourly sweep is late")
		require.Contains(t, all.body, "The scans of a parcel contradict each other")
		require.Contains(t, all.body, "2 open")
		one := b.get(queuePath + "?kind=SWEEP_LATE")
		require.Contains(t, one.body, "1 open")
		require.NotRegexp(t, `class="row"[^>]*>The scans`, one.body)
		require.Contains(t, b.get(queuePath+"?who=me").body, "Nothing waits here")
		require.Equal(t, http.StatusOK, b.get(queuePath+"?who=opr_x&account=acc_x&due=late&kind=X").status)
		require.Equal(t, http.StatusBadRequest, b.get(queuePath+"?after=x").status)
		require.Contains(t, b.get(searchPath+"?q="+url.QueryEscape("nothing at all")).body, "Nothing is known as")
	})
}

func TestTheQueueGoesOnBehindItsLastLine(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		for n := range 70 {
			w.raise(db.TaskSweepLate, fmt.Sprintf("subject-%03d", n))
		}
		b := w.signedIn(staff[1])
		first := b.get(queuePath)
		require.Equal(t, 50, strings.Count(first.body, `class="row"`))
		next := regexp.MustCompile(`<p class="more"><a class="btn" href="([^"]+)"`).FindStringSubmatch(first.body)
		require.NotNil(t, next)
		second := b.get(strings.ReplaceAll(next[1], "&amp;", "&"))
		require.Equal(t, 20, strings.Count(second.body, `class="row"`))
	})
}

func TestATaskIsTakenHandedBackAndPulled(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		task := w.raise(db.TaskSweepLate, "one")
		ari, lena := w.signedIn(staff[1]), w.signedIn(staff[0])

		page := ari.get(taskPath(task.ID))
		seen := hiddenIn(page.body, "seen")
		require.Equal(t, taskPath(task.ID), ari.post(taskPath(task.ID)+"/take", "seen", seen).path)
		require.NotContains(t, lena.get(queuePath).body, `class="row"`, "it is another's")
		require.Contains(t, lena.get(queuePath+"?who=all").body, "Ari Prado")

		// who looked before does not take it away unseen
		r := lena.post(taskPath(task.ID)+"/take", "seen", seen)
		require.Equal(t, http.StatusPreconditionFailed, r.status)
		require.Contains(t, r.body, "This has changed since you looked at it")
		require.Contains(t, lena.post(queuePath+"/pull").body, "Nobody waits")

		page = ari.get(taskPath(task.ID))
		ari.post(taskPath(task.ID)+"/hand-back", "seen", hiddenIn(page.body, "seen"))
		require.Equal(t, taskPath(task.ID), lena.post(queuePath+"/pull").path)
		require.Contains(t, lena.get(taskPath(task.ID)).body, "Hand it back")
		require.Equal(t, []string{"task.assigned", "task.assigned", "task.assigned"}, w.verbs(task.ID))
	})
}

// Who pull at the same time never get the same task.
func TestS54_WhoPullAtOnceNeverGetTheSame(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		var waiting []string
		var browsers []*browser
		for i, name := range []string{"one", "two", "three"} {
			waiting = append(waiting, taskPath(w.raise(db.TaskSweepLate, name).ID))
			browsers = append(browsers, w.signedIn(staff[i]))
		}

		got := make([]string, len(browsers))
		storetest.AtOnce(len(browsers), func(i int) error {
			got[i] = browsers[i].post(queuePath + "/pull").path
			return nil
		})
		require.ElementsMatch(t, waiting, got)
	})
}

func TestATaskIsActedOnAfterAConfirmationAndOnlyAsItWasSeen(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		task := w.raise(db.TaskSweepLate, "one")
		b := w.signedIn(staff[1])
		path := taskPath(task.ID) + "/do/close"
		ask := b.get(path)
		require.Contains(t, ask.body, "The task is done with your note.")
		seen, version := hiddenIn(ask.body, "seen"), hiddenIn(ask.body, "version")
		require.Equal(t, http.StatusNotFound, b.get(taskPath(task.ID)+"/do/accept").status)

		// without the confirmation, and without a reason, nothing happens
		require.Contains(t, b.post(path, "reason", "looked at it", "seen", seen, "version", version).body, "looked at it")
		r := b.post(path, "confirmed", "yes", "seen", seen, "version", version)
		require.Equal(t, http.StatusUnprocessableEntity, r.status)

		// nor where the task is another by now
		require.NoError(t, w.Exec("UPDATE operator_tasks SET why = 'Another reason.'"))
		r = b.post(path, "confirmed", "yes", "reason", "done", "seen", seen, "version", version)
		require.Equal(t, http.StatusPreconditionFailed, r.status)
		open, err := w.Domains.DB.GetTask(w.system(), task.ID)
		require.NoError(t, err)
		require.Equal(t, db.TaskOpen, open.State)

		ask = b.get(path)
		r = b.post(path, "confirmed", "yes", "reason", "done", "seen", hiddenIn(ask.body, "seen"), "version", "0")
		require.Equal(t, queuePath, r.path)
		done, err := w.Domains.DB.GetTask(w.system(), task.ID)
		require.NoError(t, err)
		require.Equal(t, db.TaskDone, done.State)
		require.Equal(t, w.operatorOf(staff[1].Email).ID, done.ResolvedBy, "operators act as themselves")

		// the second click says what the first one did; another operator's says that it has changed
		form := []string{"confirmed", "yes", "reason", "done", "seen", hiddenIn(ask.body, "seen"), "version", "0"}
		require.Equal(t, queuePath, b.post(path, form...).path)
		require.Equal(t, http.StatusPreconditionFailed, w.signedIn(staff[0]).post(path, form...).status)
	})
}

// Each kind of task has a name, a badge and words for each of its actions, in both languages.
func TestEveryKindOfTaskHasItsWords(t *testing.T) {
	w := issuerWorld(t)
	v := &visit{site: w.site}
	for kind := range subjects {
		require.NotEmpty(t, operations.ActionsOf(kind), kind)
	}
	for _, locale := range []string{"en", "pt-BR"} {
		v.language = languageOf(locale)
		for kind, s := range subjects {
			require.NotEqual(t, string(kind), v.kindName(kind), kind)
			require.True(t, v.language.Has("console.subject."+s.word), s.word)
			for _, action := range operations.ActionsOf(kind) {
				require.True(t, v.language.Has("console.action."+action+".says"), action)
			}
		}
	}
}

func TestATokenIsMadeShownOnceAndRevoked(t *testing.T) {
	w := issuerWorld(t)
	seller := w.Reseller(t, "Revenda Sul")
	b := w.signedIn(byRole[rules.OperatorAgent])
	page := b.get(tokensPath)
	require.Contains(t, page.body, "Revenda Sul")
	require.NotContains(t, page.body, "OPERATOR_AGENT", "an agent makes none of operators")
	require.Equal(t, http.StatusBadRequest,
		b.post(tokensPath, "label", "x", "whose", "org_operator OPERATOR_LEAD").status)

	once := hiddenIn(page.body, "once")
	made := b.post(tokensPath, "label", "order system", "whose", seller.ID+" RESELLER", "once", once)
	secret := regexp.MustCompile(`rct_[\w-]{20,}`).FindString(made.body)
	token, err := w.TokenBySecret(w.Context, secret)
	require.NoError(t, err)
	require.Equal(t, w.operatorOf(staff[1].Email).ID, token.CreatedBy)
	require.NotContains(t, b.get(tokensPath).body, secret)

	path := tokensPath + "/" + token.ID + "/revoke"
	require.Contains(t, b.get(path).body, "refused from the next request on")
	require.Equal(t, tokensPath, b.post(path, "confirmed", "yes").path)
	_, err = w.TokenBySecret(w.Context, secret)
	require.Error(t, err)
}

func TestTheConsoleSpeaksBothLanguages(t *testing.T) {
	w := issuerWorld(t)
	w.raise(db.TaskSweepLate, "one")
	b := w.signedIn(staff[0])
	require.Contains(t, b.get(Root).body, "Due today")
	require.Equal(t, queuePath, b.post(Root+"/language", "language", "pt-BR", "back", queuePath).path)
	require.Contains(t, b.get(Root).body, "Para hoje")
	require.Equal(t, "pt-BR", w.operatorOf(staff[0].Email).Locale)
}

// No page has a style or a script of its own, and every one that exists shows itself.
func TestEveryPageKeepsToTheContentPolicy(t *testing.T) {
	w := issuerWorld(t)
	task := w.raise(db.TaskSweepLate, "one")
	b := w.signedIn(staff[0])
	for _, r := range w.site.routes() {
		if r.method != get || r.path == CallbackPath || r.path == StartPath {
			continue
		}
		path := strings.NewReplacer("/queue/:id", "/queue/"+task.ID, ":action", "close",
			"operators/:id", "operators/"+w.operatorOf(staff[0].Email).ID, ":change", "enable").Replace(r.path)
		page := b.get(path)
		require.NotRegexp(t, `(?i)\sstyle=|<style|\son[a-z]+=|hx-on|<script(?: [^>]*)?>[^<]`, page.body, path)
		require.Contains(t, page.header.Get("Content-Security-Policy"), "script-src 'self'; connect-src 'self'")
		require.NotRegexp(t, `[>"]console\.[a-z]+\.`, page.body, "%s has a key without a text", path)
		require.NotContains(t, page.body, "{{", path)
	}
}
