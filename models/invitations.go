package models

import (
	"context"
	"errors"
	"strconv"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// inviteForOrder decides by S15 whether the end customer is invited, and
// writes the invitation with its outbox row. A zero Invitation means that none
// is needed.
func (s *Store) inviteForOrder(tx *gorm.DB, ref Reference, o *Order, acc Account, fresh bool) (Invitation, rules.InvitationAction, error) {
	email := rules.NormaliseEmail(o.Payload.EndCustomer.Email)
	facts, pending, err := s.invitationFacts(tx, acc.ID, email, fresh)
	if err != nil {
		return Invitation{}, "", err
	}
	now := s.clock.Now()
	if loc, err := time.LoadLocation(acc.TimeZone); err == nil {
		now = now.In(loc) // the seven days of S15 are calendar days
	}
	plan := rules.DecideInvitation(facts, now, ref.Program.InviteKeepDays)
	if plan == rules.InviteKeep && pending.Role != RoleAdmin {
		plan = rules.InviteSupersede // the order's contact becomes an administrator (S15)
	}
	inv := s.newInvitation(ref, acc, email, o.Payload.EndCustomer.ContactName, RoleAdmin)
	inv.OrderID, inv.Kind, inv.InvitedBy = &o.ID, InvitationForOrder, "system"
	switch plan {
	case rules.InviteNone, rules.InviteKeep:
		return Invitation{}, plan, nil
	case rules.InviteSupersede:
		if err := s.supersede(tx, &inv, pending); err != nil {
			return Invitation{}, plan, err
		}
	case rules.InviteIssueWithNotice:
		if err := s.tellAdmins(tx, acc, inv); err != nil {
			return Invitation{}, plan, err
		}
	}
	return inv, plan, s.insertInvitation(tx, ref, acc, inv)
}

// invitationFacts reads what S15 depends on; a fresh account has none of it.
func (s *Store) invitationFacts(tx *gorm.DB, accountID, email string, fresh bool) (f rules.InvitationFacts, pending Invitation, err error) {
	if fresh {
		return f, pending, nil
	}
	var admins []string
	err = tx.Table("memberships m").Joins("JOIN users u ON u.id = m.user_id").
		Where("m.account_id = ? AND m.role = ? AND m.state = ?", accountID, RoleAdmin, rules.MembershipActive).Pluck("u.email", &admins).Error
	if err != nil {
		return f, pending, err
	}
	for _, a := range admins {
		f.OtherAdmins = true
		f.ActiveAdmin = f.ActiveAdmin || a == email
	}
	err = s.live(tx).First(&pending, "account_id = ? AND email = ?", accountID, email).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return f, pending, nil
	}
	f.Pending, f.PendingExpires = true, pending.ExpiresAt
	return f, pending, err
}

var liveInvitations = []rules.InvitationState{rules.InvitationIssued, rules.InvitationSent}

func (s *Store) live(tx *gorm.DB) *gorm.DB {
	return s.forUpdate(tx).Where("state IN ?", liveInvitations)
}

func (s *Store) newInvitation(ref Reference, acc Account, email, name string, role MemberRole) Invitation {
	now := s.clock.Now()
	loc, err := time.LoadLocation(acc.TimeZone)
	if err != nil {
		loc = time.UTC
	}
	id := NewID(prefixInvitation)
	return Invitation{ID: id, AccountID: acc.ID, Email: email, ContactName: name, Role: role, TokenHash: HashSecret(s.secrets.InvitationToken(id)),
		State: rules.InvitationIssued, StateSince: now, IssuedAt: now, ExpiresAt: rules.InvitationExpiry(now, ref.Program.InviteDays, loc)}
}

// insertInvitation stores the invitation; the partial unique key keeps one
// live invitation per account and person.
func (s *Store) insertInvitation(tx *gorm.DB, ref Reference, acc Account, inv Invitation) error {
	if err := tx.Create(&inv).Error; err != nil {
		return err
	}
	return s.enqueue(tx, outboxEvent(OutboxInvitationIssued, inv.ID, "1", invitationDates(inv, acc, ref.Program.InviteReminderDays)))
}

// invitationDates are the instants that the invitation's workflow waits for,
// fixed when it is issued (R121). A reminder after the expiry, which a program
// with a shorter window would have (C8), is none: it would hold up the expiry
// and offer a dead link.
func invitationDates(inv Invitation, acc Account, days []int) map[string]string {
	dates := map[string]string{PayloadExpiresAt: inv.ExpiresAt.Format(time.RFC3339Nano)}
	loc, err := time.LoadLocation(acc.TimeZone)
	if err != nil {
		return dates
	}
	for _, r := range rules.RemindersAhead(inv.IssuedAt, inv.ExpiresAt, inv.IssuedAt, days, loc) {
		dates[PayloadReminder+strconv.Itoa(r.Day)] = r.At.Format(time.RFC3339Nano)
	}
	return dates
}

// The keys of an outbox event's payload.
const (
	PayloadExpiresAt      = "expires_at"
	PayloadReminder       = "reminder_" // followed by the day after the issue
	PayloadCancellationID = "cancellation_id"
	PayloadUntil          = "until"
	PayloadWaitsFor       = "waits_for"
)

// supersede closes the old invitation in favour of the next. One that is
// revoked stays so; one that the wrong person accepted can be replaced only
// after that membership was removed (R51b).
func (s *Store) supersede(tx *gorm.DB, next *Invitation, old Invitation) error {
	next.SupersedesID = &old.ID
	switch old.State {
	case rules.InvitationWasWithdrawn:
		return nil
	case rules.InvitationAccepted:
		var inside int64
		err := tx.Model(&Membership{}).Where("invitation_id = ? AND state <> ?", old.ID, rules.MembershipRemoved).Count(&inside).Error
		if err == nil && inside > 0 {
			err = rules.Refuse(rules.StateConflict, "The invitation was accepted.", "Remove that membership first, then send the invitation again.")
		}
		return err
	}
	return s.closeInvitation(tx, &old, rules.InvitationWasReplaced)
}

// closeInvitation ends an invitation and tells its workflow.
func (s *Store) closeInvitation(tx *gorm.DB, inv *Invitation, to rules.InvitationState) error {
	if !inv.State.CanBecome(to) {
		return rules.Refuse(rules.StateConflict, "The invitation's state does not allow this.", "Read the invitation again to see its state.")
	}
	wasLive := inv.State.Live()
	inv.State, inv.StateSince = to, s.clock.Now()
	if err := tx.Model(&Invitation{}).Where("id = ?", inv.ID).Select("state", "state_since").Updates(inv).Error; err != nil {
		return err
	}
	if err := s.suppressMails(tx, inv.ID); err != nil {
		return err
	}
	if !wasLive || to == rules.InvitationHasExpired {
		return nil // its workflow has ended, or does this itself
	}
	return s.enqueue(tx, outboxEvent(OutboxInvitationClosed, inv.ID, string(to), nil))
}

// suppressMails keeps mails that were not sent yet from going out: their
// invitation is over.
func (s *Store) suppressMails(tx *gorm.DB, subjectID string) error {
	return tx.Model(&Notification{}).Where("subject_id = ? AND state = ?", subjectID, rules.NotificationQueued).Update("state", rules.NotificationSuppressed).Error
}

// invitationMail describes a mail to the invited person and no other (R103).
// The link is derived when it is sent, never stored.
func invitationMail(inv Invitation, acc Account, template, epoch string) Notification {
	loc, err := time.LoadLocation(acc.TimeZone)
	if err != nil {
		loc = time.UTC
	}
	return Notification{Template: template, SubjectID: inv.ID, Recipient: inv.Email, Epoch: epoch, AccountID: &acc.ID, OrderID: inv.OrderID, Locale: acc.Locale,
		Params: map[string]any{"contact_name": inv.ContactName, "company": acc.LegalName, "role": string(inv.Role),
			"expires_on": rules.LastCoveredDay(inv.ExpiresAt, loc).String()}}
}

// tellAdmins gives the current administrators notice of a further one (S15).
func (s *Store) tellAdmins(tx *gorm.DB, acc Account, inv Invitation) error {
	var admins []User
	err := tx.Table("users").Joins("JOIN memberships m ON m.user_id = users.id").
		Where("m.account_id = ? AND m.role = ? AND m.state = ?", acc.ID, RoleAdmin, rules.MembershipActive).Find(&admins).Error
	if err != nil {
		return err
	}
	for _, a := range admins {
		n := Notification{Template: "admin_notice", SubjectID: inv.ID + "/notice", Recipient: a.Email, Epoch: "1", AccountID: &acc.ID, Locale: a.Locale,
			Params: map[string]any{"company": acc.LegalName, "role": string(inv.Role)}}
		if err := s.queueSingleMail(tx, n); err != nil {
			return err
		}
	}
	return nil
}

// GetInvitation reads one invitation.
func (s *Store) GetInvitation(ctx context.Context, id string) (Invitation, error) {
	var inv Invitation
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		return found(scope.accounts(tx, "account_id").First(&inv, "id = ?", id).Error)
	})
	return inv, err
}

// ListInvitations lists invitations in scope, newest first; accountID and
// orderID narrow when given.
func (s *Store) ListInvitations(ctx context.Context, accountID, orderID string, page Page) ([]Invitation, string, error) {
	var out []Invitation
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		q := scope.accounts(tx, "account_id")
		if accountID != "" {
			q = q.Where("account_id = ?", accountID)
		}
		if orderID != "" {
			q = q.Where("order_id = ?", orderID)
		}
		return page.apply(q).Find(&out).Error
	})
	out, next := cut(page, out, func(i Invitation) string { return i.ID })
	return out, next, err
}
