package worker

import (
	"context"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/workflows"
)

// retryInvitation has an invitation's workflow try again, and starts a new run
// where Temporal has none: its row says what it still waits for.
func (r *relay) retryInvitation(ctx context.Context, id string, e models.OutboxEvent) error {
	plan, err := r.store.PlanInvitation(ctx, e.SubjectID)
	if err != nil || !plan.Live {
		return err
	}
	in := workflows.InvitationInput{InvitationID: e.SubjectID, ExpiresAt: plan.ExpiresAt}
	for _, reminder := range plan.Reminders {
		in.Reminders = append(in.Reminders, workflows.InvitationReminder{Day: reminder.Day, At: reminder.At})
	}
	return r.signalOrStart(ctx, r.options(id, "Invitation "+e.SubjectID, e), workflows.SignalRetry, nil, workflows.InvitationName, in)
}
