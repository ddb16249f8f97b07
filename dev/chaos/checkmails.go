package chaos

import (
	"context"
	"regexp"
	"strings"

	"roomcover.dev/roomcover/mail/smtptest"
	"roomcover.dev/roomcover/rules"
)

// ReadMails reads the mails that an SMTP catcher, killed or not, has kept.
func ReadMails(dir string) ([]smtptest.Message, error) {
	s, err := smtptest.Start("127.0.0.1:0", smtptest.Dir(dir))
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.Messages(), nil
}

// storedMail is what the check of deliveries needs of a row.
type storedMail struct {
	id, recipient, template string
	state                   rules.NotificationState
}

// deliveries holds the mails that arrived against the rows: what is SENT
// arrived once, what is UNKNOWN at most once, everything else never, and
// nothing arrived that is not in a row, or with another recipient.
func deliveries(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	rows, err := notifications(ctx, e.Rows)
	if err != nil {
		return err
	}

	arrived := map[string]int{}
	for _, m := range e.Mails {
		id := notificationOf(m.MessageID)
		n, known := rows[id]
		arrived[id]++

		switch {
		case !known && !e.ReadAt.IsZero() && m.ReceivedAt.After(e.ReadAt):
			// its row is newer than what DB shows
		case !known:
			report(m.ID, "a mail arrived that stands in no row: %s", m.MessageID)
		case len(m.To) != 1 || !strings.EqualFold(m.To[0], n.recipient):
			report(id, "the %s mail arrived at another address, or at %d", n.template, len(m.To))
		}
	}

	for id, n := range rows {
		switch times := arrived[id]; {
		case times > 1:
			report(id, "the %s mail, %s, arrived %d times", n.template, n.state, times)
		case times == 0 &&
			(n.state == rules.NotificationSent || n.state == rules.NotificationDelivered):
			report(id, "the %s mail is %s and never arrived", n.template, n.state)
		case times == 1 && (n.state == rules.NotificationSuppressed ||
			n.state == rules.NotificationQueued || n.state == rules.NotificationHardBounced):
			report(id, "the %s mail is %s and arrived", n.template, n.state)
		}
	}

	return nil
}

// ownID is the id of the row of a mail, wherever it stands in the Message-ID: those of tickets
// name the ticket, too.
var ownID = regexp.MustCompile(`ntf_[0-9a-hjkmnp-tv-z]{26}`)

func notificationOf(messageID string) string {
	if id := ownID.FindString(messageID); id != "" {
		return id
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(messageID, "<"), "@")
	return id
}

func notifications(ctx context.Context, db Facts) (map[string]storedMail, error) {
	rows, err := db.QueryContext(ctx, `SELECT id, recipient, template, state FROM notifications`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	out := map[string]storedMail{}
	for rows.Next() {
		var n storedMail
		if err := rows.Scan(&n.id, &n.recipient, &n.template, &n.state); err != nil {
			return nil, err
		}
		out[n.id] = n
	}

	return out, rows.Err()
}
