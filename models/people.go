package models

import (
	"context"
	"errors"
	"strings"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// InvitationView is what the landing page may know of an invitation.
type InvitationView struct {
	Invitation Invitation
	Account    Account
	HasUser    bool // the invited person can sign in already
}

// InvitationByToken finds the invitation behind a link. An unknown token gives
// NOT_FOUND; one that can no longer be accepted gives INVITATION_EXPIRED,
// INVITATION_USED, INVITATION_SUPERSEDED or INVITATION_REVOKED. Reading never
// consumes (R47).
func (s *Store) InvitationByToken(ctx context.Context, token string) (InvitationView, error) {
	var v InvitationView
	err := s.tx(WithSystem(ctx), func(tx *gorm.DB, _ Scope) error {
		if err := found(tx.First(&v.Invitation, "token_hash = ?", HashSecret(token)).Error); err != nil {
			return err
		}
		if err := tx.First(&v.Account, "id = ?", v.Invitation.AccountID).Error; err != nil {
			return err
		}
		var n int64
		err := tx.Model(&User{}).Where("email = ?", v.Invitation.Email).Count(&n).Error
		v.HasUser = n > 0
		return err
	})
	if err != nil {
		return v, err
	}
	return v, s.acceptable(v.Invitation)
}

// acceptable refuses an invitation that is over (R121, R123). One that bounced
// is over too: its mailbox does not exist, so nobody can prove to own it.
func (s *Store) acceptable(inv Invitation) error {
	refuse := func(code, message string) error {
		return rules.Refuse(code, message, "Ask for a new invitation.")
	}
	switch inv.State {
	case rules.InvitationAccepted:
		return refuse(rules.InvitationUsed, "The invitation was used already.")
	case rules.InvitationWasReplaced:
		return refuse(rules.InvitationSuperseded, "A newer invitation replaces this one.")
	case rules.InvitationWasWithdrawn:
		return refuse(rules.InvitationRevoked, "The invitation was withdrawn.")
	}
	if !inv.State.Live() || !s.clock.Now().Before(inv.ExpiresAt) {
		return refuse(rules.InvitationExpired, "The invitation has expired.")
	}
	return nil
}

// Acceptance is what the invited person brings, after proving to own the
// invited address.
type Acceptance struct {
	InvitationID string
	Email        string // the proven address; must be the invited one (R47a)
	Name         string // required for a new user (R49b)
	PasswordHash string // encoded; ignored for an existing user
	Locale       string
}

// AcceptInvitation makes the person a member, creating the user when the
// address is new, and closes the invitation, in one transaction. Another
// person is refused with INVITATION_WRONG_PERSON and the invitation stays
// valid; the attempt is audited.
func (s *Store) AcceptInvitation(ctx context.Context, a Acceptance) (User, Membership, error) {
	var u User
	var m Membership
	wrong := rules.Refuse(rules.InvitationWrongPerson, "The invitation is for another person.", "Sign out and open the link as the person it was sent to.")
	var refused error
	err := s.tx(WithSystem(ctx), func(tx *gorm.DB, scope Scope) error {
		refused = nil
		inv, acc, err := s.lockInvitation(tx, a.InvitationID)
		if err != nil {
			return err
		}
		if err := s.acceptable(inv); err != nil {
			return err
		}
		if rules.NormaliseEmail(a.Email) != inv.Email {
			refused = wrong
			return s.appendAudit(tx, scope, acc.ID, &acc.ID, false, entry{"invitation.wrong_person", inv.ID, nil})
		}
		if u, err = s.ensureUser(tx, a, inv.Email); err != nil {
			return err
		}
		if m, err = s.join(tx, acc, inv, u); err != nil {
			return err
		}
		if err := s.closeInvitation(tx, &inv, rules.InvitationAccepted); err != nil {
			return err
		}
		scope.Actor.ID, scope.Actor.Role = u.ID, "INVITED_PERSON"
		return s.appendAudit(tx, scope, acc.ID, &acc.ID, false,
			entry{"invitation.accepted", inv.ID, map[string]any{"user": u.ID}}, entry{"membership.created", m.ID, map[string]any{"user": u.ID, "role": m.Role}})
	})
	if err == nil {
		err = refused
	}
	return u, m, err
}

func (s *Store) ensureUser(tx *gorm.DB, a Acceptance, email string) (User, error) {
	var u User
	err := s.forUpdate(tx).First(&u, "email = ?", email).Error
	if !errors.Is(err, gorm.ErrRecordNotFound) {
		return u, err
	}
	if a.Name = strings.TrimSpace(a.Name); a.Name == "" {
		return u, rules.Invalid([]rules.FieldError{{Pointer: "/name", Code: rules.Required, Message: "A person's name is missing.", Remedy: "Give your name."}})
	}
	u = User{ID: NewID(prefixUser), Email: email, Name: a.Name, PasswordHash: a.PasswordHash, Locale: a.Locale, CreatedAt: s.clock.Now()}
	return u, tx.Create(&u).Error
}

// join makes the user a member; the first person of an account becomes its
// administrator (R47b), and a member who was removed comes back.
func (s *Store) join(tx *gorm.DB, acc Account, inv Invitation, u User) (Membership, error) {
	if err := s.forUpdate(tx).First(&acc, "id = ?", acc.ID).Error; err != nil {
		return Membership{}, err
	}
	var admins int64
	err := tx.Model(&Membership{}).Where("account_id = ? AND role = ? AND state = ?", acc.ID, RoleAdmin, rules.MembershipActive).Count(&admins).Error
	if err != nil {
		return Membership{}, err
	}
	m := Membership{ID: NewID(prefixMembership), AccountID: acc.ID, UserID: u.ID, Role: inv.Role, State: rules.MembershipActive, InvitationID: &inv.ID, CreatedAt: s.clock.Now()}
	if admins == 0 {
		m.Role = RoleAdmin
	}
	var old Membership
	err = tx.First(&old, "account_id = ? AND user_id = ?", acc.ID, u.ID).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return m, tx.Create(&m).Error
	}
	if err != nil {
		return m, err
	}
	if old.State == rules.MembershipSuspended {
		return m, rules.Refuse(rules.Forbidden, "Your access to this account is suspended.", "Ask an administrator of the account to restore it.")
	}
	m.ID, m.CreatedAt = old.ID, old.CreatedAt
	return m, tx.Model(&Membership{}).Where("id = ?", m.ID).Select("role", "state", "invitation_id").Updates(&m).Error
}

// UserByEmail finds a user, NOT_FOUND for none.
func (s *Store) UserByEmail(ctx context.Context, email string) (User, error) {
	var u User
	err := s.tx(WithSystem(ctx), func(tx *gorm.DB, _ Scope) error {
		return found(tx.First(&u, "email = ?", rules.NormaliseEmail(email)).Error)
	})
	return u, err
}

// GetUser reads a user by id.
func (s *Store) GetUser(ctx context.Context, id string) (User, error) {
	var u User
	err := s.tx(WithSystem(ctx), func(tx *gorm.DB, _ Scope) error { return found(tx.First(&u, "id = ?", id).Error) })
	return u, err
}

// MembershipsOf lists a user's active memberships, oldest first.
func (s *Store) MembershipsOf(ctx context.Context, userID string) ([]Membership, error) {
	var out []Membership
	err := s.tx(WithSystem(ctx), func(tx *gorm.DB, _ Scope) error {
		return tx.Where("user_id = ? AND state = ?", userID, rules.MembershipActive).Order("id").Find(&out).Error
	})
	return out, err
}

// Member is a membership with its person.
type Member struct {
	Membership
	Name  string
	Email string
}

// MembersOf lists the people of an account.
func (s *Store) MembersOf(ctx context.Context, accountID string) ([]Member, error) {
	var out []Member
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		q := scope.accounts(tx.Table("memberships"), "account_id")
		return q.Select("memberships.*, u.name, u.email").Joins("JOIN users u ON u.id = memberships.user_id").
			Where("account_id = ? AND state <> ?", accountID, rules.MembershipRemoved).Order("memberships.id").Scan(&out).Error
	})
	return out, err
}

// ChangeMembership changes a member's role or state. The last active
// administrator can be neither demoted nor removed: LAST_ADMIN (S18). An operator
// alone may remove a wrong person who accepted, with a reason (R51b); the
// account then waits to be claimed anew.
func (s *Store) ChangeMembership(ctx context.Context, id string, role MemberRole, state rules.MembershipState, reason string) (Membership, error) {
	if err := rules.CheckOptionalReason(reason); err != nil {
		return Membership{}, err
	}
	var m Membership
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := found(scope.accounts(tx, "account_id").First(&m, "id = ?", id).Error); err != nil {
			return err
		}
		var acc Account
		if err := s.forUpdate(tx).First(&acc, "id = ?", m.AccountID).Error; err != nil {
			return err
		}
		if err := tx.First(&m, "id = ?", id).Error; err != nil {
			return err
		}
		if state != m.State && !m.State.CanBecome(state) {
			return rules.Refuse(rules.StateConflict, "The membership's state does not allow this.", "Read the membership again.")
		}
		removedByOperator := scope.Actor.Role.IsOperator() && state == rules.MembershipRemoved && strings.TrimSpace(reason) != ""
		if err := s.keepsAdmin(tx, m, role, state); err != nil && !removedByOperator {
			return err
		}
		before := map[string]any{"role": m.Role, "state": m.State}
		m.Role, m.State = role, state
		if err := tx.Model(&Membership{}).Where("id = ?", id).Select("role", "state").Updates(&m).Error; err != nil {
			return err
		}
		return s.appendAudit(tx, scope, m.AccountID, &m.AccountID, false, entry{"membership.changed", m.ID,
			map[string]any{"before": before, "after": map[string]any{"role": role, "state": state}, "reason": reason}})
	})
	return m, err
}

func (s *Store) keepsAdmin(tx *gorm.DB, m Membership, role MemberRole, state rules.MembershipState) error {
	wasAdmin := m.Role == RoleAdmin && m.State == rules.MembershipActive
	if !wasAdmin || (role == RoleAdmin && state == rules.MembershipActive) {
		return nil
	}
	var admins int64
	err := tx.Model(&Membership{}).Where("account_id = ? AND role = ? AND state = ?", m.AccountID, RoleAdmin, rules.MembershipActive).Count(&admins).Error
	if err != nil {
		return err
	}
	return rules.MayLoseAdmin(int(admins))
}

// SetPassword stores a new password hash, and ends every session of the user
// and every reset link that is still open.
func (s *Store) SetPassword(ctx context.Context, userID, passwordHash string) error {
	return s.tx(WithSystem(ctx), func(tx *gorm.DB, scope Scope) error { return s.setPassword(tx, scope, userID, passwordHash) })
}

func (s *Store) setPassword(tx *gorm.DB, scope Scope, userID, passwordHash string) error {
	if err := tx.Model(&User{}).Where("id = ?", userID).Update("password_hash", passwordHash).Error; err != nil {
		return err
	}
	if err := tx.Where("user_id = ?", userID).Delete(&Session{}).Error; err != nil {
		return err
	}
	err := tx.Model(&Challenge{}).Where("subject_id = ? AND purpose = ? AND consumed_at IS NULL", userID, ChallengePasswordReset).Update("consumed_at", realNow()).Error
	if err != nil {
		return err
	}
	scope.Actor.ID, scope.Actor.Role = userID, "USER"
	return s.appendAudit(tx, scope, userID, nil, false, entry{"user.password_changed", userID, nil})
}
