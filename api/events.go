package api

import (
	"context"
	"strings"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

func (s *service) eventRoutes() {
	mount(s, route{ID: "list-events", Method: get, Path: "/v1/events", Tag: "Events", Summary: "List what finance and others outside have to know, oldest first",
		Description: "Fees to bill (`fee_billed`) or to credit (`fee_credited`) and missed promises (`rma_breached`), each once. Keep the id of the last event that you have taken over, and read on with it as `cursor`: nothing is passed, since an event shows a minute after it happened.",
		Scope:       ProcessesRead, Capability: rules.ViewProcesses, OperatorOnly: true}, s.listEvents)
}

// OutsideEventView is one event for those outside of the service.
type OutsideEventView struct {
	ID        string    `json:"id" doc:"Never used twice; later events have greater ones"`
	Kind      string    `json:"kind" enum:"rma_breached,fee_billed,fee_credited"`
	SubjectID string    `json:"subject_id" doc:"The replacement or spare unit"`
	Why       string    `json:"why" doc:"Of a fee: non_return, damage, return (it came back late), waived, spare"`
	At        time.Time `json:"at"`
}

type listEventsInput struct {
	ListInput
	Kind string `query:"kind" enum:"rma_breached,fee_billed,fee_credited" doc:"Only this kind"`
}

func (s *service) listEvents(ctx context.Context, in *listEventsInput) (*pageOf[OutsideEventView], error) {
	kind := models.OutboxKind("")
	if in.Kind != "" {
		kind = models.OutboxKind(outside + in.Kind)
	}
	events, next, err := s.store.OutsideEvents(ctx, kind, in.page())
	return listed(events, next, err, func(e models.OutboxEvent) OutsideEventView {
		return OutsideEventView{e.ID, strings.TrimPrefix(string(e.Kind), outside), e.SubjectID, e.Why(), e.CreatedAt}
	})
}

// outside begins the kinds of events for those outside.
const outside = "event."
