package notification

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// Notification is one mail to one recipient, once: DedupeKey is unique (C7).
type Notification struct {
	ID         string
	DedupeKey  string
	ProgramID  string
	Template   string
	SubjectID  string
	Recipient  string
	Epoch      string
	AccountID  *string
	OrderID    *string
	Locale     string
	Params     map[string]any `gorm:"serializer:json"`
	State      rules.NotificationState
	Attempts   int
	ClaimedAt  *time.Time
	SentAt     *time.Time
	ProviderID string
	LastError  string
	CreatedAt  time.Time
	QueuedAt   *time.Time // the last time; nil: an earlier release sent it
	HeldUntil  *time.Time // real time; until then nobody takes it, and UndoResend takes it back
}

// NotificationAttempt records an attempt that failed.
type NotificationAttempt struct {
	ID             string
	NotificationID string
	Outcome        string
	Error          string
	At             time.Time
}

// mailRules are what other domains do about their mails, by the mail's template. They
// are set when the domains are opened.
type mailRules struct {
	bounced   map[string]bounceRule
	mayResend map[string]resendRule
}

// bounceRule does what follows from a mail that was refused for good, in the
// transaction that records it.
type bounceRule func(tx *db.Tx, n Notification, reason string) error

// resendRule refuses to send a mail again when it is of no use any more.
type resendRule func(tx *db.Tx, n Notification) error

// OnBounce sets the rule that runs when a mail of the template is refused for good. A
// template has one rule; it is set when the domains are opened.
func (s *Notifications) OnBounce(template string, rule bounceRule) {
	if s.mails.bounced == nil {
		s.mails.bounced = map[string]bounceRule{}
	}
	s.mails.bounced[template] = rule
}

// OnResend sets the rule that is asked before a mail of the template is sent again.
func (s *Notifications) OnResend(template string, rule resendRule) {
	if s.mails.mayResend == nil {
		s.mails.mayResend = map[string]resendRule{}
	}
	s.mails.mayResend[template] = rule
}

// Queue writes mails in the caller's transaction. A mail whose dedupe key (program,
// template, subject, recipient, epoch) exists already is left alone, so that repeating
// the call sends nothing twice (C7).
func Queue(tx *db.Tx, mails ...Notification) error {
	if len(mails) == 0 {
		return nil
	}

	for i := range mails {
		m := &mails[i]
		m.ID = db.NewID(db.PrefixNotification)
		m.ProgramID = catalogue.DefaultProgram().ID
		m.State = rules.NotificationQueued
		m.CreatedAt = tx.Now()
		m.QueuedAt = &m.CreatedAt
		m.DedupeKey = strings.Join(
			[]string{m.ProgramID, m.Template, m.SubjectID, m.Recipient, m.Epoch}, "|",
		)

		if m.Params == nil {
			m.Params = map[string]any{}
		}
	}

	return tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "dedupe_key"}},
		DoNothing: true,
	}).Create(&mails).Error
}

// stillQueued is the condition that a mail waits to be sent, where its subject is known. The state
// is no bare column: as a rule nothing waits when PostgreSQL takes its statistics, so it believes
// that the index of the states finds one mail, and in an outage of the mail server it would read
// all that wait to find those of each subject.
const stillQueued = "state || '' = 'QUEUED'"

// HeldSQL returns the SQL that selects the parameters of the mails of a template about a
// subject and epoch that nobody has taken yet, such as because they are held; NULL where there
// is none. The arguments are SQL expressions.
func HeldSQL(template, subject, epoch string) string {
	return `(SELECT n.params FROM notifications n
		WHERE n.subject_id = ` + subject + `
			AND n.template = '` + template + `'
			AND n.epoch = ` + epoch + `
			AND n.` + stillQueued + `
		ORDER BY n.id LIMIT 1)`
}

// ChangeHeld gives the mails that HeldSQL finds other parameters; release lets them leave at
// once. It reports false where there is none any more: then what is to be told needs another
// mail.
func ChangeHeld(
	tx *db.Tx, template, subjectID, epoch string, params map[string]any, release bool,
) (bool, error) {
	columns := []string{"params"}
	if release {
		columns = append(columns, "held_until")
	}
	res := tx.Model(&Notification{}).
		Where("subject_id = ? AND template = ? AND epoch = ?", subjectID, template, epoch).
		Where(stillQueued).
		Select(columns).
		Updates(&Notification{Params: params})
	return res.RowsAffected > 0, res.Error
}

// SuppressHeld keeps the mails that HeldSQL finds from ever leaving: what they tell of was taken
// back.
func SuppressHeld(tx *db.Tx, template, subjectID, epoch string) error {
	return tx.Model(&Notification{}).
		Where("subject_id = ? AND template = ? AND epoch = ?", subjectID, template, epoch).
		Where(stillQueued).
		Updates(map[string]any{
			"state":      rules.NotificationSuppressed,
			"held_until": nil,
		}).Error
}

// Waiting reports whether a mail of a subject is to be sent now: one that is not held.
func Waiting(tx *db.Tx, subjectID string) (bool, error) {
	var one []string
	err := tx.Model(&Notification{}).
		Where("subject_id = ?", subjectID).
		Where(stillQueued).
		Where("held_until IS NULL OR held_until <= ?", db.RealNow()).
		Limit(1).
		Pluck("id", &one).Error
	return len(one) > 0, err
}

// QueueSingle writes a mail that no order's or invitation's workflow sends, with the
// outbox event that starts a workflow for it. A mail that exists already starts none.
func QueueSingle(tx *db.Tx, m Notification) error { return QueueEach(tx, m) }

// QueueEach is QueueSingle for several mails.
func QueueEach(tx *db.Tx, mails ...Notification) error {
	if len(mails) == 0 {
		return nil
	}
	if err := Queue(tx, mails...); err != nil {
		return err
	}

	keys := make([]string, len(mails))
	for i, m := range mails {
		keys[i] = m.DedupeKey
	}
	stored := map[string]string{}
	for some := range db.Batches(keys, 10_000) {
		var rows []Notification
		err := tx.Select("id", "dedupe_key").Find(&rows, "dedupe_key IN ?", some).Error
		if err != nil {
			return err
		}
		for _, n := range rows {
			stored[n.DedupeKey] = n.ID
		}
	}

	var events []db.OutboxEvent
	for _, m := range mails {
		if stored[m.DedupeKey] == m.ID {
			events = append(events,
				db.NewOutboxEvent(db.OutboxNotificationQueued, m.ID, "1",
					map[string]string{db.PayloadSummary: m.Template}))
		}
	}
	if len(events) == 0 {
		return nil
	}
	return tx.Enqueue(events...)
}

// ResendMail queues a mail again that an operator found not to have arrived. A mail
// that has not failed, or whose subject is over, answers STATE_CONFLICT. Each call
// sends it once more. The tasks about its failure are closed.
func (s *Notifications) ResendMail(ctx context.Context, id string) error {
	return s.queueAgain(ctx, id, 0)
}

// UndoFor is how long a mail that is sent again by ResendMailSoon can be taken back.
const UndoFor = 10 * time.Second

// skew is how far the clocks of two processes may be apart: who is told to send a mail finds it
// held no more.
const skew = 2 * time.Second

// ResendMailSoon is ResendMail of a mail that leaves only after UndoFor, so that UndoResend can
// take it back.
func (s *Notifications) ResendMailSoon(ctx context.Context, id string) error {
	return s.queueAgain(ctx, id, UndoFor)
}

// The keys of the payload by which UndoResend knows what was before.
const (
	payloadBy     = "by"
	payloadBefore = "before"
	payloadError  = "before_error" // without addresses
)

func (s *Notifications) queueAgain(ctx context.Context, id string, hold time.Duration) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		var n Notification
		if err := db.Found(tx.ForUpdate().First(&n, "id = ?", id).Error); err != nil {
			return err
		}

		if n.State != rules.NotificationUnknown && n.State != rules.NotificationHardBounced {
			return rules.Refuse(rules.StateConflict,
				"Only a mail that failed or whose fate is unknown can be sent again.",
				"Read the mail's state again.")
		}

		if allowed := s.mails.mayResend[n.Template]; allowed != nil {
			if err := allowed(tx, n); err != nil {
				return err
			}
		}

		var held *time.Time
		if hold > 0 {
			until := db.RealNow().Add(hold)
			held = &until
		}
		err := tx.Model(&Notification{}).Where("id = ?", id).
			Updates(map[string]any{
				"state":      rules.NotificationQueued,
				"queued_at":  tx.Now(),
				"held_until": held,
				"last_error": "",
			}).Error
		if err != nil {
			return err
		}

		resent := db.Entry{
			Verb:     "mail.resent",
			ObjectID: n.ID,
			Details: map[string]any{
				"template": n.Template,
				"before":   n.State,
			},
		}

		if err := tx.Audit(n.ID, n.AccountID, false, resent); err != nil {
			return err
		}
		if err := settleTrouble(tx, n.ID, "resend"); err != nil {
			return err
		}

		payload := map[string]string{db.PayloadSummary: n.Template + ", once more"}
		if hold > 0 {
			payload[payloadBy] = tx.Scope.Actor.ID
			payload[payloadBefore] = string(n.State)
			payload[payloadError] = n.LastError
			hold += skew
		}
		return tx.EnqueueHeld(hold,
			db.NewOutboxEvent(db.OutboxNotificationQueued, n.ID, db.NewID("epoch"), payload))
	})
}

// UndoResend takes back that the acting operator sent a mail again, while it has not left: the
// mail is what it was before, and the tasks about it are open again. One that has left, or that
// somebody else sent, answers STATE_CONFLICT.
func (s *Notifications) UndoResend(ctx context.Context, id string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		left := rules.Refuse(rules.StateConflict,
			"The mail has left already, or was not sent again by you.",
			"Read the mail's state again.")
		var n Notification
		if err := db.Found(tx.ForUpdate().First(&n, "id = ?", id).Error); err != nil {
			return err
		}
		if n.State != rules.NotificationQueued {
			return left
		}
		e, ok, err := tx.WithdrawHeld(db.OutboxNotificationQueued, n.ID)
		switch {
		case err != nil:
			return err
		case !ok || e.Payload[payloadBy] != tx.Scope.Actor.ID:
			return left
		}

		err = tx.Model(&Notification{}).Where("id = ?", id).
			Updates(map[string]any{
				"state":      e.Payload[payloadBefore],
				"held_until": nil,
				"last_error": e.Payload[payloadError],
			}).Error
		if err != nil {
			return err
		}
		if err := db.ReopenKinds(tx, troubleKinds(), n.ID, e.CreatedAt); err != nil {
			return err
		}
		return tx.Audit(n.ID, n.AccountID, false, db.Entry{
			Verb:     "mail.resend_undone",
			ObjectID: n.ID,
			Details:  map[string]any{"template": n.Template},
		})
	})
}

// troubleKinds are the tasks that ask what became of a mail.
func troubleKinds() []db.TaskKind {
	return []db.TaskKind{db.TaskMailUndeliverable, db.TaskMailUnknown}
}

// settleTrouble closes the tasks that ask what became of a mail: the actor has seen to it.
func settleTrouble(tx *db.Tx, id, resolution string) error {
	return db.SettleKinds(tx, troubleKinds(), id, resolution)
}

// MailDelivered records that a mail whose fate was unknown did arrive, and closes the task
// about it. One that was not sent answers STATE_CONFLICT.
func (s *Notifications) MailDelivered(ctx context.Context, id string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		sent := []rules.NotificationState{rules.NotificationUnknown, rules.NotificationSent}
		res := tx.Model(&Notification{}).Where("id = ? AND state IN ?", id, sent).
			Update("state", rules.NotificationDelivered)
		if res.Error != nil {
			return res.Error
		}

		if res.RowsAffected == 0 {
			return rules.Refuse(rules.StateConflict,
				"Only a mail that was sent can be marked as delivered.",
				"Read the mail's state again.")
		}

		err := tx.Audit(id, nil, false,
			db.Entry{Verb: "mail.delivered", ObjectID: id, Details: nil})
		if err != nil {
			return err
		}
		return settleTrouble(tx, id, "mark_delivered")
	})
}

// Suppress keeps the unsent mails of a subject from going out, because the subject is
// over. Again it changes nothing.
func Suppress(tx *db.Tx, subjectID string) error {
	return tx.Model(&Notification{}).
		Where("subject_id = ?", subjectID).
		Where(stillQueued).
		Update("state", rules.NotificationSuppressed).Error
}

// Retract keeps mails from going out that nobody has taken yet: their recipients are not to hear of
// it any more.
func Retract(tx *db.Tx, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	return tx.Model(&Notification{}).
		Where("id IN ? AND state = ?", ids, rules.NotificationQueued).
		Updates(map[string]any{
			"state":      rules.NotificationSuppressed,
			"last_error": "its recipient is not told any more",
		}).Error
}

// GetNotification reads one mail with its delivery state.
func (s *Notifications) GetNotification(ctx context.Context, id string) (Notification, error) {
	var n Notification
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return db.Found(tx.Scope.Accounts(tx.DB, "account_id").First(&n, "id = ?", id).Error)
	})
	return n, err
}

// NotificationFilter narrows a list of mails; empty fields do not narrow.
type NotificationFilter struct {
	IDs []string // nil: any

	OrderID, SubjectID string
	// POKey is the number of purchase orders, as ordering.PONumberKey folds it.
	POKey     string
	AccountID string
	Template  string
	State     rules.NotificationState
	// Recipient is an address, or what an address begins with.
	Recipient string
	// Failed are only those that were refused for good or whose fate is unknown.
	Failed bool
	Page   db.Page
}

// ListNotifications lists mails and their delivery state, newest first.
func (s *Notifications) ListNotifications(
	ctx context.Context, f NotificationFilter,
) ([]Notification, string, error) {
	var out []Notification
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		subject, err := db.IDNamed(tx, f.SubjectID)
		if err != nil {
			return err
		}

		q := tx.Scope.Accounts(tx.DB, "account_id")
		for column, value := range map[string]string{
			"order_id":   f.OrderID,
			"subject_id": subject,
			"account_id": f.AccountID,
			"template":   f.Template,
			"state":      string(f.State),
		} {
			if value != "" {
				q = q.Where(clause.Eq{Column: column, Value: value})
			}
		}
		if address := rules.NormaliseEmail(f.Recipient); address != "" {
			q = q.Where("recipient LIKE ? ESCAPE '!'", db.Beginning(address))
		}
		if f.POKey != "" {
			q = q.Where("order_id IN (SELECT id FROM orders WHERE po_key = ?)", f.POKey)
		}
		if f.IDs != nil {
			q = q.Where("id IN ?", f.IDs)
		}
		if f.Failed {
			q = q.Where("state IN ?", []rules.NotificationState{
				rules.NotificationHardBounced, rules.NotificationUnknown,
			})
		}

		return f.Page.Apply(q).Find(&out).Error
	})

	out, next := db.Cut(f.Page, out, func(n Notification) string { return n.ID })
	return out, next, err
}

// LastMails returns the last mail of a template about each subject, by the subject's id.
func (s *Notifications) LastMails(
	ctx context.Context, template string, subjects []string,
) (map[string]Notification, error) {
	var rows []Notification
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.DB, "account_id").
			Where("subject_id IN ? AND template = ?", append([]string{""}, subjects...), template).
			Order("id").
			Find(&rows).Error
	})

	last := map[string]Notification{}
	for _, n := range rows {
		last[n.SubjectID] = n
	}
	return last, err
}

// AttemptsOf lists the attempts at a mail that failed, oldest first, to the service and its
// operators.
func (s *Notifications) AttemptsOf(
	ctx context.Context, id string,
) ([]NotificationAttempt, error) {
	var out []NotificationAttempt
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return tx.Where("notification_id = ?", id).Order("at, id").Limit(200).Find(&out).Error
	})
	return out, err
}

// Entities lists the entities of mails: one for each table.
func Entities() []any {
	return []any{
		Notification{},
		NotificationAttempt{},
	}
}
