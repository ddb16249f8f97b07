package workflows

import (
	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/clock"
)

// Mail is the workflow of one mail that belongs to no order's or invitation's
// own course: a one-time code, a notice, a mail that an operator sends again.
type Mail struct {
	Clock clock.Clock
	Words Words
	Gate  Gate
}

// Run is the workflow's function.
func (w Mail) Run(ctx workflow.Context, in MailInput) error {
	p := newProcess(ctx, w.Clock, w.Words, w.Gate, in.NotificationID)

	p.show(ctx, Standing{Process: standingMail, State: "QUEUED"})

	// Queued again while the last attempt comes to its end, the mail is sent once more.
	for {
		p.forgetRetries()
		p.sendMails(ctx, in.NotificationID, "Send the mail")
		if err := p.awaitBackground(ctx); err != nil || p.retry.Len() == 0 {
			return err
		}
	}
}
