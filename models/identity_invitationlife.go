package models

import (
	"context"
	"strconv"
	"time"

	"roomcover.dev/roomcover/rules"
)

// InvitationPlan is what an invitation's workflow waits for: calendar
// instants only.
type InvitationPlan struct {
	Live      bool
	Reminders []rules.Reminder
	ExpiresAt time.Time // exclusive
}

// PlanInvitation reads the instants at which a live invitation reminds and
// ends (R121).
func (s *Store) PlanInvitation(ctx context.Context, id string) (InvitationPlan, error) {
	var plan InvitationPlan
	ref, err := s.Reference(ctx)
	if err != nil {
		return plan, err
	}

	err = s.db.Read(ctx, func(tx *Tx) error {
		var row struct {
			Invitation
			TimeZone string
		}

		err := tx.Table("invitations").Select("invitations.*, a.time_zone").
			Joins("JOIN accounts a ON a.id = invitations.account_id").
			Where("invitations.id = ?", id).Take(&row).Error
		if err != nil {
			return found(err)
		}

		loc, err := time.LoadLocation(row.TimeZone)
		if err != nil {
			return err
		}

		plan = InvitationPlan{
			Live:      row.State.Live(),
			ExpiresAt: row.ExpiresAt,
			Reminders: rules.RemindersAhead(row.IssuedAt, row.ExpiresAt, tx.Now(),
				ref.Program.InviteReminderDays, loc),
		}

		return nil
	})

	return plan, err
}

// RemindInvitation queues the reminder of a day after the issue; again for the same
// day it changes nothing. After the expiry, to which an outage may have lasted, it
// queues none. It reports whether the invitation is still live.
func (s *Store) RemindInvitation(ctx context.Context, id string, day int) (live bool, err error) {
	err = s.db.Write(ctx, func(tx *Tx) error {
		inv, acc, err := lockInvitation(tx, id)
		if err != nil {
			return err
		}

		live = inv.State.Live()
		if !live || !tx.Now().Before(inv.ExpiresAt) {
			return nil
		}

		return queueMail(tx, invitationMail(inv, acc, "invitation_reminder", dayEpoch(day)))
	})

	return live, err
}

func dayEpoch(day int) string { return "d+" + strconv.Itoa(day) }

// lockInvitation locks an invitation and reads its account.
func lockInvitation(tx *Tx, id string) (inv Invitation, acc Account, err error) {
	if err = found(tx.ForUpdate().First(&inv, "id = ?", id).Error); err != nil {
		return inv, acc, err
	}
	err = tx.First(&acc, "id = ?", inv.AccountID).Error
	return inv, acc, err
}

// Reissue sends an invitation again: a new row and token with a fresh window, while
// the old link is dead for good (R51a, R123). Another e-mail address changes the
// recipient (R51b); the reason goes into the audit. An invitation that was accepted
// answers STATE_CONFLICT while that person is a member. Each call issues another one.
func (s *Store) Reissue(ctx context.Context, id, email, name, reason string) (Invitation, error) {
	if err := rules.CheckOptionalReason(reason); err != nil {
		return Invitation{}, err
	}

	ref, err := s.Reference(ctx)
	if err != nil {
		return Invitation{}, err
	}

	var inv Invitation
	err = s.db.Write(ctx, func(tx *Tx) error {
		var old Invitation
		err := forUpdate(tx.Scope.accounts(tx.DB, "account_id")).First(&old, "id = ?", id).Error
		if err != nil {
			return found(err)
		}

		var acc Account
		if err := tx.ForUpdate().First(&acc, "id = ?", old.AccountID).Error; err != nil {
			return err
		}

		next := NewInvite{Email: email, ContactName: name, Role: old.Role}
		if email == "" {
			next.Email = old.Email
			next.ContactName = old.ContactName
		}
		if err := next.forAnother(old); err != nil {
			return err
		}

		inv = newInvitation(tx, ref, acc, rules.NormaliseEmail(next.Email), next.ContactName,
			next.Role)
		inv.Kind = old.Kind
		inv.OrderID = old.OrderID
		inv.InvitedBy = tx.Scope.Actor.ID
		if err := supersede(tx, &inv, old); err != nil {
			return err
		}
		if err := refuseIfInside(tx, inv); err != nil {
			return err
		}
		if err := s.settleInvitation(tx, old); err != nil {
			return err
		}

		return issue(tx, ref, acc, inv,
			entry{"invitation.reissued", inv.ID, map[string]any{
				"supersedes":        old.ID,
				"reason":            reason,
				"recipient_changed": inv.Email != old.Email,
			}})
	})

	return inv, err
}

// supersede closes the old invitation in favour of the next. One that is
// revoked stays so; one that the wrong person accepted can be replaced only
// after that membership was removed (R51b).
func supersede(tx *Tx, next *Invitation, old Invitation) error {
	next.SupersedesID = &old.ID
	switch old.State {
	case rules.InvitationWasWithdrawn:
		return nil
	case rules.InvitationAccepted:
		var inside int64
		err := tx.Model(&Membership{}).
			Where("invitation_id = ? AND state <> ?", old.ID, rules.MembershipRemoved).
			Count(&inside).Error
		if err != nil {
			return err
		}

		if inside > 0 {
			return rules.Refuse(rules.StateConflict, "The invitation was accepted.",
				"Remove that membership first, then send the invitation again.")
		}

		return nil
	}

	return closeInvitation(tx, &old, rules.InvitationWasReplaced)
}

// settleInvitation closes what an invitation asked of an operator, now that a
// new one takes its place: the tasks, and the flag of its order (S17).
func (s *Store) settleInvitation(tx *Tx, old Invitation) error {
	for _, kind := range []TaskKind{TaskInvitationUnclaimed, TaskInvitationRequested} {
		if err := tx.Settle(kind, old.ID, "reissued"); err != nil {
			return err
		}
	}

	mails := tx.Model(&Notification{}).Select("id").Where("subject_id = ?", old.ID)
	kinds := []TaskKind{TaskMailUndeliverable, TaskMailUnknown}
	unsent := tx.Where("kind IN ? AND subject_id IN (?)", kinds, mails)
	if err := settleWhere(tx, tx.Scope, unsent, "reissued"); err != nil {
		return err
	}

	if old.OrderID == nil {
		return nil
	}
	return s.invitations.failed(tx, *old.OrderID, false)
}

// RevokeInvitation ends a live invitation; one that is over answers STATE_CONFLICT.
func (s *Store) RevokeInvitation(ctx context.Context, id, reason string) (Invitation, error) {
	if err := rules.CheckOptionalReason(reason); err != nil {
		return Invitation{}, err
	}

	var inv Invitation

	err := s.db.Write(ctx, func(tx *Tx) error {
		err := forUpdate(tx.Scope.accounts(tx.DB, "account_id")).First(&inv, "id = ?", id).Error
		if err != nil {
			return found(err)
		}
		if err := closeInvitation(tx, &inv, rules.InvitationWasWithdrawn); err != nil {
			return err
		}

		revoked := entry{"invitation.revoked", inv.ID, map[string]any{"reason": reason}}
		return accountAudit(tx, inv.AccountID, revoked)
	})

	return inv, err
}

// closeInvitation ends an invitation with its unsent mails, and has the relay tell its
// workflow.
func closeInvitation(tx *Tx, inv *Invitation, to rules.InvitationState) error {
	if !inv.State.CanBecome(to) {
		return rules.Refuse(rules.StateConflict, "The invitation's state does not allow this.",
			"Read the invitation again to see its state.")
	}

	wasLive := inv.State.Live()
	inv.State = to
	inv.StateSince = tx.Now()
	err := tx.Model(&Invitation{}).Where("id = ?", inv.ID).Select("state", "state_since").
		Updates(inv).Error
	if err != nil {
		return err
	}
	if err := suppressMails(tx, inv.ID); err != nil {
		return err
	}
	if !wasLive || to == rules.InvitationHasExpired {
		return nil // its workflow has ended, or does this itself
	}

	return tx.Enqueue(outboxEvent(OutboxInvitationClosed, inv.ID, string(to), nil))
}

// ExpireInvitation ends an invitation whose time is over, writes to the reseller and
// raises an operator task (S16). One that was accepted or closed meanwhile stays as
// it is.
func (s *Store) ExpireInvitation(ctx context.Context, id string) error {
	return s.db.Write(ctx, func(tx *Tx) error {
		inv, acc, err := lockInvitation(tx, id)
		if err != nil || !inv.State.CanBecome(rules.InvitationHasExpired) ||
			tx.Now().Before(inv.ExpiresAt) {
			return err
		}
		if err := closeInvitation(tx, &inv, rules.InvitationHasExpired); err != nil {
			return err
		}

		err = tx.Raise(OperatorTask{
			Kind:      TaskInvitationUnclaimed,
			SubjectID: inv.ID,
			AccountID: &inv.AccountID,
			What:      "Find out who should manage the account, and send the invitation again.",
			Why:       "Nobody accepted the invitation in its window.",
		})
		if err != nil {
			return err
		}
		if err := tellReseller(tx, inv, acc, "invitation_unclaimed"); err != nil {
			return err
		}

		return accountAudit(tx, inv.AccountID, entry{"invitation.expired", inv.ID, nil})
	})
}

// tellReseller writes to the reseller of the invitation's order about it,
// without the invited person's data.
func tellReseller(tx *Tx, inv Invitation, acc Account, template string) error {
	if inv.OrderID == nil {
		return nil
	}

	var order struct {
		PONumber      string
		VendorOrderNo *string
		Payload       rules.OrderForm `gorm:"serializer:json"`
	}

	err := tx.Table("orders").Select("po_number", "vendor_order_no", "payload").
		Where("id = ?", *inv.OrderID).Take(&order).Error
	if err != nil {
		return err
	}

	return queueSingleMail(tx, Notification{
		Template:  template,
		SubjectID: inv.ID + "/reseller",
		Recipient: rules.NormaliseEmail(order.Payload.Reseller.Email),
		Epoch:     "1",
		AccountID: &acc.ID,
		OrderID:   inv.OrderID,
		Locale:    rules.LocaleFor(order.Payload.EndCustomer.Address.Country),
		Params: map[string]any{
			"po_number":       order.PONumber,
			"vendor_order_no": text(order.VendorOrderNo),
			"company":         acc.LegalName,
		},
	})
}

// invitationBounced ends an invitation whose mail was refused for good, flags its order
// and writes to the reseller (S17). One that is over already stays as it is.
func (s *Store) invitationBounced(tx *Tx, n Notification, reason string) error {
	inv, acc, err := lockInvitation(tx, n.SubjectID)
	if err != nil || !inv.State.Live() {
		return err
	}

	inv.State = rules.InvitationBounced
	inv.StateSince = tx.Now()
	inv.LastError = reason

	err = tx.Model(&Invitation{}).Where("id = ?", inv.ID).
		Select("state", "state_since", "last_error").Updates(&inv).Error
	if err != nil {
		return err
	}

	if inv.OrderID != nil {
		if err := s.invitations.failed(tx, *inv.OrderID, true); err != nil {
			return err
		}
	}

	if err := tellReseller(tx, inv, acc, "invitation_undeliverable"); err != nil {
		return err
	}

	return accountAudit(tx, inv.AccountID, entry{
		"invitation.bounced", inv.ID, map[string]any{"error": reason},
	})
}

// mayResendInvitation refuses to send the mail of an invitation that is over or
// whose mailbox refused it: its link would be dead.
func mayResendInvitation(tx *Tx, n Notification) error {
	inv, _, err := lockInvitation(tx, n.SubjectID)
	if err != nil || inv.State.Live() {
		return err
	}
	return rules.Refuse(rules.StateConflict, "The invitation of this mail is over.",
		"Issue the invitation again instead.")
}

// RequestInvitation asks the operators to send an invitation again (L123,
// R123): it raises one INVITATION_REQUESTED task for the latest invitation of
// the address in each account. It answers the same whether there is one or
// not, so that a visitor learns nothing. An accepted invitation raises no task:
// its person signs in.
func (s *Store) RequestInvitation(ctx context.Context, email string) error {
	return s.db.Write(WithSystem(ctx), func(tx *Tx) error {
		var all []Invitation
		err := tx.Where("email = ?", rules.NormaliseEmail(email)).Order("id DESC").Find(&all).Error
		if err != nil {
			return err
		}

		seen := map[string]bool{}
		for _, inv := range all {
			if seen[inv.AccountID] {
				continue
			}

			seen[inv.AccountID] = true
			if err := askFor(tx, inv); err != nil {
				return err
			}
		}

		return nil
	})
}

func askFor(tx *Tx, inv Invitation) error {
	if inv.State == rules.InvitationAccepted {
		return nil
	}

	err := tx.Raise(OperatorTask{
		Kind:      TaskInvitationRequested,
		SubjectID: inv.ID,
		AccountID: &inv.AccountID,
		What:      "Check who asks, then send the invitation again.",
		Why:       "The invited address asked for a new link on the portal.",
	})
	if err != nil {
		return err
	}

	tx.Scope.Actor.ID, tx.Scope.Actor.Role = "visitor", "VISITOR"
	return tx.Audit(inv.AccountID, &inv.AccountID, false, entry{
		"invitation.requested", inv.ID, nil,
	})
}
