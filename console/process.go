package console

import (
	"cmp"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/chart"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/web"
)

// processPath is the page of something that is under way, whatever its kind.
// A ticket has none but its own.
func processPath(kind processes.Kind, id string) string {
	if kind == processes.Ticket {
		return ticketPath(id)
	}
	return processesPath + "/" + kind.Name() + "/" + url.PathEscape(id)
}

// processPage is something under way, or what was: what it waits for, its chart, its history.
type processPage struct {
	Warning  string // nothing moves at all
	Over     bool   // it waits for nothing any more
	Customer string
	Badge    web.Badge
	Due      web.Due
	Lead     string // what it waits for
	Rest     string // until when, what comes then, who can move it
	Facts    []web.Fact
	Failure  string // why its last step failed, in plain words
	Error    string // the same as the step said it, in English
	Retry    string // address of trying it again; empty: not by this operator, or not now
	Retries  string // what becomes of the failed step by itself
	Chart    template.HTML
	History  []web.Moment
	Own      string // address of the page of its own
	Temporal string // address in Temporal's UI
}

// showProcess shows one process. One that has ended is shown by what the audit says of it.
func showProcess(v *visit) (answer, error) {
	kind := processes.Kind(strings.ToUpper(v.param("kind")))
	if !slices.Contains(processes.Kinds(), kind) {
		return answer{}, errNoPage
	}
	found, _, err := v.operations.ListProcesses(v.scope(),
		operations.ProcessFilter{Kind: kind, ID: v.param("id")})
	if err != nil {
		return answer{}, err
	}

	one := operations.Process{ID: v.param("id"), Kind: kind}
	if len(found) > 0 {
		one = found[0]
	}
	history, err := v.db.Timeline(v.scope(), one.ID)
	if err != nil {
		return answer{}, err
	}
	if len(found) == 0 && len(history) == 0 {
		return answer{}, errNoPage
	}
	if len(found) == 0 {
		one.AccountID = history[len(history)-1].AccountID
		if one.TimeZone, err = v.zoneOf(one.AccountID); err != nil {
			return answer{}, err
		}
	}
	names, err := v.namesOfHistory(one, history)
	if err != nil {
		return answer{}, err
	}

	p := processPage{
		Customer: names[db.Text(one.AccountID)],
		Over:     len(found) == 0,
		History:  v.history(history, names, one.TimeZone),
		Own:      v.pageOfThing(one.ID, ""),
	}
	if p.Warning, err = v.standstill(); err != nil {
		return answer{}, err
	}
	if !p.Over {
		if err := v.fillProcess(&p, one); err != nil {
			return answer{}, err
		}
	}
	p.Facts = v.processFacts(one, names)
	if p.Chart, err = v.chartOf(one, history); err != nil {
		return answer{}, err
	}
	return answer{page: "process", title: v.subjectOf(one, names), data: p, live: true}, nil
}

// zoneOf is the zone of a customer, or the console's own where there is none.
func (v *visit) zoneOf(accountID *string) (string, error) {
	if accountID == nil {
		return v.zone, nil
	}
	acc, err := v.accounts.GetAccount(v.scope(), *accountID)
	return cmp.Or(acc.TimeZone, v.zone), err
}

// fillProcess tells what is known of something that is still under way.
func (v *visit) fillProcess(p *processPage, one operations.Process) error {
	p.Badge = v.standing(one)
	p.Lead, p.Rest = v.leadOf(one)
	p.Failure = v.failureWords(one.LastError)
	p.Error = one.LastError
	if one.Until != nil {
		p.Due = v.dueAt(*one.Until, cmp.Or(one.TimeZone, v.zone))
	}
	p.Temporal = v.temporal.workflow(one.WorkflowID)
	if one.LastError == "" && !one.Overdue {
		return nil
	}

	tasks, _, err := v.db.ListTasks(v.scope(), db.TaskFilter{
		Kind:      db.TaskProcessStuck,
		State:     db.TaskOpen,
		SubjectID: one.ID,
		Page:      db.Page{Limit: 1},
	})
	if err != nil {
		return err
	}
	switch {
	case len(tasks) > 0 && v.mayDo(rules.WorkTasks):
		p.Retry = taskPath(tasks[0].ID) + "/do/" + operations.ActRetry
	case len(tasks) > 0:
		p.Retries = v.say("console.processes.retry.agent")
	case one.LastError != "":
		p.Retries = v.say("console.processes.retry.itself")
	}
	return nil
}

func (v *visit) processFacts(one operations.Process, names map[string]string) []web.Fact {
	facts := []web.Fact{{
		Term:  v.say("console.processes.column.process"),
		Value: web.Joined(v.language.Say("console.process."+string(one.Kind)), one.Number),
	}}
	if name := names[one.ID]; name != "" {
		facts = append(facts, web.Fact{Term: v.say("console.processes.fact.what"), Value: name})
	}
	if customer := names[db.Text(one.AccountID)]; customer != "" {
		facts = append(facts, web.Fact{
			Term:  v.say("console.facet.account"),
			Value: customer,
			Link: cmp.Or(v.pageOfThing("", db.Text(one.AccountID)),
				web.ListAddress(processesPath, "account", db.Text(one.AccountID))),
		})
	}
	if one.State == "" {
		return facts
	}
	facts = append(facts,
		web.Fact{
			Term:  v.say("console.processes.column.state"),
			Value: v.stateName(one.Kind, one.State),
		},
		web.Fact{
			Term:  v.say("console.processes.column.actor"),
			Value: v.language.Say("console.processes.actor." + one.Actor),
		},
		web.Fact{
			Term:  v.say("console.processes.column.since"),
			Value: v.moment(one.Since, one.TimeZone),
		},
	)
	if one.Until != nil {
		facts = append(facts, web.Fact{
			Term:  v.say("console.processes.column.until"),
			Value: v.lastMoment(*one.Until, one.TimeZone),
		})
	}
	return facts
}

// lastMoment says until when something waits: a time, or, where a whole day counts, that day and
// not the midnight after it (C2).
func (v *visit) lastMoment(end time.Time, zone string) string {
	there := end.In(web.Zone(cmp.Or(zone, v.zone)))
	if there.Hour() != 0 || there.Minute() != 0 {
		return v.moment(end, zone)
	}
	return v.lastDay(end, cmp.Or(zone, v.zone)).Text
}

// chartOf draws the states of a process, with the one that it is in, those that it was in as
// far as the audit tells, and those that come next.
func (v *visit) chartOf(
	one operations.Process, history []db.AuditEvent,
) (template.HTML, error) {
	been := map[string]bool{}
	for _, e := range history {
		if state, ok := e.Details["state"].(string); ok {
			been[state] = true
		}
		_, verb, _ := strings.Cut(e.Verb, ".")
		been[strings.ToUpper(verb)] = true
	}

	for _, c := range processes.Charts() {
		if c.Name != one.Kind.Name() {
			continue
		}
		drawn := chart.States{
			ID:    "states",
			Title: v.say("console.processes.chart.title"),
			Description: v.say("console.processes.chart.text",
				"state", v.stateName(one.Kind, one.State)),
		}
		if one.State == "" {
			drawn.Description = v.say("console.processes.over")
		}
		next := map[string]bool{}
		for _, a := range c.Arrows {
			if a.From == one.State && one.State != "" {
				next[a.To] = true
			}
			if a.From != "" {
				drawn.Arrows = append(drawn.Arrows, chart.Arrow{From: a.From, To: a.To})
			}
		}
		for _, state := range c.States {
			s := chart.State{Key: state, Name: v.stateName(one.Kind, state)}
			switch {
			case state == one.State:
				s.Phase = chart.Now
			case been[state]:
				s.Phase = chart.Past
			case next[state]:
				s.Phase = chart.Next
			}
			drawn.States = append(drawn.States, s)
		}
		return drawn.SVG(v.language)
	}
	return "", fmt.Errorf("console: there is no chart of %s", one.Kind)
}

// pageOrNone is the address of a page that the operator may open; empty where it is none.
func (v *visit) pageOrNone(link string) string {
	path, _, _ := strings.Cut(link, "?")
	for _, r := range v.table {
		if r.method == get && r.leadsTo(path) && r.allows(v.who.Role) {
			return link
		}
	}
	return ""
}

// temporalUI leads to Temporal's own pages; without its address there are none.
type temporalUI struct{ address, namespace string }

func (t temporalUI) workflow(id string) string {
	if t.address == "" || id == "" {
		return ""
	}
	return strings.TrimSuffix(t.address, "/") + "/namespaces/" + url.PathEscape(t.namespace) +
		"/workflows/" + url.PathEscape(id)
}
