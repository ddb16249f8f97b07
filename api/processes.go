package api

import (
	"context"
	"net/url"
	"strings"
	"time"

	"roomcover.dev/roomcover/messages/process"
	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
)

func (s *service) processRoutes() {
	mount(s, route{ID: "list-processes", Method: get, Path: "/v1/processes", Tag: "Processes", Summary: "List what is under way, newest first",
		Description: "Every order, invitation, replacement, spare unit and shipment that is not finished or at rest, and every account that still lacks its customer success manager: what it waits for, since when, until when and who must act. Read from the database, so it answers with Temporal down.",
		Scope:       ProcessesRead, Capability: rules.ViewProcesses, OperatorOnly: true}, s.listProcesses)
	mount(s, route{ID: "count-processes", Method: get, Path: "/v1/processes/counts", Tag: "Processes", Summary: "Count what is under way by what it waits for",
		Scope: ProcessesRead, Capability: rules.ViewProcesses, OperatorOnly: true}, s.countProcesses)
}

// ProcessView is something under way.
type ProcessView struct {
	ID         string         `json:"id" doc:"Id of the order, invitation, replacement, spare unit, shipment or account"`
	Kind       processes.Kind `json:"kind" enum:"ORDER,INVITATION,RMA,SPARE,SHIPMENT,CSM"`
	State      string         `json:"state"`
	WaitsFor   string         `json:"waits_for"`
	Actor      string         `json:"actor" doc:"Who must act: OPERATOR, CUSTOMER, CARRIER, SYSTEM or NOBODY"`
	Since      time.Time      `json:"since"`
	Until      *time.Time     `json:"until,omitempty"`
	Overdue    bool           `json:"overdue"`
	AccountID  string         `json:"account_id,omitempty"`
	OrderID    string         `json:"order_id,omitempty"`
	LastError  string         `json:"last_error,omitempty"`
	WorkflowID string         `json:"workflow_id"`
	Link       string         `json:"link,omitempty" doc:"The workflow in the Temporal UI"`
	Sentence   string         `json:"sentence,omitempty" doc:"What it waits for, until when, what comes then and who can move it, for people to read"`
}

// processView returns how a process looks at an instant, in a locale's language.
func (s *service) processView(p models.Process, now time.Time, locale string) ProcessView {
	return ProcessView{
		ID:         p.ID,
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
		Link:       s.workflowLink(p.WorkflowID),
		Sentence: process.Sentence(process.Standing{
			Kind:     p.Kind,
			State:    p.State,
			WaitsFor: p.WaitsFor,
			Until:    p.Until,
			Zone:     p.TimeZone,
		}, now, locale),
	}
}

func (s *service) workflowLink(id string) string {
	if s.TemporalUI == "" || id == "" {
		return ""
	}
	return strings.TrimSuffix(s.TemporalUI, "/") + "/namespaces/" + url.PathEscape(s.Namespace) + "/workflows/" + url.PathEscape(id)
}

type listProcessesInput struct {
	ListInput
	Kind     string `query:"kind" enum:"ORDER,INVITATION,RMA,SPARE,SHIPMENT,CSM" doc:"Only this kind"`
	WaitsFor string `query:"waits_for" maxLength:"64" doc:"Only what waits for this"`
	Actor    string `query:"actor" enum:"OPERATOR,CUSTOMER,CARRIER,SYSTEM,NOBODY" doc:"Only what waits for this one to act"`
	Overdue  bool   `query:"overdue" doc:"Only what should have moved on by now: what is late"`
	DueBy    string `query:"due_by" maxLength:"40" format:"date-time" doc:"Only what waits until this instant at most: with the end of the day, what is due today"`
	Lang     string `query:"lang" enum:"en,pt-BR" default:"en" doc:"The language of the sentences"`
}

func (s *service) listProcesses(ctx context.Context, in *listProcessesInput) (*pageOf[ProcessView], error) {
	if in.WaitsFor != "" && !processes.KnownWait(in.WaitsFor) {
		return nil, invalidParameter("/query/waits_for", "Nothing ever waits for this.")
	}
	due, err := time.Parse(time.RFC3339, in.DueBy)
	if in.DueBy != "" && err != nil {
		return nil, rules.Refuse(codeParameter, "due_by is not an instant.", "Send one such as 2026-11-26T23:59:59Z.")
	}
	found, next, err := s.store.ListProcesses(ctx, models.ProcessFilter{
		Kind:     processes.Kind(in.Kind),
		WaitsFor: in.WaitsFor,
		Actor:    in.Actor,
		Overdue:  in.Overdue,
		DueBy:    due,
		Page:     in.page(),
	})
	now := s.store.Clock().Now()
	return listed(found, next, err, func(p models.Process) ProcessView { return s.processView(p, now, in.Lang) })
}

// ProcessCountView counts processes that wait for the same.
type ProcessCountView struct {
	Kind     processes.Kind `json:"kind" enum:"ORDER,INVITATION,RMA,SPARE,SHIPMENT,CSM"`
	WaitsFor string         `json:"waits_for"`
	Actor    string         `json:"actor"`
	Count    int64          `json:"count"`
}

func (s *service) countProcesses(ctx context.Context, _ *struct{}) (*pageOf[ProcessCountView], error) {
	counts, err := s.store.CountProcesses(ctx)
	return listed(counts, "", err, func(c models.ProcessCount) ProcessCountView {
		return ProcessCountView{c.Kind, c.WaitsFor, c.Actor, c.N}
	})
}
