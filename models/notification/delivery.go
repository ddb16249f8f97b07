package notification

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// MailResult is how an attempt to send a mail ended.
type MailResult struct {
	ID string
	// SENT, HARD_BOUNCED, UNKNOWN, or QUEUED for a temporary failure
	State      rules.NotificationState
	ProviderID string
	Error      string // without addresses
}

func (r MailResult) sent() bool { return r.State == rules.NotificationSent }

// NextMails records how mails ended and claims the next queued ones, at most limit, all
// in one statement: a kill at any point loses no result and sends nothing twice. key is
// the id of a subject, for all its mails, or of one notification. It returns none when
// none is queued, or all are held. skip are mails that failed for now and wait for a later attempt.
func (s *Notifications) NextMails(
	ctx context.Context, key string, limit int, ended []MailResult, skip []string,
) ([]Notification, error) {
	var rows []struct {
		Notification
		Waiting int // of the queued mails that the statement began with
	}
	run := s.db.Single
	if slices.ContainsFunc(ended, func(r MailResult) bool { return !r.sent() }) {
		run = s.db.Write // a failure's record takes further statements
	}

	sql, in := s.nextMails(key, limit, ended, skip)
	err := run(ctx, func(tx *db.Tx) error {
		rows = nil
		if err := tx.Raw(sql, in).Scan(&rows).Error; err != nil {
			return err
		}

		for _, r := range ended {
			recorded := false
			for _, row := range rows {
				recorded = recorded || row.ID == r.ID
			}
			if !recorded || r.sent() {
				continue
			}

			if err := s.mailFailed(tx, r); err != nil {
				return err
			}
		}

		return nil
	})

	if err != nil {
		return nil, err
	}

	waiting := 0
	var claimed []Notification
	for _, row := range rows {
		waiting = row.Waiting
		own := slices.ContainsFunc(ended, func(r MailResult) bool { return r.ID == row.ID })
		if !own {
			claimed = append(claimed, row.Notification)
		}
	}

	// Somebody else has locked what is left. Whoever holds no mail may wait for them: they
	// may give up, and then the mail is still to be sent.
	if len(claimed) == 0 && waiting > 0 {
		return s.NextMails(ctx, key, limit, nil, skip)
	}

	slices.SortFunc(claimed, func(a, b Notification) int { return strings.Compare(a.ID, b.ID) })
	return claimed, nil
}

// nextMailsSQL records results and claims mails. On PostgreSQL a sender first locks the
// mails that it holds, in the order of their ids, and then only mails that nobody has
// locked: it waits for no mail while it holds one that another sender waits for. A claim
// that waited would do so, because it keeps the lock of each mail that it waited for and
// found claimed. A sender that holds no mail waits. The count is always true; it has the
// first lock taken before the second. One list of ids, rather than an OR, lets PostgreSQL
// find the rows by their key.
//
// A mail goes out in the language that its reader has chosen meanwhile: a person who signs
// in, else the organization whose address it is, else the one that it was written for.
const nextMailsSQL = `WITH own AS (
		SELECT id FROM notifications
		WHERE id IN @ended AND state = 'SENDING'
		ORDER BY id%s),
	next AS (
		SELECT id FROM notifications
		WHERE (subject_id = @key OR id = @key) AND ` + stillQueued + ` AND id NOT IN @skip
			AND (held_until IS NULL OR held_until <= @claimed)
			AND (SELECT count(*) FROM own) >= 0
		ORDER BY id LIMIT @limit%s)
	UPDATE notifications SET
		state       = CASE%s ELSE 'SENDING' END,
		provider_id = CASE%s ELSE provider_id END,
		last_error  = CASE%s ELSE last_error END,
		sent_at     = CASE WHEN id IN @sent THEN @now ELSE sent_at END,
		held_until  = NULL,
		claimed_at  = CASE WHEN id IN @ended THEN claimed_at ELSE @claimed END,
		attempts    = CASE WHEN id IN @ended THEN attempts ELSE attempts + 1 END,
		locale      = CASE WHEN id IN @ended THEN locale ELSE COALESCE(
			(SELECT u.locale FROM users u WHERE u.email = recipient AND u.locale <> ''),
			(SELECT o.locale FROM orgs o
				WHERE o.locale <> '' AND (o.notices_to = recipient OR EXISTS (
					SELECT 1 FROM org_mail_domains d
					WHERE d.org_id = o.id AND recipient LIKE '%%@' || d.domain))
				ORDER BY o.id LIMIT 1),
			locale) END
	WHERE id IN (SELECT id FROM own UNION ALL SELECT id FROM next)
		AND state = CASE WHEN id IN @ended THEN 'SENDING' ELSE 'QUEUED' END
	RETURNING *%s`

// waitingMailsSQL counts the mails that were queued when the statement began.
const waitingMailsSQL = `, (SELECT count(*) FROM notifications AS q
		WHERE (q.subject_id = @key OR q.id = @key) AND q.` + stillQueued + ` AND q.id NOT IN @skip
			AND (q.held_until IS NULL OR q.held_until <= @claimed)
	) AS waiting`

// nextMails builds the statement of NextMails with its arguments. The empty result in
// front gives each CASE at least one branch.
func (s *Notifications) nextMails(
	key string, limit int, ended []MailResult, skip []string,
) (string, map[string]any) {
	ids, sent := []string{""}, []string{""}
	in := map[string]any{
		"key":     key,
		"limit":   limit,
		"now":     s.db.Now(),
		"claimed": db.RealNow(),
	}

	var state, provider, last strings.Builder
	for i, r := range append([]MailResult{{}}, ended...) {
		for column, value := range map[*strings.Builder]struct{ name, value string }{
			&state:    {"state", string(r.State)},
			&provider: {"provider", r.ProviderID},
			&last:     {"error", r.Error},
		} {
			fmt.Fprintf(column, " WHEN id = @id%d THEN @%s%d", i, value.name, i)
			in[fmt.Sprintf("%s%d", value.name, i)] = value.value
		}

		in[fmt.Sprintf("id%d", i)] = r.ID
		ids = append(ids, r.ID)
		if r.sent() {
			sent = append(sent, r.ID)
		}
	}

	in["ended"] = ids
	in["sent"] = sent
	in["skip"] = append(slices.Clone(ids), skip...)
	lock, lockQueued, waiting := "", "", ""
	switch {
	case s.db.Postgres() && len(ended) > 0:
		lock, lockQueued, waiting = " FOR UPDATE", " FOR UPDATE SKIP LOCKED", waitingMailsSQL
	case s.db.Postgres():
		lock, lockQueued = " FOR UPDATE", " FOR UPDATE"
	}

	return fmt.Sprintf(nextMailsSQL,
		lock, lockQueued, state.String(), provider.String(), last.String(), waiting), in
}

// mailFailed records a failed attempt, and hands a mail that will not be tried again to
// an operator (S17).
func (s *Notifications) mailFailed(tx *db.Tx, r MailResult) error {
	err := tx.Create(&NotificationAttempt{
		ID:             db.NewID(db.PrefixAttempt),
		NotificationID: r.ID,
		Outcome:        string(r.State),
		Error:          r.Error,
		At:             tx.Now(),
	}).Error
	if err != nil {
		return err
	}

	switch r.State {
	case rules.NotificationHardBounced:
		return s.mailBounced(tx, r)
	case rules.NotificationUnknown:
		return tx.Raise(db.OperatorTask{
			Kind:      db.TaskMailUnknown,
			SubjectID: r.ID,
			What:      "Find out whether the mail arrived; send it again if it did not.",
			Why:       whyUnknown(r),
		})
	}

	return nil
}

// whyUnknown says why nobody knows whether a mail arrived.
func whyUnknown(r MailResult) string {
	if r.Error == errRestored {
		return "The database was restored to a time at which the mail had not left; " +
			"it may have left since."
	}
	return "The connection broke while the mail was handed over."
}

// mailBounced hands a mail that was refused for good to an operator; the mail's own
// domain does what else follows.
func (s *Notifications) mailBounced(tx *db.Tx, r MailResult) error {
	var n Notification
	if err := tx.First(&n, "id = ?", r.ID).Error; err != nil {
		return err
	}

	err := tx.Raise(db.OperatorTask{
		Kind:      db.TaskMailUndeliverable,
		SubjectID: n.ID,
		AccountID: n.AccountID,
		What:      "Find a working address for the " + n.Template + " mail, or close the task.",
		Why:       r.Error,
	})
	if err != nil {
		return err
	}

	if follow := s.mails.bounced[n.Template]; follow != nil {
		return follow(tx, n, r.Error)
	}

	return nil
}

// endMail stores that an attempt failed for good, with what follows.
func (s *Notifications) endMail(tx *db.Tx, r MailResult) error {
	err := tx.Model(&Notification{}).Where("id = ?", r.ID).
		Updates(map[string]any{"state": r.State, "last_error": r.Error}).Error
	if err != nil {
		return err
	}
	return s.mailFailed(tx, r)
}

// ReportBounce records that a mail which was handed over did not arrive, as a report about it
// says, with what follows from that. One that was refused already, or is not known, is left
// alone: a report is nothing that anybody has to believe twice.
func (s *Notifications) ReportBounce(tx *db.Tx, id, status string) error {
	var found []Notification
	sent := []rules.NotificationState{
		rules.NotificationSent, rules.NotificationUnknown, rules.NotificationDelivered,
	}
	err := tx.ForUpdate().Where("id = ? AND state IN ?", id, sent).Find(&found).Error
	if err != nil || len(found) == 0 {
		return err
	}
	return s.endMail(tx, MailResult{
		ID:    id,
		State: rules.NotificationHardBounced,
		Error: strings.TrimSpace("a report says that it did not arrive " + status),
	})
}

// SettleStaleMails turns the mails that an earlier attempt left in SENDING into UNKNOWN:
// nobody knows whether they were handed over, so the service never sends them again by
// itself (RULES 2). It returns how many mails another sender is still sending, claimed
// less than the lease ago.
func (s *Notifications) SettleStaleMails(
	ctx context.Context, key string, lease time.Duration,
) (inFlight int, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		inFlight = 0
		var sending []Notification
		err := tx.ForUpdate().
			Where("(subject_id = ? OR id = ?) AND state = ?", key, key, rules.NotificationSending).
			Order("id").
			Find(&sending).Error
		if err != nil {
			return err
		}

		for _, n := range sending {
			if n.ClaimedAt != nil && db.RealNow().Sub(*n.ClaimedAt) < lease {
				inFlight++
				continue
			}

			r := MailResult{
				ID:    n.ID,
				State: rules.NotificationUnknown,
				Error: "the sender stopped while the mail was on its way",
			}

			if err := s.endMail(tx, r); err != nil {
				return err
			}
		}

		return nil
	})

	return inFlight, err
}

// errRestored is the last error of a mail that a restore has put in doubt.
const errRestored = "the database was restored to a time before it had left"

// Lease is how long one attempt to send a mail may take.
const Lease = 60 * time.Second

// doubtBatch is how many mails become UNKNOWN in one transaction.
const doubtBatch = 200

// DoubtUnsentMails turns every mail that has not left, by the rows, into UNKNOWN, and returns
// how many: the database was restored to an earlier time, and they may have left since. Each
// becomes an operator's task; the service never sends one again by itself. It is for a time at
// which no worker runs, and may run again: a mail that is being sent, claimed less than the
// lease ago, answers STATE_CONFLICT.
func (s *Notifications) DoubtUnsentMails(ctx context.Context) (n int, err error) {
	if err := s.refuseWhileSending(ctx); err != nil {
		return 0, err
	}

	for {
		var unsent []Notification
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			unsent = nil
			if err := tx.Scope.Service(); err != nil {
				return err
			}

			waiting := []rules.NotificationState{
				rules.NotificationQueued, rules.NotificationSending, rules.NotificationSoftFail,
			}
			err := tx.ForUpdate().Where("state IN ?", waiting).
				Order("id").Limit(doubtBatch).Find(&unsent).Error
			if err != nil {
				return err
			}

			for _, mail := range unsent {
				r := MailResult{
					ID:    mail.ID,
					State: rules.NotificationUnknown,
					Error: errRestored,
				}
				if err := s.endMail(tx, r); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(unsent) == 0 {
			return n, err
		}
		n += len(unsent)
	}
}

// refuseWhileSending refuses while some mail was claimed less than the lease ago.
func (s *Notifications) refuseWhileSending(ctx context.Context) error {
	return s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		var sending int64
		err := tx.Model(&Notification{}).
			Where("state = ?", rules.NotificationSending).
			Where("claimed_at > ?", db.RealNow().Add(-Lease)).
			Count(&sending).Error
		if err != nil || sending == 0 {
			return err
		}
		return rules.Refuse(rules.StateConflict, "A worker is sending mails.",
			"Stop the workers first, and run this again after a minute.")
	})
}

// GiveUpMails ends the attempts at those of a key's queued mails that were queued before an
// instant, all of them where it is zero; each becomes an operator's task (S17). A younger
// one, or one that is held, has three days of its own.
func (s *Notifications) GiveUpMails(
	ctx context.Context, key, reason string, queuedBefore time.Time,
) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		due := tx.ForUpdate().
			Where("subject_id = ? OR id = ?", key, key).
			Where(stillQueued).
			Where("held_until IS NULL OR held_until <= ?", db.RealNow())
		if !queuedBefore.IsZero() {
			due = due.Where("queued_at < ?", queuedBefore)
		}

		var queued []Notification
		err := due.Order("id").Find(&queued).Error
		if err != nil {
			return err
		}

		for _, n := range queued {
			r := MailResult{ID: n.ID, State: rules.NotificationHardBounced, Error: reason}
			if err := s.endMail(tx, r); err != nil {
				return err
			}
		}

		return nil
	})
}

// PruneAttempts deletes failed attempts from before the instant.
func PruneAttempts(tx *db.Tx, before time.Time, limit int) (int64, error) {
	res := tx.Exec(`DELETE FROM notification_attempts WHERE id IN (
		SELECT id FROM notification_attempts
		WHERE at < ?
		ORDER BY at
		LIMIT ?)`, before, limit)
	return res.RowsAffected, res.Error
}
