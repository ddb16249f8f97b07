package worker

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/workflows"
)

// retryInvitation has an invitation's workflow try again, and starts a new run
// where Temporal has none: its row says what it still waits for.
func (r *relay) retryInvitation(ctx context.Context, id string, e db.OutboxEvent) error {
	plan, err := r.people.PlanInvitation(ctx, e.SubjectID)
	if err != nil || !plan.Live {
		return err
	}

	in := workflows.InvitationInput{InvitationID: e.SubjectID, ExpiresAt: plan.ExpiresAt}
	for _, reminder := range plan.Reminders {
		in.Reminders = append(in.Reminders, workflows.InvitationReminder{
			Day: reminder.Day,
			At:  reminder.At,
		})
	}

	return r.signalOrStart(ctx, r.options(id, "Invitation", e), workflows.SignalRetry,
		nil, workflows.InvitationName, in)
}

// invitationInput reads the instants that were fixed when the invitation was
// issued.
func invitationInput(e db.OutboxEvent) (workflows.InvitationInput, error) {
	in := workflows.InvitationInput{InvitationID: e.SubjectID}
	for key, value := range e.Payload {
		at, err := time.Parse(time.RFC3339Nano, value)
		if err != nil {
			continue
		}

		day, ok := strings.CutPrefix(key, db.PayloadReminder)
		switch n, err := strconv.Atoi(day); {
		case key == db.PayloadExpiresAt:
			in.ExpiresAt = at
		case ok && err == nil:
			in.Reminders = append(in.Reminders, workflows.InvitationReminder{Day: n, At: at})
		}
	}

	if in.ExpiresAt.IsZero() {
		return in, errors.New("the event does not say when the invitation expires")
	}

	in.SortReminders()
	return in, nil
}
