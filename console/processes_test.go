package console

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
)

// underWay has an order in review, one with its window and its invitation, a replacement and a
// ticket.
func (w *world) underWay() (rma, account string) {
	w.t.Helper()
	c := w.Covered(w.t)
	asked := w.Approved(w.t, c)
	w.OpenedTicket(w.t, c)
	return asked.ID, c.Account
}

// S55 on the page: what waits, for whom, until when, and who can move it, in both languages.
func TestS55_ThePageSaysOfEveryProcessWhatItWaitsFor(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		id, account := w.underWay()
		b := w.signedIn(byRole[rules.OperatorManager])
		all := b.get(processesPath)
		require.Equal(t, http.StatusOK, all.status)
		found, _, err := w.Domains.Operations.ListProcesses(w.system(),
			operations.ProcessFilter{Page: db.Page{Limit: 200}})
		require.NoError(t, err)
		require.NotEmpty(t, found)
		require.Equal(t, len(found), strings.Count(all.body, `class="row"`))
		require.Contains(t, all.body, fmt.Sprintf("%d under way", len(found)))
		for _, p := range found {
			require.Contains(t, all.body, processPath(p.Kind, p.ID))
			of := b.get(processPath(p.Kind, p.ID))
			require.Equal(t, http.StatusOK, of.status, p.Kind)
			require.NotContains(t, all.body+of.body, "console.process", p.Kind)
			if p.Until == nil && !p.Overdue {
				require.Contains(t, of.body, `<span class="badge ">no deadline</span>`, p.Kind)
			}
		}

		one := b.get(processPath(processes.RMA, id))
		require.Contains(t, one.body, "Replacement RMA-")
		require.Contains(t, one.body, "Waiting for", "the sentence")
		require.Regexp(t, `<g class="state now"><rect[^>]*/><text[^>]*>Approved</text>`, one.body)
		require.Contains(t, one.body, "approved the replacement", "its history")
		require.Contains(t, one.body, "promised by Thu 26 Nov")
		require.Regexp(t, `<dt>Until</dt><dd[^>]*>Thu 26 Nov<`, one.body, "no midnight after it")
		require.Contains(t, all.body+one.body, "Acme")
		b.lang = "pt-BR"
		require.Contains(t, b.get(processPath(processes.RMA, id)).body, "Substituição")

		require.Contains(t, b.get(processesPath+"?kind=RMA").body, `class="row"`)
		require.Equal(t, 1, strings.Count(b.get(processesPath+"?kind=RMA").body, `class="row"`))
		require.NotContains(t, b.get(processesPath+"?kind=SPARE").body, `class="row"`)
		require.Contains(t, b.get(processesPath+"?account="+account).body, `class="row"`)
		require.NotContains(t, b.get(processesPath+"?account=acc_none").body, `class="row"`)
		require.Contains(t, b.get(processesPath+"?q=acme").body, `class="row"`)
		require.NotContains(t, b.get(processesPath+"?q=nobody").body, `class="row"`)
		require.Equal(t, http.StatusNotFound, b.get(processPath(processes.RMA, "rma_none")).status)
		require.Equal(t, http.StatusNotFound, b.get(processesPath+"/cat/"+id).status)
		file := b.get(processesPath + "?format=csv")
		require.Equal(t, len(found)+1, strings.Count(strings.TrimSpace(file.body), "\n")+1)
	})
}

// What is late leads a manager to it: the tile, the list and the page say the same.
func TestS55_WhyOneReplacementIsLate(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		id, _ := w.underWay()
		w.Calendar.Set(storetest.Now.AddDate(0, 0, 20))
		b := w.signedIn(byRole[rules.OperatorManager])
		late := b.get(processesPath + "?standing=late&kind=RMA")
		require.Equal(t, 1, strings.Count(late.body, `class="row"`))
		require.Contains(t, late.body, `<span class="badge red">late</span>`)
		require.Regexp(t, `days late`, late.body)
		page := b.get(processPath(processes.RMA, id))
		require.Contains(t, page.body, `<span class="badge red">late</span>`)
		require.Regexp(t, regexp.MustCompile(`(?s)class="promise".*days late`), page.body)
	})
}

// The page of a process that is over has the customer's clock still, and says of each step who took
// it: a parcel is moved by its carrier, and not by the service that hears of it.
func TestS55_AProcessThatIsOverSaysWhoDidWhatByTheCustomersClock(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	r := w.DeliveredRMA(t, c)
	b := w.agent()
	b.command(r, "receive")
	b.command(r, "inspect", "serial", *c.Device.Serial, "outcome", "DEFECT")

	english := messages.In("en")
	page := b.get(processPath(processes.RMA, r.ID)).body
	require.Contains(t, page, english.Say("console.processes.over"))
	carrier := english.Say("console.rma.carrier")
	require.Contains(t, page, "<b>"+carrier+"</b>: delivered the replacement · ")
	require.Contains(t, page, "<b>Ari Prado</b>: inspected the device · ")
	require.NotContains(t, page, " UTC")

	timeline := b.get(accountTab(c.Account, "timeline")).body
	require.Regexp(t, `<b>`+carrier+`</b>[^<]*delivered the replacement`, timeline)
}

// A failed step is told in plain words. Who may work tasks is led to its retry; a manager is
// told who can.
func TestAFailedStepIsToldInPlainWordsAndTriedAgain(t *testing.T) {
	w := issuerWorld(t)
	id, _ := w.underWay()
	require.NoError(t, w.Domains.Operations.RecordFailure(w.system(), id, "the carrier answers 503"))
	manager, agent := w.signedIn(byRole[rules.OperatorManager]), w.signedIn(byRole[rules.OperatorAgent])
	path := processPath(processes.RMA, id)
	require.Contains(t, manager.get(path).body, "The service tries it again by itself.")

	task := w.raise(db.TaskProcessStuck, id)
	page := agent.get(path)
	require.Contains(t, page.body, "The carrier’s service did not take it.")
	require.Contains(t, page.body, "the carrier answers 503")
	retry := taskPath(task.ID) + "/do/retry"
	require.Contains(t, page.body, retry)
	require.NotContains(t, manager.get(path).body, retry)
	require.Contains(t, manager.get(path).body, "An agent has a task to try it again.")
	ask := agent.get(retry)
	require.Equal(t, http.StatusOK, ask.status)
	done := agent.post(retry, "confirmed", "yes", "seen", hiddenIn(ask.body, "seen"),
		"version", hiddenIn(ask.body, "version"))
	require.Equal(t, queuePath, done.path)
	require.NotContains(t, agent.get(path).body, retry)
}

func TestEngineersGetTheWorkflowWhereTemporalHasPages(t *testing.T) {
	w := issuerWorld(t)
	id, _ := w.underWay()
	b := w.signedIn(byRole[rules.OperatorAgent])
	path := processPath(processes.RMA, id)
	require.NotContains(t, b.get(path).body, "Workflow in Temporal")
	w.site.temporal = temporalUI{"https://temporal.example/", "default"}
	require.Contains(t, b.get(path).body,
		`href="https://temporal.example/namespaces/default/workflows/rma%2F`+id+`"`)
}

// The pages answer with workers and Temporal down, and say that nothing moves.
func TestProcessesSayThatNothingMoves(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		b := w.signedIn(byRole[rules.OperatorManager])
		says := func(want string) {
			t.Helper()
			for _, path := range []string{Root, processesPath} {
				page := b.get(path)
				require.Equal(t, http.StatusOK, page.status)
				if want == "" {
					require.NotContains(t, page.body, "Nothing moves", path)
					continue
				}
				require.Contains(t, page.body, want, path)
			}
		}
		beat := func(sign string) {
			require.NoError(t, w.Domains.Operations.Beat(w.system(), sign))
		}
		quiet := func(sign string) {
			at := time.Now().UTC().Add(-time.Hour).Format("2006-01-02 15:04:05-07:00")
			require.NoError(t, w.Exec("UPDATE sweeps SET finished_at = '"+at+"' WHERE name = '"+sign+"'"))
		}

		says("")
		beat(operations.WorkerLooked)
		beat(operations.TemporalAnswered)
		says("")
		quiet(operations.TemporalAnswered)
		says("Nothing moves: Temporal has not answered the workers since")
		quiet(operations.WorkerLooked)
		says("Nothing moves: no worker has been heard from since")
		beat(operations.WorkerLooked)
		beat(operations.TemporalAnswered)
		says("")

		require.NoError(t, w.Exec("DELETE FROM sweeps"))
		w.underWay()
		w.Calendar.Set(storetest.Now.Add(time.Hour))
		says("Nothing moves: no worker has run yet")
	})
}

func TestBudget_Processes(t *testing.T) {
	w := issuerWorld(t)
	id, account := w.underWay()
	storetest.TakeOrders(t, w.Env, 60)
	b := w.signedIn(byRole[rules.OperatorManager])
	for _, path := range []string{
		processesPath, processesPath + "?standing=late&kind=RMA", processesPath + "?account=" + account,
		processesPath + "?q=acme", processPath(processes.RMA, id), Root,
	} {
		w.withinBudget(b, path)
	}
}

// The short names of months have a period in Portuguese, which ends no sentence.
func TestS55_WhatSomethingWaitsForIsNotCutAtADate(t *testing.T) {
	for sentence, lead := range map[string]string{
		"Aguardando até 30 dez. 2026 em São Paulo; depois disso expira. Só a pessoa aceita.": "Aguardando até 30 dez. 2026 em São Paulo",
		"Waiting for stock. An agent can set one aside.":                                     "Waiting for stock",
		"Nothing is pending: it can be canceled until 20 Dec 2026.":                          "Nothing is pending",
	} {
		require.Equal(t, lead, sentence[:endOfLead.FindStringIndex(sentence)[0]])
	}
}
