package console

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/console/testissuer"
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
	onBothDatabases(t, func(t *testing.T, w *world) {
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

// On a task's page everything is at hand: what is next, whose it is, what became of it by whom,
// and what colleagues noted. What was typed and refused stays.
func TestS54_ATaskIsGivenToAColleagueAndNoted(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		task := w.raise(db.TaskSweepLate, "one")
		ari, lena, mauro := w.signedIn(staff[1]), w.signedIn(staff[0]), w.signedIn(staff[3])
		clara := w.operatorOf(w.signedInAs(staff[2])).ID
		page := lena.get(taskPath(task.ID))
		require.Contains(t, page.body, `name="operator" value="`+w.operatorOf(staff[1].Email).ID+`">Ari Prado`)
		require.NotContains(t, page.body, ">Mauro Lima</button>", "he reads")
		seen := hiddenIn(page.body, "seen")
		path := taskPath(task.ID)

		require.Equal(t, path, lena.post(path+"/give", "seen", seen, "operator", w.operatorOf(staff[1].Email).ID).path)
		require.Equal(t, http.StatusPreconditionFailed,
			lena.post(path+"/give", "seen", seen, "operator", clara).status)
		require.Equal(t, http.StatusBadRequest, lena.post(path+"/give", "seen", seen, "operator", "opr_none").status)
		require.Equal(t, http.StatusPreconditionFailed, lena.post(path+"/take").status, "a form without what was seen")

		long := strings.Repeat("a", 4001)
		refused := ari.post(path+"/notes", "note", long)
		require.Equal(t, http.StatusUnprocessableEntity, refused.status)
		require.Contains(t, refused.body, long)
		require.Equal(t, path, ari.post(path+"/notes", "note", "Ana <answers>\ntomorrow.").path)
		require.Equal(t, http.StatusForbidden, mauro.post(path+"/notes", "note", "x").status)
		once := hiddenIn(ari.get(path).body, "once")
		for range 2 { // pressed twice
			require.Equal(t, path, ari.post(path+"/notes", "note", "She called.", "once", once).path)
		}
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM operator_task_notes WHERE note = 'She called.'"))
		require.NotEqual(t, once, hiddenIn(ari.get(path).body, "once"))
		require.Equal(t, path, ari.post(path+"/notes", "note", "She called again.", "once", once).path)
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM operator_task_notes WHERE note = 'She called again.'"))

		body := mauro.get(path).body
		require.Contains(t, body, "Ana &lt;answers&gt;\ntomorrow.")
		require.Contains(t, body, "<b>Lena Costa</b> gave the task to Ari Prado")
		require.NotContains(t, body, "<textarea")
		ask := ari.get(path + "/do/close")
		ari.post(path+"/do/close", "confirmed", "yes", "reason", "it ran", "seen", hiddenIn(ask.body, "seen"), "version", "0")
		body = mauro.get(path).body
		require.Contains(t, body, "<b>Ari Prado</b> settled the task")
		require.Contains(t, body, "Close the task: it ran")
	})
}

// The task stands beside the queue by an address alone, and what is done there leads back.
func TestS54_ATaskIsShownBesideTheQueue(t *testing.T) {
	w := issuerWorld(t)
	task := w.raise(db.TaskSweepLate, "one")
	w.raise(db.TaskShipmentContradicted, "two")
	b := w.signedIn(staff[1])
	list := b.get(queuePath + "?due=today")
	require.Contains(t, list.body, `href="/console/queue?due=today&amp;open=`+task.ID+`"`)
	address := queuePath + "?due=today&open=" + task.ID
	page := b.get(address)
	require.Contains(t, page.body, `<li aria-current="true"`)
	require.Contains(t, page.body, "Because of one.")
	require.Contains(t, page.body, `href="/console/queue?due=today"`, "the way to close it")
	r := b.post(taskPath(task.ID)+"/take", "seen", hiddenIn(page.body, "seen"), "back", address)
	require.Equal(t, queuePath, r.path)
	require.Equal(t, task.ID, r.query.Get("open"))
	require.Equal(t, taskPath(task.ID), b.post(taskPath(task.ID)+"/hand-back",
		"seen", hiddenIn(r.body, "seen"), "back", "https://elsewhere.example").path)
	require.NotContains(t, b.get(queuePath+"?open=tsk_none").body, `id="peek"`)
	require.Equal(t, http.StatusOK, b.get(queuePath+"?open=tsk_none").status)
}

// The facets count what is there, by kind, by whom it was taken, by the customers' zone and by
// when it is due; what they narrow to is what they counted.
func TestS54_TheFacetsOfTheQueueCountWhatTheyLeadTo(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		account := w.Fulfilled(t, w.Reseller(t, "Revenda Sul"), storetest.Form("PO-1")).AccountID
		require.NoError(t, w.Exec("DELETE FROM operator_tasks"))
		for i, kind := range []db.TaskKind{db.TaskSweepLate, db.TaskShipmentContradicted, db.TaskNearAccount} {
			require.NoError(t, w.Domains.DB.RaiseTask(w.system(), db.OperatorTask{
				Kind: kind, SubjectID: fmt.Sprint(i), AccountID: account, What: "Look.", Why: "So.",
			}))
			w.Calendar.Set(w.Calendar.Now().Add(24 * time.Hour))
		}
		w.raise(db.TaskSweepLate, "today")
		ari, lena := w.signedIn(staff[1]), w.signedIn(staff[0])
		ari.post(queuePath + "/pull")

		for address, open := range map[string]string{
			"?who=all":                        "4 open, 3 late",
			"?who=all&due=late":               "3 open, 3 late",
			"?who=all&due=today":              "1 open",
			"?who=all&due=week":               "4 open",
			"?who=all&zone=America/Sao_Paulo": "3 open",
			"?who=all&zone=Asia/Tokyo":        "0 open",
			"?who=all&kind=SWEEP_LATE":        "2 open",
			"":                                "3 open",
			"?who=" + w.operatorOf(staff[1].Email).ID:            "1 open",
			"?who=all&kind=SWEEP_LATE&due=late":                  "1 open",
			"?who=nobody&zone=America/Sao_Paulo&kind=SWEEP_LATE": "0 open",
		} {
			require.Contains(t, lena.get(queuePath+address).body, open, address)
		}
		body := lena.get(queuePath + "?who=all").body
		require.Regexp(t, `zone=America%2FSao_Paulo">[^<]*São Paulo<span class="end">3<`, body)
		require.Regexp(t, `>Ari Prado<span class="end">1<`, body)
		require.Regexp(t, `due=late[^"]*">late<span class="end">3<`, body)
	})
}

// What is done to many tasks at once shows first what would be refused.
func TestS54_ManyTasksAreTakenAndClosedAtOnce(t *testing.T) {
	w := issuerWorld(t)
	one, two := w.raise(db.TaskSweepLate, "one"), w.raise(db.TaskShipmentContradicted, "two")
	review := w.raise(db.TaskReviewOrder, "ord_x")
	b := w.signedIn(staff[1])
	require.Equal(t, 3, strings.Count(b.get(queuePath).body, `form="bulk"`))
	form := []string{"id", one.ID, "id", two.ID, "id", review.ID, "back", queuePath + "?who=all"}

	over := b.post(queuePath+"/~take", append(form, "confirmed", "yes")...)
	require.Contains(t, over.body, "3 done.")
	ask := b.post(queuePath+"/~close", form...)
	require.Contains(t, ask.body, "2 will be done. 1 would be refused")
	over = b.post(queuePath+"/~close", append(form, "confirmed", "yes", "reason", "one outage")...)
	require.Contains(t, over.body, "2 done. 1 refused.")
	for id, want := range map[string]db.TaskState{one.ID: db.TaskDone, two.ID: db.TaskDone, review.ID: db.TaskOpen} {
		task, err := w.Domains.DB.GetTask(w.system(), id)
		require.NoError(t, err)
		require.Equal(t, want, task.State)
	}
	clara := w.operatorOf(w.signedInAs(staff[2])).ID
	over = b.post(queuePath+"/~give", "id", review.ID, "confirmed", "yes", "operator", clara)
	require.Contains(t, over.body, "1 done.")
	require.Equal(t, http.StatusBadRequest, b.post(queuePath+"/~give", "id", review.ID, "operator", "opr_none").status)
	require.Contains(t, b.post(queuePath+"/~hand-back", "id", review.ID, "confirmed", "yes").body, "1 done.")
}

// signedInAs signs somebody in, and returns their address.
func (w *world) signedInAs(p testissuer.Person) string {
	w.signedIn(p)
	return p.Email
}

// Today counts what waits in the tab, says what each of the next days brings, and each number
// leads to its list; what it lists leads to a page that exists.
func TestS54_TodaySaysWhatIsLateDueAheadAndMine(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		seller := w.Reseller(t, "Revenda Sul")
		w.Fulfilled(t, seller, storetest.Form("PO-1"))
		w.raise(db.TaskSweepLate, "one")
		ari := w.signedIn(staff[1])
		ari.post(queuePath + "/pull")
		w.Calendar.Set(w.Calendar.Now().Add(24 * time.Hour))

		page := ari.get(Root)
		require.Regexp(t, `<title>\(\d+\) Today`, page.body)
		require.Regexp(t, `(?s)What you have taken.*row" href="/console/queue/tsk_`, page.body)
		require.Equal(t, 14, strings.Count(page.body, `<svg class="meter"`))
		require.NotContains(t, w.signedIn(staff[3]).get(Root).body, "What you have taken")
		for _, link := range regexp.MustCompile(`<a class="(?:row|card tile)" href="([^"#]+)`).
			FindAllStringSubmatch(page.body, -1) {
			require.Equal(t, http.StatusOK, ari.get(strings.ReplaceAll(link[1], "&amp;", "&")).status, link[1])
		}

		// the day on which the invitation ends says so, and no other
		last := w.Calendar.Now().Add(20 * 24 * time.Hour)
		w.Calendar.Set(last)
		ahead := regexp.MustCompile(`href="(/console\?on=[^"]+)"`).FindAllStringSubmatch(ari.get(Root).body, -1)
		require.NotEmpty(t, ahead)
		for _, link := range ahead {
			require.Contains(t, ari.get(link[1]).body, `class="rows"`)
		}
		require.Contains(t, ari.get(Root+"?on=2029-01-01").body, "Nothing is due on this day")
		require.Equal(t, http.StatusOK, ari.get(Root+"?on=2020-01-01").status)
	})
}

// The queue says of a ticket how severe it is, in the words and the color of the list of tickets.
func TestS54_ATicketsLineSaysItsSeverity(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		w.OpenedTicket(t, w.Covered(t))
		for _, path := range []string{queuePath, Root} {
			require.Contains(t, w.agent().get(path).body,
				`<span class="badge amber">Ticket 2 · works in part</span>`, path)
		}
	})
}

// Times on the queue and on Today are the desk's, whose clock the pages name.
func TestS54_TheQueueNamesTheClockOfItsTimes(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		b := w.agent()
		require.NotContains(t, b.get(queuePath).body, "times UTC", "there are none")
		w.OpenedTicket(t, w.Covered(t))
		for _, path := range []string{queuePath, Root} {
			require.Contains(t, b.get(path).body, "· times UTC</span>", path)
		}
	})
}

// With 10,000 open tasks of every kind the queue, a task beside it and Today take no more
// statements than any page may.
func TestBudget_TenThousandTasks(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		o := w.Fulfilled(t, w.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		inv := w.InvitationOf(t, o.ID)
		task := w.raise(db.TaskSweepLate, "one")
		subjects := []string{o.ID, *o.AccountID, inv.ID, "ntf_x", "rma_x", "spu_x", "shp_x", "org_x"}
		kinds := []db.TaskKind{db.TaskReviewOrder, db.TaskNearAccount, db.TaskInvitationUnclaimed, db.TaskMailUnknown,
			db.TaskDecideRMA, db.TaskChooseSpare, db.TaskShipmentContradicted, db.TaskOneParent}
		require.NoError(t, w.Domains.DB.Write(w.system(), func(tx *db.Tx) error {
			var tasks []db.OperatorTask
			for n := range 10_000 {
				tasks = append(tasks, db.OperatorTask{
					Kind: kinds[n%8], SubjectID: subjects[n%8], AccountID: o.AccountID, What: "Look.", Why: "So.",
					DedupeKey: fmt.Sprint(n),
				})
			}
			return tx.RaiseAll(tasks)
		}))
		b := w.signedIn(staff[0])
		w.signedIn(staff[1]).post(queuePath + "/pull")
		b.post(queuePath + "/pull")
		body := w.withinBudget(b, queuePath).body
		require.Contains(t, body, "1,000&#43;")
		w.withinBudget(b, queuePath+"?who=all&zone=America/Sao_Paulo&kind=DECIDE_RMA")
		w.withinBudget(b, queuePath+"?who=all&open="+task.ID)
		w.withinBudget(b, taskPath(task.ID))
		w.withinBudget(b, Root)
		for _, subject := range []string{o.ID, inv.ID} {
			item := w.taskAbout(subject)
			b.post(taskPath(item)+"/notes", "note", "x")
			w.withinBudget(b, taskPath(item))
			w.withinBudget(b, queuePath+"?open="+item)
		}
	})
}

// taskAbout is the first task about something.
func (w *world) taskAbout(subject string) string {
	tasks, _, err := w.Domains.DB.ListTasks(w.system(), db.TaskFilter{SubjectID: subject, Page: db.Page{Limit: 1}})
	require.NoError(w.t, err)
	require.NotEmpty(w.t, tasks)
	return tasks[0].ID
}

// The queue as a file has every page of what the address narrows it to, each task once, in the
// order in which it is due, and in the reader's language.
func TestS54_TheQueueIsAFileToo(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		require.NoError(t, w.Domains.DB.Write(w.system(), func(tx *db.Tx) error {
			var tasks []db.OperatorTask
			for n := range 430 {
				tasks = append(tasks, db.OperatorTask{
					Kind: db.TaskSweepLate, SubjectID: "one", What: "Look.", Why: "So.", DedupeKey: fmt.Sprint(n),
				})
			}
			return tx.RaiseAll(tasks)
		}))
		w.raise(db.TaskMailUnknown, "two")
		manager := w.signedIn(byRole[rules.OperatorManager])
		require.Contains(t, manager.get(queuePath).body, `href="`+queuePath+`?format=csv"`)

		file := manager.get(queuePath + "?format=csv&kind=SWEEP_LATE")
		require.Equal(t, "text/csv; charset=utf-8", file.header.Get("Content-Type"))
		require.Contains(t, file.header.Get("Content-Disposition"), "queue-")
		lines := strings.Split(strings.TrimSpace(strings.TrimPrefix(file.body, "\ufeff")), "\n")
		require.Len(t, lines, 431)
		require.Equal(t, "Task,About,Customer,Due,Raised,Taken by,Customer’s time zone", lines[0])
		all := strings.Split(strings.TrimSpace(manager.get(queuePath+"?format=csv").body), "\n")
		require.Len(t, all, 432)

		// Names and addresses left the console: the audit says with whom, which, and how many.
		taken := w.Strings(t, "SELECT details FROM audit_events "+
			"WHERE verb = 'queue.downloaded' AND actor_id LIKE 'opr_%' ORDER BY seq")
		require.Len(t, taken, 2)
		for i, lines := range []float64{430, 431} {
			var details map[string]any
			require.NoError(t, json.Unmarshal([]byte(taken[i]), &details))
			require.Equal(t, lines, details["lines"])
			require.Equal(t, i == 0, details["kind"] == "SWEEP_LATE")
		}

		// Page by page nothing is left out or shown twice.
		seen := map[string]bool{}
		further := regexp.MustCompile(`<p class="more"><a class="btn" href="([^"]*)"`)
		row := regexp.MustCompile(`\?open=(tsk_[0-9a-z]+)`)
		for address, pages := queuePath+"?who=all", 0; address != "" && pages < 12; pages++ {
			body := html.UnescapeString(manager.get(address).body)
			page := map[string]bool{}
			for _, found := range row.FindAllStringSubmatch(strings.ReplaceAll(body, "&open=", "?open="), -1) {
				page[found[1]] = true
			}
			for id := range page {
				require.False(t, seen[id], id)
				seen[id] = true
			}
			address = ""
			if next := further.FindStringSubmatch(body); next != nil {
				address = next[1]
			}
		}
		require.Len(t, seen, 431)

		manager.lang = "pt-BR"
		w.choosesLanguage(byRole[rules.OperatorManager].Email, "pt-BR")
		require.Contains(t, manager.get(queuePath+"?format=csv").body, "Tarefa;Sobre;Cliente;Prazo")
	})
}
