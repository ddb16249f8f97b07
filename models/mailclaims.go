package models

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// MailResult is how an attempt to send ended.
type MailResult struct {
	ID         string
	State      rules.NotificationState // SENT, HARD_BOUNCED, UNKNOWN, or QUEUED for a temporary failure
	ProviderID string
	Error      string // without addresses
}

func (r MailResult) sent() bool { return r.State == rules.NotificationSent }

// NextMails records how mails ended and claims the next queued ones, at most limit,
// all in one statement: a kill at any point loses no result and sends nothing
// twice. key is the id of a subject, for all its mails, or of one notification.
// None is queued when it returns none. skip are mails that failed for now and wait
// for a later attempt.
func (s *Store) NextMails(ctx context.Context, key string, limit int, ended []MailResult, skip []string) ([]Notification, error) {
	var rows []Notification
	run := s.alone
	if slices.ContainsFunc(ended, func(r MailResult) bool { return !r.sent() }) {
		run = s.tx // a failure's record takes further statements
	}
	sql, in := s.nextMails(key, limit, ended, skip)
	err := run(ctx, func(tx *gorm.DB, scope Scope) error {
		rows = nil
		if err := tx.Raw(sql, in).Scan(&rows).Error; err != nil {
			return err
		}
		for _, r := range ended {
			recorded := slices.ContainsFunc(rows, func(n Notification) bool { return n.ID == r.ID })
			if !recorded || r.sent() {
				continue
			}
			if err := s.mailFailed(tx, scope, r); err != nil {
				return err
			}
		}
		return nil
	})
	claimed := slices.DeleteFunc(rows, func(n Notification) bool {
		return slices.ContainsFunc(ended, func(r MailResult) bool { return r.ID == n.ID })
	})
	slices.SortFunc(claimed, func(a, b Notification) int { return strings.Compare(a.ID, b.ID) })
	return claimed, err
}

// On PostgreSQL the lock has a second sender wait for the first, test the state
// again and go on to other mails. One list of ids, rather than an OR, lets it find
// the rows by their key.
const nextMailsSQL = `WITH next AS (
		SELECT id FROM notifications WHERE (subject_id = @key OR id = @key) AND state = 'QUEUED' AND id NOT IN @skip ORDER BY id LIMIT @limit%s)
	UPDATE notifications SET
	state       = CASE%s ELSE 'SENDING' END,
	provider_id = CASE%s ELSE provider_id END,
	last_error  = CASE%s ELSE last_error END,
	sent_at     = CASE WHEN id IN @sent THEN @now ELSE sent_at END,
	claimed_at  = CASE WHEN id IN @ended THEN claimed_at ELSE @claimed END,
	attempts    = CASE WHEN id IN @ended THEN attempts ELSE attempts + 1 END
	WHERE id IN (SELECT id FROM next UNION ALL SELECT id FROM notifications WHERE id IN @ended)
		AND state = CASE WHEN id IN @ended THEN 'SENDING' ELSE 'QUEUED' END
	RETURNING *`

func (s *Store) nextMails(key string, limit int, ended []MailResult, skip []string) (string, map[string]any) {
	ids, sent := []string{""}, []string{""}
	in := map[string]any{"key": key, "limit": limit, "now": s.clock.Now(), "claimed": realNow()}
	var state, provider, last strings.Builder
	for i, r := range append([]MailResult{{}}, ended...) {
		for column, value := range map[*strings.Builder]struct{ name, value string }{&state: {"state", string(r.State)}, &provider: {"provider", r.ProviderID}, &last: {"error", r.Error}} {
			fmt.Fprintf(column, " WHEN id = @id%d THEN @%s%d", i, value.name, i)
			in[fmt.Sprintf("%s%d", value.name, i)] = value.value
		}
		in[fmt.Sprintf("id%d", i)] = r.ID
		ids = append(ids, r.ID)
		if r.sent() {
			sent = append(sent, r.ID)
		}
	}
	in["ended"], in["sent"], in["skip"] = ids, sent, append(slices.Clone(ids), skip...)
	lock := ""
	if s.postgres() {
		lock = " FOR UPDATE"
	}
	return fmt.Sprintf(nextMailsSQL, lock, state.String(), provider.String(), last.String()), in
}
