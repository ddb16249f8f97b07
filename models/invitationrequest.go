package models

import (
	"context"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// RequestInvitation asks the operators to send an invitation again (L123,
// R123): it raises one INVITATION_REQUESTED task for the latest invitation of
// the address in each account. It answers the same whether there is one or
// not, so that a visitor learns nothing. An accepted invitation raises no task:
// its person signs in.
func (s *Store) RequestInvitation(ctx context.Context, email string) error {
	return s.tx(WithSystem(ctx), func(tx *gorm.DB, scope Scope) error {
		var all []Invitation
		if err := tx.Where("email = ?", rules.NormaliseEmail(email)).Order("id DESC").Find(&all).Error; err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, inv := range all {
			if seen[inv.AccountID] {
				continue
			}
			seen[inv.AccountID] = true
			if err := s.askFor(tx, scope, inv); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) askFor(tx *gorm.DB, scope Scope, inv Invitation) error {
	if inv.State == rules.InvitationAccepted {
		return nil
	}
	err := s.raise(tx, OperatorTask{Kind: TaskInvitationRequested, SubjectID: inv.ID, AccountID: &inv.AccountID,
		What: "Check who asks, then send the invitation again.", Why: "The invited address asked for a new link on the portal."})
	if err != nil {
		return err
	}
	scope.Actor.ID, scope.Actor.Role = "visitor", "VISITOR"
	return s.appendAudit(tx, scope, inv.AccountID, &inv.AccountID, false, entry{"invitation.requested", inv.ID, nil})
}
