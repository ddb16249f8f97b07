package identity

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// InvitationPlan is what an invitation's workflow waits for: calendar
// instants only.
type InvitationPlan struct {
	Live      bool
	Reminders []rules.Reminder
	ExpiresAt time.Time // exclusive
}

// PlanInvitation returns the instants at which a live invitation reminds and ends (R121), for
// a workflow that begins now: from the one on that its row waits for, which may be missed. It
// keeps the first of them in a row that has none; any other is moved by what is done alone,
// since the workflow may run already.
func (s *People) PlanInvitation(ctx context.Context, id string) (InvitationPlan, error) {
	var plan InvitationPlan
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return plan, err
	}

	err = s.db.Write(ctx, func(tx *db.Tx) error {
		inv, acc, err := lockInvitation(tx, id)
		if err != nil {
			return err
		}

		loc, err := time.LoadLocation(acc.TimeZone)
		if err != nil {
			return err
		}

		from := tx.Now()
		if inv.NextAt != nil && !inv.NextAt.After(from) {
			from = inv.NextAt.Add(-time.Nanosecond)
		}
		plan = InvitationPlan{
			Live:      inv.State.Live(),
			ExpiresAt: inv.ExpiresAt,
			Reminders: rules.RemindersAhead(inv.IssuedAt, inv.ExpiresAt, from,
				ref.Program.InviteReminderDays, loc),
		}
		if !plan.Live || inv.NextAt != nil {
			return nil
		}
		return keepNext(tx, inv, rules.NextOfInvitation(plan.Reminders, plan.ExpiresAt))
	})

	return plan, err
}

// keepNext keeps in an invitation's row when its workflow has to do something next, and closes
// the task of one that was late.
func keepNext(tx *db.Tx, inv Invitation, at time.Time) error {
	if inv.NextAt != nil && inv.NextAt.Equal(at) {
		return nil
	}

	err := tx.Model(&Invitation{}).Where("id = ?", inv.ID).Update("next_at", at.UTC()).Error
	if err != nil {
		return err
	}
	return tx.Settle(db.TaskProcessStuck, inv.ID, "it goes on")
}

// RemindInvitation queues the reminder of a day after the issue, and keeps in the row when
// its workflow wakes next, as it says itself: the program's days may have changed since it
// began. Zero: a workflow of an earlier release, which does not say it. Again for the same day
// it changes nothing. After the expiry, to which an outage may have lasted, it queues none. It
// reports whether the invitation is still live.
func (s *People) RemindInvitation(
	ctx context.Context, id string, day int, next time.Time,
) (live bool, err error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return false, err
	}

	err = s.db.Write(ctx, func(tx *db.Tx) error {
		inv, acc, err := lockInvitation(tx, id)
		if err != nil {
			return err
		}

		live = inv.State.Live()
		if !live || !tx.Now().Before(inv.ExpiresAt) {
			return nil
		}

		err = notification.Queue(
			tx, InvitationMail(inv, acc, "invitation_reminder", dayEpoch(day)),
		)
		if err != nil {
			return err
		}
		next := next // computed anew where the transaction is tried again
		if next.IsZero() {
			next = afterReminder(ref, inv, acc, day)
		}
		return keepNext(tx, inv, next)
	})

	return live, err
}

// afterReminder is when a workflow that has reminded of a day has to do something next.
func afterReminder(
	ref program.Reference, inv Invitation, acc account.Account, day int,
) time.Time {
	ahead := rules.RemindersAhead(inv.IssuedAt, inv.ExpiresAt, inv.IssuedAt,
		ref.Program.InviteReminderDays, db.ZoneOf(acc.TimeZone))
	ahead = slices.DeleteFunc(ahead, func(r rules.Reminder) bool { return r.Day <= day })
	return rules.NextOfInvitation(ahead, inv.ExpiresAt)
}

func dayEpoch(day int) string { return "d+" + strconv.Itoa(day) }

// lockInvitation locks an invitation and reads its account.
func lockInvitation(tx *db.Tx, id string) (inv Invitation, acc account.Account, err error) {
	if err = db.Found(tx.ForUpdate().First(&inv, "id = ?", id).Error); err != nil {
		return inv, acc, err
	}
	err = tx.First(&acc, "id = ?", inv.AccountID).Error
	return inv, acc, err
}

// Reissue sends an invitation again: a new row and token with a fresh window, while
// the old link is dead for good (R51a, R123). Another e-mail address changes the
// recipient (R51b); the reason goes into the audit. An invitation that was accepted
// answers STATE_CONFLICT while that person is a member. Each call issues another one.
func (s *People) Reissue(ctx context.Context, id, email, name, reason string) (Invitation, error) {
	return s.ReissueIn(ctx, id, email, name, "", reason)
}

// ReissueIn is Reissue in a language; none: that of the invitation before.
func (s *People) ReissueIn(
	ctx context.Context, id, email, name, locale, reason string,
) (Invitation, error) {
	if locale != "" {
		if err := s.checkLocale(ctx, locale); err != nil {
			return Invitation{}, err
		}
	}

	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Invitation{}, err
	}

	var inv Invitation
	err = s.db.Write(ctx, func(tx *db.Tx) (err error) {
		inv, err = s.ReissueWithin(tx, ref, Reissue{
			ID:          id,
			Email:       email,
			ContactName: name,
			Locale:      locale,
			Reason:      reason,
		})
		return err
	})

	return inv, err
}

// Reissue says which invitation is sent again, to whom and why; without an address to the person
// who had it.
type Reissue struct {
	ID          string
	Email       string
	ContactName string
	Locale      string
	Reason      string
}

// ReissueWithin is ReissueIn in the caller's transaction.
func (s *People) ReissueWithin(
	tx *db.Tx, ref program.Reference, r Reissue,
) (inv Invitation, err error) {
	if err := rules.CheckOptionalReason(r.Reason); err != nil {
		return inv, err
	}

	var old Invitation
	err = db.ForUpdate(tx.Scope.Accounts(tx.DB, "account_id")).First(&old, "id = ?", r.ID).Error
	if err != nil {
		return inv, db.Found(err)
	}

	var acc account.Account
	if err := tx.ForUpdate().First(&acc, "id = ?", old.AccountID).Error; err != nil {
		return inv, err
	}

	next := NewInvite{Email: r.Email, ContactName: r.ContactName, Role: old.Role}
	if r.Email == "" {
		next.Email = old.Email
		next.ContactName = old.ContactName
	}
	if err := next.forAnother(old); err != nil {
		return inv, err
	}

	inv = newInvitation(tx, ref, acc, rules.NormaliseEmail(next.Email), next.ContactName,
		next.Role)
	inv.Kind = old.Kind
	inv.OrderID = old.OrderID
	inv.InvitedBy = tx.Scope.Actor.ID
	inv.Locale = cmp.Or(r.Locale, old.Locale)
	if err := supersede(tx, &inv, old); err != nil {
		return inv, err
	}
	if err := mayReissue(tx, old, next.Email); err != nil {
		return inv, err
	}
	if err := refuseIfInside(tx, inv); err != nil {
		return inv, err
	}
	if err := mayMailInvitation(tx, acc.ID, inv.Email); err != nil {
		return inv, err
	}
	if err := s.settleInvitation(tx, old); err != nil {
		return inv, err
	}

	return inv, issue(tx, ref, acc, inv,
		db.Entry{
			Verb:     "invitation.reissued",
			ObjectID: inv.ID,
			Details: map[string]any{
				"supersedes":        old.ID,
				"reason":            r.Reason,
				"recipient_changed": inv.Email != old.Email,
			},
		})
}

// supersede closes the old invitation in favour of the next. One that is
// revoked stays so; one that the wrong person accepted can be replaced only
// after that membership was removed (R51b).
func supersede(tx *db.Tx, next *Invitation, old Invitation) error {
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

	return CloseInvitation(tx, &old, rules.InvitationWasReplaced)
}

// settleInvitation closes what an invitation asked of an operator, now that a
// new one takes its place: the tasks, and the flag of its order (S17).
func (s *People) settleInvitation(tx *db.Tx, old Invitation) error {
	for _, kind := range []db.TaskKind{db.TaskInvitationUnclaimed, db.TaskInvitationRequested} {
		if err := tx.Settle(kind, old.ID, "reissued"); err != nil {
			return err
		}
	}

	if err := settleMails(tx, old, "reissued"); err != nil {
		return err
	}

	if old.OrderID == nil {
		return nil
	}
	return s.invitations.failed(tx, *old.OrderID, false)
}

// settleMails closes what the mails of an invitation asked of an operator.
func settleMails(tx *db.Tx, inv Invitation, resolution string) error {
	mails := tx.Model(&notification.Notification{}).Select("id").Where("subject_id = ?", inv.ID)
	kinds := []db.TaskKind{db.TaskMailUndeliverable, db.TaskMailUnknown}
	return db.SettleWhere(tx, tx.Where("kind IN ? AND subject_id IN (?)", kinds, mails), resolution)
}

// RevokeInvitation ends a live invitation; one that is over answers STATE_CONFLICT.
func (s *People) RevokeInvitation(ctx context.Context, id, reason string) (Invitation, error) {
	if err := rules.CheckOptionalReason(reason); err != nil {
		return Invitation{}, err
	}

	var inv Invitation

	err := s.db.Write(ctx, func(tx *db.Tx) error {
		err := db.ForUpdate(tx.Scope.Accounts(tx.DB, "account_id")).First(&inv, "id = ?", id).Error
		if err != nil {
			return db.Found(err)
		}
		if err := CloseInvitation(tx, &inv, rules.InvitationWasWithdrawn); err != nil {
			return err
		}

		revoked := db.Entry{
			Verb:     "invitation.revoked",
			ObjectID: inv.ID,
			Details:  map[string]any{"reason": reason},
		}
		return account.Audit(tx, inv.AccountID, revoked)
	})

	return inv, err
}

// CloseInvitation moves a live invitation to a final state, suppresses its unsent
// mails, and writes the outbox event that ends its workflow.
func CloseInvitation(tx *db.Tx, inv *Invitation, to rules.InvitationState) error {
	if !inv.State.CanBecome(to) {
		return rules.Refuse(rules.StateConflict, "The invitation's state does not allow this.",
			"Read the invitation again to see its state.")
	}

	wasLive := inv.State.Live()
	inv.State = to
	inv.StateSince = tx.Now()
	inv.NextAt = nil

	err := tx.Model(&Invitation{}).Where("id = ?", inv.ID).
		Select("state", "state_since", "next_at").
		Updates(inv).Error
	if err != nil {
		return err
	}
	if err := notification.Suppress(tx, inv.ID); err != nil {
		return err
	}

	if !wasLive || to == rules.InvitationHasExpired {
		return nil // its workflow has ended, or does this itself
	}

	return tx.Enqueue(db.NewOutboxEvent(db.OutboxInvitationClosed, inv.ID, string(to), nil))
}

// ExpireInvitation ends an invitation whose time is over, writes to the reseller and
// raises an operator task (S16). One that was accepted or closed meanwhile stays as
// it is.
func (s *People) ExpireInvitation(ctx context.Context, id string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		inv, acc, err := lockInvitation(tx, id)
		if err != nil || !inv.State.CanBecome(rules.InvitationHasExpired) ||
			tx.Now().Before(inv.ExpiresAt) {
			return err
		}
		if err := CloseInvitation(tx, &inv, rules.InvitationHasExpired); err != nil {
			return err
		}

		// One task asks about an invitation: this one, from now on.
		if err := settleMails(tx, inv, "expired"); err != nil {
			return err
		}

		err = tx.Raise(db.OperatorTask{
			Kind:      db.TaskInvitationUnclaimed,
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

		return account.Audit(tx, inv.AccountID,
			db.Entry{Verb: "invitation.expired", ObjectID: inv.ID, Details: nil})
	})
}

// tellReseller writes to the reseller of the invitation's order about it,
// without the invited person's data.
func tellReseller(tx *db.Tx, inv Invitation, acc account.Account, template string) error {
	if inv.OrderID == nil {
		return nil
	}

	var order struct {
		PONumber      string
		VendorOrderNo *string
		Payload       ordering.OrderForm `gorm:"serializer:json"`
	}

	err := tx.Table("orders").Select("po_number", "vendor_order_no", "payload").
		Where("id = ?", *inv.OrderID).Take(&order).Error
	if err != nil {
		return err
	}

	return notification.QueueSingle(tx, notification.Notification{
		Template:  template,
		SubjectID: inv.ID + "/reseller",
		Recipient: rules.NormaliseEmail(order.Payload.Reseller.Email),
		Epoch:     "1",
		AccountID: &acc.ID,
		OrderID:   inv.OrderID,
		Locale:    rules.LocaleFor(order.Payload.EndCustomer.Address.Country),
		Params: map[string]any{
			"po_number":       order.PONumber,
			"vendor_order_no": db.Text(order.VendorOrderNo),
			"company":         acc.LegalName,
		},
	})
}

// invitationBounced ends an invitation whose mail was refused for good, flags its order
// and writes to the reseller (S17). One that is over already stays as it is.
func (s *People) invitationBounced(tx *db.Tx, n notification.Notification, reason string) error {
	inv, acc, err := lockInvitation(tx, n.SubjectID)
	if err != nil || !inv.State.Live() {
		return err
	}

	inv.State = rules.InvitationBounced
	inv.StateSince = tx.Now()
	inv.LastError = reason
	inv.NextAt = nil

	err = tx.Model(&Invitation{}).Where("id = ?", inv.ID).
		Select("state", "state_since", "last_error", "next_at").Updates(&inv).Error
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

	return account.Audit(tx, inv.AccountID, db.Entry{
		Verb: "invitation.bounced", ObjectID: inv.ID, Details: map[string]any{"error": reason},
	})
}

// mayResendInvitation refuses to send the mail of an invitation that is over or
// whose mailbox refused it: its link would be dead.
func mayResendInvitation(tx *db.Tx, n notification.Notification) error {
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
func (s *People) RequestInvitation(ctx context.Context, email string) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
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

func askFor(tx *db.Tx, inv Invitation) error {
	if inv.State == rules.InvitationAccepted {
		return nil
	}

	err := tx.Raise(db.OperatorTask{
		Kind:      db.TaskInvitationRequested,
		SubjectID: inv.ID,
		AccountID: &inv.AccountID,
		What:      "Check who asks, then send the invitation again.",
		Why:       "The invited address asked for a new link on the portal.",
	})
	if err != nil {
		return err
	}

	return tx.ActingAs("visitor", "VISITOR").Audit(inv.AccountID, &inv.AccountID, false, db.Entry{
		Verb: "invitation.requested", ObjectID: inv.ID, Details: nil,
	})
}
