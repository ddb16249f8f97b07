package api

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/messages/process"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
)

// processHandlers answer what is asked about what is under way.
type processHandlers struct {
	db         *db.DB
	operations *operations.Operations
	links      workflowLinks
}

func (h processHandlers) routes(api huma.API) {
	watch := route{
		Tag:          "Processes",
		Scope:        ProcessesRead,
		Capability:   rules.ViewProcesses,
		OperatorOnly: true,
	}

	mount(api, watch.get("list-processes", "/v1/processes", "List what is under way, newest first"),
		h.listProcesses)
	mount(api, watch.get("count-processes", "/v1/processes/counts",
		"Count what is under way by what it waits for"), h.countProcesses)
}

// ProcessView is something under way.
type ProcessView struct {
	ID         string         `json:"id" doc:"Id of the order, invitation, replacement, spare unit, shipment, account or question about a person"`
	Number     string         `json:"number,omitempty" doc:"For people, of the order, replacement or spare that it is or is for; missing: it has none"`
	Kind       processes.Kind `json:"kind" enum:"ORDER,INVITATION,RMA,SPARE,SHIPMENT,CSM,CONTACT,TICKET" doc:"What kind of process it is"`
	State      string         `json:"state" doc:"Its state, as in its own resource"`
	WaitsFor   string         `json:"waits_for" doc:"What it waits for, as a stable word such as REVIEW_DECISION or STOCK"`
	Actor      string         `json:"actor" doc:"Who must act: OPERATOR, CUSTOMER, CARRIER, SYSTEM or NOBODY"`
	Since      time.Time      `json:"since" doc:"Since when it has waited; an instant in UTC"`
	Until      *time.Time     `json:"until,omitempty" doc:"Until when it waits; an instant in UTC, missing where there is no such instant"`
	Overdue    bool           `json:"overdue" doc:"Whether that instant has passed"`
	AccountID  string         `json:"account_id,omitempty" doc:"Id of the customer's account, such as acc_01kb…"`
	OrderID    string         `json:"order_id,omitempty" doc:"Id of the order that it came from, such as ord_01kb…"`
	LastError  string         `json:"last_error,omitempty" doc:"Why the last step failed, in short; missing when none did"`
	WorkflowID string         `json:"workflow_id" doc:"Id of its workflow in Temporal, such as order/ord_01kb…"`
	Link       string         `json:"link,omitempty" doc:"The workflow in the Temporal UI"`
	Sentence   string         `json:"sentence,omitempty" doc:"What it waits for, until when, what comes then and who can move it, for people to read"`
}

// processView returns how a process looks at an instant, in a locale's language.
func (h processHandlers) processView(
	p operations.Process, now time.Time, locale string,
) ProcessView {
	return ProcessView{
		ID:         p.ID,
		Number:     p.Number,
		Kind:       p.Kind,
		State:      p.State,
		WaitsFor:   p.WaitsFor,
		Actor:      p.Actor,
		Since:      p.Since,
		Until:      p.Until,
		Overdue:    p.Overdue,
		AccountID:  text(p.AccountID),
		OrderID:    text(p.OrderID),
		LastError:  p.LastError,
		WorkflowID: p.WorkflowID,
		Link:       h.links.workflow(p.WorkflowID),
		Sentence: process.Sentence(process.Standing{
			Kind:     p.Kind,
			State:    p.State,
			WaitsFor: p.WaitsFor,
			Until:    p.Until,
			Zone:     p.TimeZone,
		}, now, locale),
	}
}

// workflowLinks lead to the Temporal UI; without its address there are none.
type workflowLinks struct{ ui, namespace string }

func (l workflowLinks) workflow(id string) string {
	if l.ui == "" || id == "" {
		return ""
	}
	return strings.TrimSuffix(l.ui, "/") +
		"/namespaces/" + url.PathEscape(l.namespace) +
		"/workflows/" + url.PathEscape(id)
}

type listProcessesInput struct {
	ListInput
	ID       string `query:"id" maxLength:"64" doc:"Only this order, invitation, replacement, spare unit, shipment or account, by its id; a replacement or a spare unit by its number too"`
	Kind     string `query:"kind" enum:"ORDER,INVITATION,RMA,SPARE,SHIPMENT,CSM,CONTACT,TICKET" doc:"Only this kind"`
	State    string `query:"state" maxLength:"64" doc:"Only what is in this state, as in its own resource"`
	Account  string `query:"account_id" maxLength:"64" doc:"Only of this customer's account"`
	WaitsFor string `query:"waits_for" maxLength:"64" doc:"Only what waits for this"`
	Actor    string `query:"actor" enum:"OPERATOR,CUSTOMER,CARRIER,SYSTEM,NOBODY" doc:"Only what waits for this one to act"`
	Overdue  bool   `query:"overdue" doc:"Only what should have moved on by now: what is late"`
	Stuck    bool   `query:"stuck" doc:"Only what stands still: a step that comes by itself has not come"`
	DueBy    string `query:"due_by" maxLength:"40" format:"date-time" doc:"Only what waits until this instant at most: with the end of the day, what is due today"`
	Lang     string `query:"lang" enum:"en,pt-BR" default:"en" doc:"The language of the sentences"`
}

func (h processHandlers) listProcesses(
	ctx context.Context, in *listProcessesInput,
) (*pageOf[ProcessView], error) {
	if in.WaitsFor != "" && !processes.KnownWait(in.WaitsFor) {
		return nil, invalidParameter("/query/waits_for", "Nothing ever waits for this.")
	}

	due, err := time.Parse(time.RFC3339, in.DueBy)
	if in.DueBy != "" && err != nil {
		return nil, rules.Refuse(codeParameter, "due_by is not an instant.",
			"Send one such as 2026-11-26T23:59:59Z.")
	}

	found, next, err := h.operations.ListProcesses(ctx, operations.ProcessFilter{
		ID:        in.ID,
		Kind:      processes.Kind(in.Kind),
		State:     in.State,
		WaitsFor:  in.WaitsFor,
		Actor:     in.Actor,
		AccountID: in.Account,
		Overdue:   in.Overdue,
		Stuck:     in.Stuck,
		DueBy:     due,
		Page:      in.page(),
	})

	now := h.db.Clock().Now()
	return listed(found, next, err, func(p operations.Process) ProcessView {
		return h.processView(p, now, in.Lang)
	})
}

// ProcessCountView counts processes that wait for the same.
type ProcessCountView struct {
	Kind     processes.Kind `json:"kind" enum:"ORDER,INVITATION,RMA,SPARE,SHIPMENT,CSM,CONTACT,TICKET" doc:"What kind of process it is"`
	WaitsFor string         `json:"waits_for" doc:"What they wait for, as a stable word such as REVIEW_DECISION or STOCK"`
	Actor    string         `json:"actor" doc:"Who must act: OPERATOR, CUSTOMER, CARRIER, SYSTEM or NOBODY"`
	Count    int64          `json:"count" doc:"How many of this kind wait for it"`
}

func (h processHandlers) countProcesses(
	ctx context.Context, _ *struct{},
) (*pageOf[ProcessCountView], error) {
	counts, err := h.operations.CountProcesses(ctx)
	return listed(counts, "", err, func(c operations.ProcessCount) ProcessCountView {
		return ProcessCountView{
			Kind:     c.Kind,
			WaitsFor: c.WaitsFor,
			Actor:    c.Actor,
			Count:    c.N,
		}
	})
}
