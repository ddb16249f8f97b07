package api

import (
	"context"
	"time"

	"cloud.google.com/go/civil"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
)

// agendaHandlers answer what is asked about the agenda.
type agendaHandlers struct {
	operations *operations.Operations
	links      workflowLinks
}

func (h agendaHandlers) routes(api huma.API) {
	read := route{
		Tag:          "Processes",
		Scope:        ProcessesRead,
		Capability:   rules.ViewProcesses,
		OperatorOnly: true,
	}

	mount(api, read.get("get-agenda", "/v1/agenda", "Say what is late, and what is due today"),
		h.getAgenda)
}

// AgendaView is what is late, and what is due on the day.
type AgendaView struct {
	On   string         `json:"on" format:"date" doc:"The day that was asked for, YYYY-MM-DD; otherwise today by the service's calendar, in time_zone"`
	Late AgendaListView `json:"late" doc:"What is late now, longest first"`
	Due  AgendaListView `json:"due" doc:"What is due on the day and not late yet"`
}

// AgendaListView is one list of an agenda.
type AgendaListView struct {
	Total      int64            `json:"total" doc:"How many entries there are on all pages"`
	ByKind     map[string]int64 `json:"by_kind" nullable:"false" doc:"The total, by kind"`
	Items      []AgendaItemView `json:"items" nullable:"false" doc:"The entries, the most urgent first"`
	NextCursor string           `json:"next_cursor,omitempty" doc:"Send it as late_cursor or due_cursor to go on; missing on the last page"`
}

// AgendaItemView is one line of an agenda.
type AgendaItemView struct {
	ID        string         `json:"id" doc:"Id of the order, invitation, replacement, spare unit, shipment, account or operator task"`
	Number    string         `json:"number,omitempty" doc:"For people, of the order, replacement or spare that it is or is for; missing: it has none"`
	Kind      processes.Kind `json:"kind" enum:"ORDER,INVITATION,RMA,SPARE,CSM,CONTACT,SHIPMENT,TASK" doc:"What kind of object it is"`
	State     string         `json:"state" doc:"Its state, as in its own resource"`
	WaitsFor  string         `json:"waits_for" doc:"What it waits for, as a stable word such as REVIEW_DECISION or STOCK"`
	Actor     string         `json:"actor" doc:"Who must act: OPERATOR, CUSTOMER, CARRIER, SYSTEM or NOBODY"`
	Since     time.Time      `json:"since" doc:"Since when it has waited; an instant in UTC"`
	Until     *time.Time     `json:"until,omitempty" doc:"Until when it waits, an instant in UTC; missing: the system should have done its step by itself"`
	DueOn     string         `json:"due_on,omitempty" format:"date" doc:"The last day in time, YYYY-MM-DD at the place"`
	TimeZone  string         `json:"time_zone" doc:"IANA name of the zone in which the days are counted"`
	Late      bool           `json:"late" doc:"Whether it is late now; what will be late on a day to come may still be in time"`
	Text      string         `json:"text" doc:"How late it is, or until when it waits; for people to read" example:"2 days late"`
	TaskKind  db.TaskKind    `json:"task_kind,omitempty" doc:"Of an operator task: its kind, such as REVIEW_ORDER"`
	What      string         `json:"what,omitempty" doc:"Of an operator task: what to do"`
	SubjectID string         `json:"subject_id" doc:"Id of what a shipment or a task is about; otherwise the entry's own id"`
	AccountID string         `json:"account_id,omitempty" doc:"Id of the customer's account, such as acc_01kb…"`
	OrderID   string         `json:"order_id,omitempty" doc:"Id of the order that it came from, such as ord_01kb…"`
	Path      string         `json:"path,omitempty" doc:"Where to read it in this API"`
	Link      string         `json:"link,omitempty" doc:"The workflow in the Temporal UI"`
}

// agendaPaths are where lines are read; an invitation is read with its account.
var agendaPaths = map[processes.Kind]string{
	processes.Order:    "/v1/orders/",
	processes.RMA:      "/v1/rmas/",
	processes.Spare:    "/v1/spare-units/",
	processes.Shipment: "/v1/shipments/",
	processes.Task:     "/v1/operator/tasks/",
	processes.CSM:      "/v1/accounts/",
	processes.Contact:  "/v1/contact-questions/",
}

func (h agendaHandlers) agendaItemView(a operations.AgendaItem) AgendaItemView {
	v := AgendaItemView{
		ID:        a.ID,
		Number:    a.Number,
		Kind:      a.Kind,
		State:     a.State,
		WaitsFor:  a.WaitsFor,
		Actor:     a.Actor,
		Since:     a.Since,
		Until:     a.Until,
		TimeZone:  a.Zone,
		Late:      a.Overdue,
		Text:      a.DueText,
		TaskKind:  a.TaskKind,
		What:      a.What,
		SubjectID: a.SubjectID,
		AccountID: text(a.AccountID),
		OrderID:   text(a.OrderID),
		Link:      h.links.workflow(a.WorkflowID),
	}

	if a.Until != nil {
		v.DueOn = rules.LastCoveredDay(*a.Until, db.ZoneOf(a.Zone)).String()
	}
	if path, ok := agendaPaths[a.Kind]; ok {
		v.Path = path + a.ID
	}

	return v
}

func (h agendaHandlers) agendaListView(l operations.AgendaList) AgendaListView {
	v := AgendaListView{
		ByKind:     map[string]int64{},
		Items:      viewed(l.Items, h.agendaItemView),
		NextCursor: l.Next.String(),
	}

	for kind, n := range l.Total {
		v.ByKind[string(kind)] = n
		v.Total += n
	}

	return v
}

type agendaInput struct {
	On         string `query:"on" maxLength:"10" format:"date" doc:"The day, YYYY-MM-DD in the zone of each line's place; missing: today there. Not one that is over"`
	TimeZone   string `query:"time_zone" maxLength:"64" default:"UTC" doc:"IANA name: where the day of tasks, and of whatever has no place, begins"`
	AccountID  string `query:"account_id" maxLength:"64" doc:"Only of this account"`
	Limit      int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many of each list at most"`
	LateCursor string `query:"late_cursor" doc:"next_cursor of the list late"`
	DueCursor  string `query:"due_cursor" doc:"next_cursor of the list due"`
}

func (in agendaInput) asked() (operations.AgendaQuery, error) {
	q := operations.AgendaQuery{Zone: in.TimeZone, AccountID: in.AccountID, Limit: in.Limit}
	if in.On != "" {
		day, err := civil.ParseDate(in.On)
		if err != nil || !day.IsValid() {
			return q, invalidParameter("/query/on", "This is not a calendar date.")
		}
		q.On = &day
	}

	var err error
	if q.LateAfter, err = operations.ParseAgendaCursor("/query/late_cursor",
		in.LateCursor); err != nil {
		return q, err
	}

	q.DueAfter, err = operations.ParseAgendaCursor("/query/due_cursor", in.DueCursor)
	return q, err
}

func (h agendaHandlers) getAgenda(ctx context.Context, in *agendaInput) (*one[AgendaView], error) {
	q, err := in.asked()
	if err != nil {
		return nil, err
	}

	a, err := h.operations.Agenda(ctx, q)
	return single(a, err, func(a operations.Agenda) AgendaView {
		return AgendaView{a.On.String(), h.agendaListView(a.Late), h.agendaListView(a.Due)}
	})
}
