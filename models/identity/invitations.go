package identity

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
)

// Invitation lets one person into an account. Only the hash of its token is
// stored; the token is derived from the invitation's id and the service's key.
type Invitation struct {
	ID          string
	AccountID   string
	OrderID     *string
	Kind        InvitationKind
	Email       string // normalised
	ContactName string
	Role        MemberRole
	TokenHash   string
	State       rules.InvitationState
	StateSince  time.Time
	IssuedAt    time.Time
	ExpiresAt   time.Time // exclusive: end of local day issue+30 (R121)
	// NextAt is when its workflow has to do something: to remind, or to end it. Nil where it
	// is over, and of one that an earlier release issued and nobody has planned since.
	NextAt       *time.Time
	SupersedesID *string
	InvitedBy    string
	Locale       string // of its mails; empty: the account's
	LastError    string
}

// InvitationKind says what led to an Invitation.
type InvitationKind string

// The kinds of Invitation.
const (
	InvitationForOrder     InvitationKind = "ORDER"
	InvitationForExtra     InvitationKind = "EXTRA"     // R105
	InvitationForColleague InvitationKind = "COLLEAGUE" // R117b
)

// invitationRules are what other domains do when something happens to an invitation.
// They are set when the domains are opened.
type invitationRules struct {
	failed failureRule
}

// failureRule records on an order, in the caller's transaction, that the mailbox of its
// invitation does not exist, or that another invitation has taken its place.
type failureRule func(tx *db.Tx, orderID string, failed bool) error

// RegisterInvitations makes invitations react to what becomes of their mails. It is
// called once, when the domains are opened.
func (s *People) RegisterInvitations() {
	s.notifications.OnBounce("invitation", s.invitationBounced)
	s.notifications.OnResend("invitation", mayResendInvitation)
	s.notifications.OnResend("invitation_reminder", mayResendInvitation)
}

// OnFailedInvitation sets the rule that records on an order that its invitation failed.
// It is called once, when the domains are opened.
func (s *People) OnFailedInvitation(rule failureRule) { s.invitations.failed = rule }

var liveInvitations = []rules.InvitationState{rules.InvitationIssued, rules.InvitationSent}

// WhereLive narrows a query to invitations that may still be accepted, their expiry
// aside, and locks them.
func WhereLive(tx *db.Tx) *gorm.DB {
	return tx.ForUpdate().Where("state IN ?", liveInvitations)
}

// LiveAddresses returns the addresses of an account's live invitations, oldest first.
func LiveAddresses(tx *db.Tx, accountID string) (addresses []string, err error) {
	err = tx.Model(&Invitation{}).
		Where("account_id = ? AND state IN ?", accountID, liveInvitations).
		Order("id").
		Pluck("email", &addresses).Error
	return addresses, err
}

// NewInvite is an invitation that a person asks for: an operator for an extra
// person (R105), an administrator for a colleague (R117b).
type NewInvite struct {
	AccountID   string
	Email       string
	ContactName string
	Role        MemberRole
	Kind        InvitationKind
	Locale      string // of the mails; empty: the account's
	Reason      string // R105: the audit links the request
}

// Invite issues a personal invitation. A live one to the same person answers
// STATE_CONFLICT; an account at its limit of users answers USER_LIMIT (S19).
func (s *People) Invite(ctx context.Context, n NewInvite) (Invitation, error) {
	if err := n.validate(); err != nil {
		return Invitation{}, err
	}

	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Invitation{}, err
	}

	if n.Locale != "" {
		if err := rules.Invalid(ref.Program.CheckLocale("/locale", n.Locale)); err != nil {
			return Invitation{}, err
		}
	}

	var inv Invitation
	err = s.db.Write(ctx, func(tx *db.Tx) (err error) {
		inv, err = s.InviteWithin(tx, ref, n)
		return err
	})

	return inv, err
}

// InviteWithin is Invite in the caller's transaction; the locale is one of the program's.
func (s *People) InviteWithin(
	tx *db.Tx, ref program.Reference, n NewInvite,
) (inv Invitation, err error) {
	if err := n.validate(); err != nil {
		return inv, err
	}

	acc, err := account.Lock(tx, n.AccountID)
	if err != nil {
		return inv, err
	}
	if err := mayInviteExtra(tx, n); err != nil {
		return inv, err
	}
	if err := roomForUser(tx, acc); err != nil {
		return inv, err
	}

	inv = newInvitation(tx, ref, acc, rules.NormaliseEmail(n.Email), n.ContactName, n.Role)
	inv.Kind, inv.InvitedBy = n.Kind, tx.Scope.Actor.ID
	inv.Locale = n.Locale
	if err := refuseIfInside(tx, inv); err != nil {
		return inv, err
	}
	if err := mayMailInvitation(tx, acc.ID, inv.Email); err != nil {
		return inv, err
	}

	issued := db.Entry{
		Verb:     "invitation.issued",
		ObjectID: inv.ID,
		Details: map[string]any{
			"kind":   n.Kind,
			"role":   n.Role,
			"reason": n.Reason,
		},
	}
	return inv, issue(tx, ref, acc, inv, issued)
}

// issue stores an invitation with its mail and its audit. A question whether the same
// person may come in is answered by it.
func issue(
	tx *db.Tx, ref program.Reference, acc account.Account, inv Invitation, e db.Entry,
) error {
	if err := insertInvitation(tx, ref, acc, inv); err != nil {
		return err
	}
	if err := answerByInvitation(tx, inv); err != nil {
		return err
	}
	if err := notification.Queue(tx, InvitationMail(inv, acc, "invitation", "1")); err != nil {
		return err
	}
	return account.Audit(tx, acc.ID, e)
}

func (n NewInvite) validate() error {
	var fields []rules.FieldError
	if !rules.ValidEmail(n.Email) {
		wrong := rules.FieldError{
			Pointer: "/email",
			Code:    rules.InvalidEmail,
			Message: "This is not one e-mail address.",
			Remedy:  "Give the person's own address.",
		}
		if rules.BeyondASCII(n.Email) {
			wrong.Message = "This e-mail address has a letter with an accent, or another " +
				"character that addresses cannot have here."
			wrong.Remedy = "Give the address as the mailbox has it, in the letters a to z."
		}
		fields = append(fields, wrong)
	}

	if n.Role != RoleAdmin && n.Role != RoleReadOnly {
		fields = append(fields, rules.FieldError{
			Pointer: "/role",
			Code:    "INVALID_ROLE",
			Message: "There is no such role.",
			Remedy:  "Give ADMIN or READ_ONLY.",
		})
	}

	name := rules.CheckPersonName("/contact_name", n.ContactName, rules.MaxContactName)
	return rules.Invalid(append(fields, name...))
}

// forAnother checks the recipient that an invitation changes to: a named
// person (R115a).
func (n NewInvite) forAnother(old Invitation) error {
	if err := n.validate(); err != nil {
		return err
	}

	if n.ContactName == "" && rules.NormaliseEmail(n.Email) != old.Email {
		return rules.Invalid([]rules.FieldError{{
			Pointer: "/contact_name",
			Code:    rules.Required,
			Message: "The other person's name is missing.",
			Remedy:  "Give the name along with the address.",
		}})
	}

	return nil
}

// roomForUser holds an account to its limit; an open invitation counts (S19).
func roomForUser(tx *db.Tx, acc account.Account) error {
	var users int64
	err := tx.Model(&Membership{}).
		Where("account_id = ? AND state <> ?", acc.ID, rules.MembershipRemoved).
		Count(&users).Error
	if err != nil {
		return err
	}

	var invited int64
	err = tx.Model(&Invitation{}).Where("account_id = ? AND state IN ? AND expires_at > ?",
		acc.ID, liveInvitations, tx.Now()).Count(&invited).Error
	if err != nil {
		return err
	}

	return rules.MayAddUser(int(users+invited), acc.UserLimit)
}

// refuseIfInside refuses a second invitation or membership of one person.
func refuseIfInside(tx *db.Tx, inv Invitation) error {
	var n int64
	err := tx.Model(&Invitation{}).Where("account_id = ? AND email = ? AND state IN ?",
		inv.AccountID, inv.Email, liveInvitations).Count(&n).Error
	if err != nil {
		return err
	}

	if n > 0 {
		return rules.Refuse(rules.StateConflict, "This person has an invitation already.",
			"Send that invitation again instead of a second one.")
	}

	err = tx.Table("memberships m").Joins("JOIN users u ON u.id = m.user_id").
		Where("m.account_id = ? AND u.email = ? AND m.state <> ?",
			inv.AccountID, inv.Email, rules.MembershipRemoved).Count(&n).Error
	if err != nil {
		return err
	}

	if n > 0 {
		return rules.Refuse(rules.StateConflict, "This person is a member of the account already.",
			"Change the member's role instead.")
	}

	return nil
}

// newInvitation describes an invitation with its window in the zone of the account.
func newInvitation(tx *db.Tx,
	ref program.Reference, acc account.Account, email, name string, role MemberRole,
) Invitation {
	now := tx.Now()
	zone := db.ZoneOf(acc.TimeZone)
	expires := rules.InvitationExpiry(now, ref.Program.InviteDays, zone)
	next := rules.NextOfInvitation(
		rules.RemindersAhead(now, expires, now, ref.Program.InviteReminderDays, zone), expires)
	id := db.NewID(db.PrefixInvitation)
	return Invitation{
		ID:          id,
		AccountID:   acc.ID,
		Email:       email,
		ContactName: name,
		Role:        role,
		TokenHash:   db.HashSecret(tx.Secrets().InvitationToken(id)),
		State:       rules.InvitationIssued,
		StateSince:  now,
		IssuedAt:    now,
		ExpiresAt:   expires,
		NextAt:      &next,
	}
}

// insertInvitation stores the invitation; the partial unique key keeps one
// live invitation per account and person.
func insertInvitation(tx *db.Tx, ref program.Reference, acc account.Account, inv Invitation) error {
	if err := tx.Create(&inv).Error; err != nil {
		return err
	}
	return tx.Enqueue(db.NewOutboxEvent(db.OutboxInvitationIssued, inv.ID, "1",
		invitationDates(inv, acc, ref.Program.InviteReminderDays)))
}

// invitationDates are the instants that the invitation's workflow waits for,
// fixed when it is issued (R121). A reminder after the expiry, which a program
// with a shorter window would have (C8), is none: it would hold up the expiry
// and offer a dead link.
func invitationDates(inv Invitation, acc account.Account, days []int) map[string]string {
	dates := map[string]string{
		db.PayloadExpiresAt: inv.ExpiresAt.Format(time.RFC3339Nano),
		db.PayloadSummary:   string(inv.Role) + ", " + acc.Country,
	}
	loc, err := time.LoadLocation(acc.TimeZone)
	if err != nil {
		return dates
	}

	for _, r := range rules.RemindersAhead(inv.IssuedAt, inv.ExpiresAt, inv.IssuedAt, days, loc) {
		dates[db.PayloadReminder+strconv.Itoa(r.Day)] = r.At.Format(time.RFC3339Nano)
	}
	return dates
}

// InvitationMail describes a mail to the invited person and no other (R103).
// The link is derived when it is sent, never stored.
func InvitationMail(
	inv Invitation, acc account.Account, template, epoch string,
) notification.Notification {
	loc, err := time.LoadLocation(acc.TimeZone)
	if err != nil {
		loc = time.UTC
	}

	return notification.Notification{
		Template:  template,
		SubjectID: inv.ID,
		Recipient: inv.Email,
		Epoch:     epoch,
		AccountID: &acc.ID,
		OrderID:   inv.OrderID,
		Locale:    cmp.Or(inv.Locale, acc.Locale),
		Params: map[string]any{
			"contact_name": inv.ContactName,
			"company":      acc.LegalName,
			"role":         string(inv.Role),
			"expires_on":   rules.LastCoveredDay(inv.ExpiresAt, loc).String(),
		},
	}
}

// GetInvitation reads one invitation.
func (s *People) GetInvitation(ctx context.Context, id string) (Invitation, error) {
	var inv Invitation
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return db.Found(tx.Scope.Accounts(tx.DB, "account_id").First(&inv, "id = ?", id).Error)
	})
	return inv, err
}

// ListInvitations lists invitations in scope, newest first; accountID and
// orderID narrow when given.
func (s *People) ListInvitations(
	ctx context.Context, accountID, orderID string, page db.Page,
) ([]Invitation, string, error) {
	var out []Invitation
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.DB, "account_id")
		if accountID != "" {
			q = q.Where("account_id = ?", accountID)
		}
		if orderID != "" {
			q = q.Where("order_id = ?", orderID)
		}

		if err := page.Apply(q).Find(&out).Error; err != nil {
			return err
		}
		return showStates(tx, out)
	})

	out, next := db.Cut(page, out, func(i Invitation) string { return i.ID })
	return out, next, err
}

// showStates gives invitations the state that people see: SENT once the mail has left,
// which is not stored, and EXPIRED from the instant on at which the link is dead, though
// the workflow may store it a moment later.
func showStates(tx *db.Tx, invitations []Invitation) error {
	var live []string
	for _, i := range invitations {
		if slices.Contains(liveInvitations, i.State) {
			live = append(live, i.ID)
		}
	}
	if len(live) == 0 {
		return nil
	}

	var left []notification.Notification
	err := tx.Select("subject_id", "sent_at").
		Where("subject_id IN ? AND template = ? AND state IN ?", live, "invitation",
			[]rules.NotificationState{rules.NotificationSent, rules.NotificationDelivered}).
		Find(&left).Error
	if err != nil {
		return err
	}

	for n := range invitations {
		i := &invitations[n]
		if !slices.Contains(live, i.ID) {
			continue
		}

		for _, mail := range left {
			if mail.SubjectID == i.ID {
				i.show(rules.InvitationSent, mail.SentAt)
			}
		}
		if !tx.Now().Before(i.ExpiresAt) {
			i.show(rules.InvitationHasExpired, &i.ExpiresAt)
		}
	}

	return nil
}

// show sets a state that is derived, and the instant from which it holds, where that is
// known.
func (i *Invitation) show(state rules.InvitationState, since *time.Time) {
	i.State = state
	if since != nil {
		i.StateSince = *since
	}
}

// KeepFailure keeps the last error of a step of an invitation, for people to see.
func KeepFailure(tx *db.Tx, id, reason string) error {
	return tx.Model(&Invitation{}).Where("id = ?", id).Update("last_error", reason).Error
}
