package api

import (
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
)

// eventHandlers answer what is asked about events for those outside.
type eventHandlers struct{ operations *operations.Operations }

func (h eventHandlers) routes(api huma.API) {
	read := route{
		Tag:          "Events",
		Scope:        ProcessesRead,
		Capability:   rules.ViewProcesses,
		OperatorOnly: true,
	}

	mount(api, read.get("list-events", "/v1/events",
		"List what finance and others outside have to know, oldest first").
		continuesBehind("evt"), h.listEvents)
}

// OutsideEventView is one event for those outside of the service.
type OutsideEventView struct {
	ID        string    `json:"id" doc:"Id of the event; never used twice, and later events have greater ones"`
	Kind      string    `json:"kind" enum:"rma_breached,fee_billed,fee_credited" doc:"What happened"`
	SubjectID string    `json:"subject_id" doc:"Id of the replacement or spare unit that it is about"`
	Why       string    `json:"why" doc:"Of a fee: non_return, damage, return (it came back late), waived, withdrawn (it had no ground), spare"`
	At        time.Time `json:"at" doc:"When it happened; an instant in UTC"`
}

type listEventsInput struct {
	ListInput
	Kind string `query:"kind" enum:"rma_breached,fee_billed,fee_credited" doc:"Only this kind"`
}

func (h eventHandlers) listEvents(
	ctx context.Context, in *listEventsInput,
) (*pageOf[OutsideEventView], error) {
	kind := db.OutboxKind("")
	if in.Kind != "" {
		kind = db.OutboxKind(outside + in.Kind)
	}

	events, next, err := h.operations.OutsideEvents(ctx, kind, in.page())
	return listed(events, next, err, func(e db.OutboxEvent) OutsideEventView {
		return OutsideEventView{
			ID:        e.ID,
			Kind:      strings.TrimPrefix(string(e.Kind), outside),
			SubjectID: e.SubjectID,
			Why:       e.Why(),
			At:        e.CreatedAt,
		}
	})
}

// outside begins the kinds of events for those outside.
const outside = "event."
