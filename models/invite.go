package models

import (
	"context"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// NewInvite is an invitation that a person asks for: an operator for an extra
// person (R105), an administrator for a colleague (R117b).
type NewInvite struct {
	AccountID   string
	Email       string
	ContactName string
	Role        MemberRole
	Kind        InvitationKind
	Reason      string // R105: the audit links the request
}

// Invite issues a personal invitation. A live one to the same person answers
// STATE_CONFLICT; an account at its limit of users answers USER_LIMIT (S19).
func (s *Store) Invite(ctx context.Context, n NewInvite) (Invitation, error) {
	if err := n.validate(); err != nil {
		return Invitation{}, err
	}
	ref, err := s.Reference(ctx)
	if err != nil {
		return Invitation{}, err
	}
	var inv Invitation
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		var acc Account
		if err := found(s.forUpdate(scope.accounts(tx, "id")).First(&acc, "id = ?", n.AccountID).Error); err != nil {
			return err
		}
		if err := s.roomForUser(tx, acc); err != nil {
			return err
		}
		inv = s.newInvitation(ref, acc, rules.NormaliseEmail(n.Email), n.ContactName, n.Role)
		inv.Kind, inv.InvitedBy = n.Kind, scope.Actor.ID
		if err := s.refuseIfInside(tx, inv); err != nil {
			return err
		}
		return s.issue(tx, scope, ref, acc, inv, entry{"invitation.issued", inv.ID, map[string]any{"kind": n.Kind, "role": n.Role, "reason": n.Reason}})
	})
	return inv, err
}

func (s *Store) issue(tx *gorm.DB, scope Scope, ref Reference, acc Account, inv Invitation, e entry) error {
	if err := s.insertInvitation(tx, ref, acc, inv); err != nil {
		return err
	}
	if err := s.queueMail(tx, invitationMail(inv, acc, "invitation", "1")); err != nil {
		return err
	}
	return s.appendAudit(tx, scope, acc.ID, &acc.ID, false, e)
}

func (n NewInvite) validate() error {
	var fields []rules.FieldError
	if !rules.ValidEmail(n.Email) {
		fields = append(fields, rules.FieldError{Pointer: "/email", Code: rules.InvalidEmail, Message: "This is not one e-mail address.", Remedy: "Give the person's own address."})
	}
	if n.Role != RoleAdmin && n.Role != RoleReadOnly {
		fields = append(fields, rules.FieldError{Pointer: "/role", Code: "INVALID_ROLE", Message: "There is no such role.", Remedy: "Give ADMIN or READ_ONLY."})
	}
	return rules.Invalid(append(fields, rules.CheckLine("/contact_name", n.ContactName, rules.MaxContactName)...))
}

// forAnother checks the recipient that an invitation changes to: a named
// person (R115a).
func (n NewInvite) forAnother(old Invitation) error {
	if err := n.validate(); err != nil {
		return err
	}
	if n.ContactName == "" && rules.NormaliseEmail(n.Email) != old.Email {
		return rules.Invalid([]rules.FieldError{{Pointer: "/contact_name", Code: rules.Required, Message: "The other person's name is missing.", Remedy: "Give the name along with the address."}})
	}
	return nil
}

// roomForUser holds an account to its limit; an open invitation counts (S19).
func (s *Store) roomForUser(tx *gorm.DB, acc Account) error {
	var users int64
	err := tx.Model(&Membership{}).Where("account_id = ? AND state <> ?", acc.ID, rules.MembershipRemoved).Count(&users).Error
	if err != nil {
		return err
	}
	var invited int64
	err = tx.Model(&Invitation{}).Where("account_id = ? AND state IN ? AND expires_at > ?", acc.ID, liveInvitations, s.clock.Now()).Count(&invited).Error
	if err != nil {
		return err
	}
	return rules.MayAddUser(int(users+invited), acc.UserLimit)
}

// refuseIfInside refuses a second invitation or membership of one person.
func (s *Store) refuseIfInside(tx *gorm.DB, inv Invitation) error {
	var n int64
	err := tx.Model(&Invitation{}).Where("account_id = ? AND email = ? AND state IN ?", inv.AccountID, inv.Email, liveInvitations).Count(&n).Error
	if err != nil {
		return err
	}
	if n > 0 {
		return rules.Refuse(rules.StateConflict, "This person has an invitation already.", "Send that invitation again instead of a second one.")
	}
	err = tx.Table("memberships m").Joins("JOIN users u ON u.id = m.user_id").
		Where("m.account_id = ? AND u.email = ? AND m.state <> ?", inv.AccountID, inv.Email, rules.MembershipRemoved).Count(&n).Error
	if err == nil && n > 0 {
		return rules.Refuse(rules.StateConflict, "This person is a member of the account already.", "Change the member's role instead.")
	}
	return err
}

// Reissue sends an invitation again: a new row and token with a fresh window,
// the old link dead for good (R51a, R123). A different email changes the
// recipient (R51b); the reason goes into the audit.
func (s *Store) Reissue(ctx context.Context, id, email, name, reason string) (Invitation, error) {
	if err := rules.CheckOptionalReason(reason); err != nil {
		return Invitation{}, err
	}
	ref, err := s.Reference(ctx)
	if err != nil {
		return Invitation{}, err
	}
	var inv Invitation
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		var old Invitation
		if err := found(s.forUpdate(scope.accounts(tx, "account_id")).First(&old, "id = ?", id).Error); err != nil {
			return err
		}
		var acc Account
		if err := s.forUpdate(tx).First(&acc, "id = ?", old.AccountID).Error; err != nil {
			return err
		}
		if email == "" {
			email, name = old.Email, old.ContactName
		}
		if err := (NewInvite{Email: email, ContactName: name, Role: old.Role}).forAnother(old); err != nil {
			return err
		}
		inv = s.newInvitation(ref, acc, rules.NormaliseEmail(email), name, old.Role)
		inv.Kind, inv.OrderID, inv.InvitedBy = old.Kind, old.OrderID, scope.Actor.ID
		if err := s.supersede(tx, &inv, old); err != nil {
			return err
		}
		if err := s.refuseIfInside(tx, inv); err != nil {
			return err
		}
		if err := s.settleInvitation(tx, scope, old); err != nil {
			return err
		}
		return s.issue(tx, scope, ref, acc, inv, entry{"invitation.reissued", inv.ID, map[string]any{"supersedes": old.ID, "reason": reason, "recipient_changed": inv.Email != old.Email}})
	})
	return inv, err
}

// settleInvitation closes what an invitation asked of an operator, now that a
// new one takes its place: the tasks, and the flag of its order (S17).
func (s *Store) settleInvitation(tx *gorm.DB, scope Scope, old Invitation) error {
	for _, kind := range []TaskKind{TaskInvitationUnclaimed, TaskInvitationRequested} {
		if err := s.settle(tx, scope, kind, old.ID, "reissued"); err != nil {
			return err
		}
	}
	mails := tx.Model(&Notification{}).Select("id").Where("subject_id = ?", old.ID)
	unsent := tx.Where("kind IN ? AND subject_id IN (?)", []TaskKind{TaskMailUndeliverable, TaskMailUnknown}, mails)
	err := s.settleWhere(unsent, scope, "reissued")
	if err != nil || old.OrderID == nil {
		return err
	}
	return tx.Model(&Order{}).Where("id = ? AND invitation_failed", *old.OrderID).Update("invitation_failed", false).Error
}

// RevokeInvitation ends a live invitation.
func (s *Store) RevokeInvitation(ctx context.Context, id, reason string) (Invitation, error) {
	if err := rules.CheckOptionalReason(reason); err != nil {
		return Invitation{}, err
	}
	var inv Invitation
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := found(s.forUpdate(scope.accounts(tx, "account_id")).First(&inv, "id = ?", id).Error); err != nil {
			return err
		}
		if err := s.closeInvitation(tx, &inv, rules.InvitationWasWithdrawn); err != nil {
			return err
		}
		return s.appendAudit(tx, scope, inv.AccountID, &inv.AccountID, false, entry{"invitation.revoked", inv.ID, map[string]any{"reason": reason}})
	})
	return inv, err
}
