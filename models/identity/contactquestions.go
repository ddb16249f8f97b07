package identity

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
)

// ContactQuestion asks the administrators of an account whether the person whom an order
// names may come in (S15). There is one open question about a person in an account.
type ContactQuestion struct {
	ID           string
	AccountID    string
	OrderID      string
	Email        string // normalised
	ContactName  string
	Seller       string // the reseller's registered name
	SentBy       string // who sent the order, where it is not the seller
	State        QuestionState
	Role         MemberRole // of the confirmation; empty before
	AskedAt      time.Time
	AnswerUntil  time.Time  // exclusive; from then on an operator may decide too
	EscalatedAt  *time.Time // when the operators were asked
	AnsweredAt   *time.Time
	AnsweredBy   string
	InvitationID *string // that the confirmation led to
	// WithdrawnAt is when the order was cancelled before somebody answered; the row is
	// REFUSED then, see Standing.
	WithdrawnAt *time.Time
}

// QuestionState says how a ContactQuestion stands.
type QuestionState string

// The states of a ContactQuestion.
const (
	QuestionOpen      QuestionState = "OPEN"
	QuestionConfirmed QuestionState = "CONFIRMED"
	QuestionRefused   QuestionState = "REFUSED"
	QuestionWithdrawn QuestionState = "WITHDRAWN" // shown, not stored: its order was cancelled
)

// Standing is how the question stands for people: as its state says, or withdrawn with its
// order.
func (q ContactQuestion) Standing() QuestionState {
	if q.WithdrawnAt != nil {
		return QuestionWithdrawn
	}
	return q.State
}

// askAdmins opens the question whether the contact may come in and writes to every
// administrator. A question about the same person that is open already stays the only one.
// Beyond the bound of a day for one seller nobody is written to: the question stands in the
// portal, and is the operators' after seven days as any other.
func askAdmins(tx *db.Tx, acc account.Account, c Contact) error {
	var open int64
	err := tx.Model(&ContactQuestion{}).
		Where("account_id = ? AND email = ? AND state = ?", acc.ID, c.Email, QuestionOpen).
		Count(&open).Error
	if err != nil || open > 0 {
		return err
	}

	q := ContactQuestion{
		ID:          db.NewID(db.PrefixQuestion),
		AccountID:   acc.ID,
		OrderID:     c.OrderID,
		Email:       c.Email,
		ContactName: c.ContactName,
		Seller:      c.Seller,
		SentBy:      c.SentBy,
		State:       QuestionOpen,
		AskedAt:     tx.Now(),
		AnswerUntil: rules.AllowedUntil(
			account.Today(tx, acc), rules.ContactAnswerDays, db.ZoneOf(acc.TimeZone),
		),
	}
	if err := tx.Create(&q).Error; err != nil {
		return err
	}

	admins, err := AdminsOfAccount(tx, acc.ID)
	if err != nil {
		return err
	}

	written, err := mayAskAdmins(tx, acc.ID, c.SenderID)
	if err != nil {
		return err
	}
	if !written {
		admins = nil
	}

	params := c.params(acc)
	params["question"] = q.ID
	params["answer_on"] = rules.LastCoveredDay(q.AnswerUntil, db.ZoneOf(acc.TimeZone)).String()

	for _, a := range admins {
		n := notification.Notification{
			Template:  rules.TemplateContactQuestion,
			SubjectID: q.ID,
			Recipient: a.Email,
			Epoch:     "1",
			AccountID: &acc.ID,
			OrderID:   &q.OrderID,
			Locale:    a.Locale,
			Params:    params,
		}
		if err := notification.QueueSingle(tx, n); err != nil {
			return err
		}
	}

	return account.Audit(tx, acc.ID, db.Entry{
		Verb:     "contact.asked",
		ObjectID: q.ID,
		Details:  map[string]any{"order": q.OrderID, "administrators": len(admins)},
	})
}

// ContactAnswer is what an administrator or an operator answers to a ContactQuestion.
type ContactAnswer struct {
	Confirm      bool
	Role         MemberRole // with Confirm: what the person is invited as
	Reason       string     // an operator's; required of one
	RecordDomain bool       // operators: the person's mail domain is the account's own
}

// AnswerContact confirms the person of a question, who is then invited with a role, or
// refuses the person (S15). The same answer again changes nothing; another one answers
// STATE_CONFLICT, as does an operator's before the administrators have had their seven
// days. A role that does not exist and a domain of nobody's own answer VALIDATION_FAILED;
// an account at its limit of users USER_LIMIT; somebody who is no administrator of the
// account FORBIDDEN.
func (s *People) AnswerContact(
	ctx context.Context, id string, a ContactAnswer,
) (ContactQuestion, error) {
	if err := a.validate(); err != nil {
		return ContactQuestion{}, err
	}

	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return ContactQuestion{}, err
	}

	var q ContactQuestion
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		acc, err := account.LockOwner(tx, "contact_questions", id)
		if err != nil {
			return err
		}
		q = ContactQuestion{}
		if err := tx.ForUpdate().First(&q, "id = ?", id).Error; err != nil {
			return db.Found(err)
		}

		if err := mayAnswer(tx, q, a); err != nil {
			return err
		}
		if done, err := q.answered(a); err != nil || done {
			return err
		}

		if a.RecordDomain {
			if err := RecordDomain(tx, acc.ID, q.Email); err != nil {
				return err
			}
		}

		if a.Confirm {
			return confirmContact(tx, ref, acc, &q, a)
		}
		return refuseContact(tx, &q, a)
	})

	return q, err
}

func (a ContactAnswer) validate() error {
	if err := rules.CheckOptionalReason(a.Reason); err != nil {
		return err
	}
	if !a.Confirm || a.Role == RoleAdmin || a.Role == RoleReadOnly {
		return nil
	}

	return rules.Invalid([]rules.FieldError{{
		Pointer: "/invite_as",
		Code:    "INVALID_ROLE",
		Message: "The request does not say what the person is invited as.",
		Remedy:  "Give ADMIN or READ_ONLY.",
	}})
}

// mayAnswer holds the answer to who may give it: an administrator of the account at any
// time, an operator, with a reason, once the administrators have had their time.
func mayAnswer(tx *db.Tx, q ContactQuestion, a ContactAnswer) error {
	role := tx.Scope.Actor.Role
	if !role.IsOperator() {
		if rules.Allows(role, rules.ManageUsers) == rules.GrantYes && !a.RecordDomain {
			return nil
		}
		return rules.Refuse(rules.Forbidden, "Only an administrator may answer this.",
			"Ask an administrator of the account.")
	}

	if strings.TrimSpace(a.Reason) == "" {
		return rules.ReasonMissing("This needs a reason.")
	}
	if q.State == QuestionOpen && tx.Now().Before(q.AnswerUntil) {
		return rules.Refuse(rules.StateConflict,
			"The administrators of the account are still being asked.",
			"Wait until their time is over; an administrator can answer in the portal.")
	}

	return nil
}

// answered reports whether the question was answered so already, and refuses another
// answer than the one that was given.
func (q ContactQuestion) answered(a ContactAnswer) (bool, error) {
	if q.State == QuestionOpen {
		return false, nil
	}
	if q.WithdrawnAt != nil {
		return true, rules.Refuse(rules.StateConflict,
			"The order that names this person was canceled: there is nothing to decide.",
			"An administrator can invite the person as a colleague.")
	}

	same := !a.Confirm && q.State == QuestionRefused ||
		a.Confirm && q.State == QuestionConfirmed && q.Role == a.Role
	if same {
		return true, nil
	}

	return true, rules.Refuse(rules.StateConflict, "The question was answered otherwise already.",
		"Read it again; an administrator can invite or remove the person.")
}

// confirmContact invites the person of a question. An invitation of the person that has
// run out is replaced.
func confirmContact(
	tx *db.Tx, ref program.Reference, acc account.Account, q *ContactQuestion, a ContactAnswer,
) error {
	if err := roomForUser(tx, acc); err != nil {
		return err
	}

	admins, err := countAdmins(tx, acc.ID)
	if err != nil {
		return err
	}
	if a.Role == RoleAdmin {
		if err := rules.MayMakeAdmin(tx.Scope.Actor.Role, admins); err != nil {
			return err
		}
	}
	if a.Role == RoleReadOnly && admins == 0 {
		return rules.Invalid([]rules.FieldError{{
			Pointer: "/invite_as",
			Code:    "NO_ADMINISTRATOR",
			Message: "The account has no administrator: the first person who accepts " +
				"becomes one.",
			Remedy: "Invite the person as ADMIN if that is right, or refuse.",
		}})
	}

	inv := newInvitation(tx, ref, acc, q.Email, q.ContactName, a.Role)
	inv.OrderID = &q.OrderID
	inv.Kind = InvitationForOrder
	inv.InvitedBy = tx.Scope.Actor.ID

	var old Invitation
	err = WhereLive(tx).First(&old, "account_id = ? AND email = ? AND expires_at <= ?",
		acc.ID, q.Email, tx.Now()).Error
	switch {
	case err == nil:
		if err := supersede(tx, &inv, old); err != nil {
			return err
		}
	case !errors.Is(err, gorm.ErrRecordNotFound):
		return err
	}

	if err := refuseIfInside(tx, inv); err != nil {
		return err
	}

	confirmed := db.Entry{
		Verb:     "contact.confirmed",
		ObjectID: q.ID,
		Details: map[string]any{
			"order":      q.OrderID,
			"role":       a.Role,
			"invitation": inv.ID,
			"reason":     a.Reason,
		},
	}

	if err := issue(tx, ref, acc, inv, confirmed); err != nil { // it answers the question too
		return err
	}

	return tx.First(q, "id = ?", q.ID).Error
}

func refuseContact(tx *db.Tx, q *ContactQuestion, a ContactAnswer) error {
	if err := answerQuestion(tx, q, QuestionRefused); err != nil {
		return err
	}

	return account.Audit(tx, q.AccountID, db.Entry{
		Verb:     "contact.refused",
		ObjectID: q.ID,
		Details:  map[string]any{"order": q.OrderID, "reason": a.Reason},
	})
}

// answerByInvitation closes the open question about the person of an invitation, however
// the invitation came about: a person let them in.
func answerByInvitation(tx *db.Tx, inv Invitation) error {
	var q ContactQuestion
	err := tx.First(&q, "account_id = ? AND email = ? AND state = ?",
		inv.AccountID, inv.Email, QuestionOpen).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil
	}
	if err != nil {
		return err
	}

	q.Role = inv.Role
	q.InvitationID = &inv.ID
	return answerQuestion(tx, &q, QuestionConfirmed)
}

// OpenQuestionsOf returns the addresses of the persons of whom an order has an account's
// administrators asked, oldest first.
func OpenQuestionsOf(tx *db.Tx, orderID string) (addresses []string, err error) {
	err = tx.Model(&ContactQuestion{}).
		Where("order_id = ? AND state = ?", orderID, QuestionOpen).
		Order("id").
		Pluck("email", &addresses).Error
	return addresses, err
}

// WithdrawQuestions closes the open questions that an order asked the administrators, in
// the transaction that cancels the order.
func WithdrawQuestions(tx *db.Tx, accountID, orderID string) error {
	var open []ContactQuestion
	err := tx.ForUpdate().
		Where("order_id = ? AND state = ?", orderID, QuestionOpen).
		Order("id").
		Find(&open).Error
	if err != nil {
		return err
	}

	for i := range open {
		now := tx.Now()
		open[i].WithdrawnAt = &now
		if err := answerQuestion(tx, &open[i], QuestionRefused); err != nil {
			return err
		}

		err := account.Audit(tx, accountID, db.Entry{
			Verb:     "contact.withdrawn",
			ObjectID: open[i].ID,
			Details:  map[string]any{"order": orderID},
		})
		if err != nil {
			return err
		}
	}

	return nil
}

// WasWithdrawn reports whether a question of the order was withdrawn.
func WasWithdrawn(tx *db.Tx, orderID string) (bool, error) {
	var n int64
	err := tx.Model(&ContactQuestion{}).
		Where("order_id = ? AND withdrawn_at IS NOT NULL", orderID).
		Count(&n).Error
	return n > 0, err
}

// WasAnswered reports whether somebody answered about the person whom an order names, for
// that order: its own question, or, where it asked none, the one about the same person that
// was open when it was fulfilled, not before it came.
func WasAnswered(tx *db.Tx, accountID string, who Invitee, came time.Time) (bool, error) {
	var questions []ContactQuestion
	err := tx.Where("account_id = ? AND email = ?", accountID, rules.NormaliseEmail(who.Email)).
		Order("id").
		Find(&questions).Error
	if err != nil {
		return false, err
	}

	asked := false
	since := false
	for _, q := range questions {
		answered := q.State != QuestionOpen && q.WithdrawnAt == nil
		if q.OrderID == who.OrderID {
			asked = true
			if answered {
				return true, nil
			}
		}
		if answered && q.AnsweredAt != nil && !q.AnsweredAt.Before(came) {
			since = true
		}
	}
	return since && !asked, nil
}

// AskAgain asks the administrators about the contact of an order that was fulfilled while
// another one asked about the same person. Where the person is known by now, or an operator
// decided, it asks nobody.
func AskAgain(tx *db.Tx, acc account.Account, c Contact) error {
	if c.Standing != rules.ContactIsColleague || c.Decided != "" {
		return nil
	}
	return askAdmins(tx, acc, c)
}

// answerQuestion stores who answered, and closes the operators' task.
func answerQuestion(tx *db.Tx, q *ContactQuestion, state QuestionState) error {
	now := tx.Now()
	q.State = state
	q.AnsweredAt = &now
	q.AnsweredBy = tx.Scope.Actor.ID

	err := tx.Model(&ContactQuestion{}).
		Where("id = ?", q.ID).
		Select("state", "role", "answered_at", "answered_by", "invitation_id", "withdrawn_at").
		Updates(q).Error
	if err != nil {
		return err
	}

	return tx.Settle(db.TaskDecideContact, q.ID, string(q.Standing()))
}

// EscalateContacts asks the operators about a batch of questions that no administrator has
// answered in time, behind the id after, each once. It returns how many it read, and the
// last id.
func EscalateContacts(tx *db.Tx, after string, limit int) (read int, last string, err error) {
	var late []ContactQuestion
	err = tx.Where("state = ? AND escalated_at IS NULL", QuestionOpen).
		Where("answer_until <= ? AND id > ?", tx.Now(), after).
		Order("id").
		Limit(limit).
		Find(&late).Error
	if err != nil {
		return 0, "", err
	}

	for _, q := range late {
		last = q.ID
		err := tx.Raise(db.OperatorTask{
			Kind:      db.TaskDecideContact,
			SubjectID: q.ID,
			AccountID: &q.AccountID,
			What:      "Decide whether the person whom an order names may come in, and as what.",
			Why:       "The administrators of the account have not answered for seven days.",
		})
		if err != nil {
			return 0, "", err
		}

		err = tx.Model(&ContactQuestion{}).
			Where("id = ?", q.ID).
			Update("escalated_at", tx.Now()).Error
		if err != nil {
			return 0, "", err
		}
	}

	return len(late), last, nil
}

// GetContactQuestion reads one question in scope.
func (s *People) GetContactQuestion(ctx context.Context, id string) (ContactQuestion, error) {
	var q ContactQuestion
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return db.Found(tx.Scope.Accounts(tx.DB, "account_id").First(&q, "id = ?", id).Error)
	})
	return q, err
}

// ListContactQuestions lists an account's questions, newest first, and returns the cursor
// of the next page; state narrows where it is not empty.
func (s *People) ListContactQuestions(
	ctx context.Context, accountID string, state QuestionState, page db.Page,
) ([]ContactQuestion, string, error) {
	var out []ContactQuestion
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.DB, "account_id").Where("account_id = ?", accountID)
		if state != "" {
			q = q.Where("state = ?", state)
		}
		return page.Apply(q).Find(&out).Error
	})

	out, next := db.Cut(page, out, func(q ContactQuestion) string { return q.ID })
	return out, next, err
}

// accountDomain is a mail domain that an operator recorded as an account's own (S15).
type accountDomain struct {
	AccountID  string `gorm:"primaryKey"`
	Domain     string `gorm:"primaryKey"`
	RecordedBy string
	CreatedAt  time.Time
}

// TableName is the table of the domains.
func (accountDomain) TableName() string { return "account_domains" }

// RecordDomain records the mail domain of an address as the account's own, in the caller's
// transaction; again it changes nothing. A free mail provider's domain answers
// VALIDATION_FAILED.
func RecordDomain(tx *db.Tx, accountID, email string) error {
	domain := rules.EmailDomain(email)
	if !rules.OwnMailDomain(domain) {
		return rules.Invalid([]rules.FieldError{{
			Pointer: "/record_domain",
			Code:    "FREE_MAIL_DOMAIN",
			Message: "The address is at a provider of personal mailboxes.",
			Remedy:  "Leave record_domain out: such a domain says nothing about a company.",
		}})
	}

	row := accountDomain{
		AccountID:  accountID,
		Domain:     domain,
		RecordedBy: tx.Scope.Actor.ID,
		CreatedAt:  tx.Now(),
	}
	res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if res.Error != nil || res.RowsAffected == 0 {
		return res.Error
	}

	return account.Audit(tx, accountID, db.Entry{
		Verb:     "account.domain_recorded",
		ObjectID: accountID,
		Details:  map[string]any{"domain": domain},
	})
}

// ForgetDomain removes a mail domain that an operator recorded as an account's own, with a
// reason: whoever an order names from it is a stranger again (S15). One that is not recorded
// changes nothing. For operators only; NOT_FOUND for anybody else and for no account.
func (s *People) ForgetDomain(ctx context.Context, accountID, domain, reason string) error {
	if err := rules.CheckReason(reason); err != nil {
		return err
	}

	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		acc, err := account.Lock(tx, accountID)
		if err != nil {
			return err
		}

		domain := rules.NormaliseDomain(domain)
		res := tx.Delete(&accountDomain{}, "account_id = ? AND domain = ?", acc.ID, domain)
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}

		return account.Audit(tx, acc.ID, db.Entry{
			Verb:     "account.domain_forgotten",
			ObjectID: acc.ID,
			Details:  db.WithReason(reason, map[string]any{"domain": domain}),
		})
	})
}

// DomainsOf lists the mail domains that operators recorded for an account in scope.
func (s *People) DomainsOf(ctx context.Context, accountID string) ([]string, error) {
	domains := []string{}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.Model(&accountDomain{}), "account_id").
			Where("account_id = ?", accountID).
			Order("domain").
			Pluck("domain", &domains).Error
	})
	return domains, err
}
