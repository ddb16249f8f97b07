package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/clock"
)

// Spare is the workflow of one spare unit (RULES 2). It ends where the unit comes to
// rest on site, since the contracts under which it lies there run for years and no
// code should have to be replayed for so long; what happens next starts it again.
type Spare struct {
	Clock clock.Clock
	Words Words
	Gate  Gate
}

// SpareInput names the spare unit, with its status where that is known.
type SpareInput struct {
	SpareUnitID string
	Status      *activities.Status `json:",omitempty"`
}

// Run is the workflow's function.
func (w Spare) Run(ctx workflow.Context, in SpareInput) error {
	return newFollower(ctx, w.Clock, w.Words, w.Gate, standingSpare, in.SpareUnitID, func(
		ctx workflow.Context, at time.Time,
	) workflow.Future {
		return workflow.ExecuteActivity(ctx, activities.NameRunSpareTimers, activities.SpareTimer{
			SpareUnitID: in.SpareUnitID,
			At:          at,
		})
	}).follow(ctx, in.Status)
}
