package activities

import (
	"context"

	"roomcover.dev/roomcover/models/identity"
)

// Invitations are the steps of an invitation.
type Invitations struct{ People *identity.People }

// Remind queues a reminder while the invitation is live.
func (a *Invitations) Remind(ctx context.Context, in InvitationReminder) (InvitationStatus, error) {
	live, err := a.People.RemindInvitation(system(ctx), in.InvitationID, in.Day, in.Next)
	return InvitationStatus{Live: live}, failed(err)
}

// Expire ends an invitation whose time is over.
func (a *Invitations) Expire(ctx context.Context, invitationID string) error {
	ctx = system(ctx)
	if err := a.People.ExpireInvitation(ctx, invitationID); err != nil {
		return failed(err)
	}

	inv, err := a.People.GetInvitation(ctx, invitationID)
	if err != nil {
		return failed(err)
	}

	if inv.State.Live() {
		return errTooEarly
	}
	return nil
}
