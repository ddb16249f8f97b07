package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/clock"
)

// RMA is the workflow of one RMA (RULES 2). A unit that comes back after the end, or
// an appeal, starts it again.
type RMA struct {
	Clock clock.Clock
	Words Words
	Gate  Gate
}

// RMAInput names the RMA, with its status where that is known.
type RMAInput struct {
	RMAID  string
	Status *activities.Status `json:",omitempty"`
}

// Run is the workflow's function.
func (w RMA) Run(ctx workflow.Context, in RMAInput) error {
	return newFollower(ctx, w.Clock, w.Words, w.Gate, standingRMA, in.RMAID, func(
		ctx workflow.Context, at time.Time,
	) workflow.Future {
		return workflow.ExecuteActivity(ctx, activities.NameRunRMATimers, activities.RMATimer{
			RMAID: in.RMAID,
			At:    at,
		})
	}).follow(ctx, in.Status)
}
