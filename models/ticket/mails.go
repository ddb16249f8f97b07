package ticket

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
)

// toldSQL selects the members who are told of a ticket, the one whose it is and its watchers,
// as one text: id, address and language, a line each.
const toldSQL = `(SELECT string_agg(u.id || '
' || u.email || '
' || u.locale, '
' ORDER BY u.id)
		FROM users u
		JOIN memberships m ON m.user_id = u.id
		WHERE m.account_id = t.account_id
			AND m.state = 'ACTIVE'
			AND m.blocked_at IS NULL
			AND (u.id = t.opened_for
				OR u.id IN (SELECT user_id FROM ticket_watchers WHERE ticket_id = t.id)))`

// The steps of a ticket of which mails tell.
const (
	stepOpened          = "OPENED"
	stepAnswered        = "ANSWERED"
	stepReminder        = "REMINDER"
	stepResolved        = "RESOLVED"
	stepClosed          = "CLOSED"
	stepTicketCancelled = "CANCELLED"
)

// mailPart is one thing of which a mail tells.
type mailPart struct {
	step string
	text string // what was said; never of a note: a change knows none
	day  int    // of a reminder
}

// bundleFor is how long a mail waits for what else happens, so that two answers within it are
// one mail. A room that is down is told of at once.
const bundleFor = 2 * time.Minute

// skew is how far the clocks of two processes may be apart: who is told to send a mail finds
// it held no more.
const skew = 2 * time.Second

// bundle is a mail to each person that is held for what else happens.
type bundle struct {
	name string
	wait time.Duration // real time
}

// tellOf asks for a mail about a step.
func (w *change) tellOf(p mailPart) { w.mails = append(w.mails, p) }

// person is somebody who is told of a ticket.
type person struct{ id, email, locale string }

// people returns who is told: the member whose ticket it is and the watchers. Where a program
// opened it and nobody watches it, the account's administrators are.
func (w *change) people() (people []person) {
	if w.Told != nil {
		for one := range slices.Chunk(strings.Split(*w.Told, "\n"), 3) {
			people = append(people, person{one[0], one[1], one[2]})
		}
	}
	if len(people) > 0 {
		return people
	}

	for _, admin := range (notification.Audience{Admins: w.Admins}).People() {
		people = append(people, person{"", admin.Email, admin.Locale})
	}
	return people
}

// bundleMails queues one mail to each person for what the change tells of. Within two minutes
// what follows goes into the same mail; at severity 1, and at the end of a ticket, it leaves
// at once. It returns the bundle that the workflow is to send when the time is over.
func (w *change) bundleMails() (*bundle, error) {
	people := w.people()
	if len(w.mails) == 0 || len(people) == 0 {
		w.mails = nil
		return nil, nil
	}

	parts := make([]any, len(w.mails))
	for i, p := range w.mails {
		parts[i] = map[string]any{
			"step": p.step,
			"text": p.text,
			"day":  p.day,
			"at":   w.now.Format(time.RFC3339),
		}
		if w.held {
			parts[i].(map[string]any)["message"] = w.lastMessage()
		}
	}

	w.atOnce = w.atOnce || w.Severity == cover.Sev1 || w.ClosedAt != nil
	wait := w.s.db.Clock().RealDuration(bundleFor)
	open := w.MailUntil != nil && db.RealNow().Before(*w.MailUntil)
	if w.held {
		// It waits as long as it can be taken back, with nothing that leaves before.
		if w.atOnce || wait < undoFor {
			wait = undoFor
		}
		open = open && !w.atOnce && db.RealNow().Add(undoFor).Before(*w.MailUntil)
		w.atOnce = false
	}
	if open && w.Held != nil {
		added, err := w.addToBundle(parts)
		if err != nil || added {
			return nil, err
		}
	}

	return w.newBundle(people, parts, wait)
}

// addToBundle adds to the mail that is held, and reports whether it still was.
func (w *change) addToBundle(parts []any) (bool, error) {
	params := map[string]any{}
	if err := json.Unmarshal([]byte(*w.Held), &params); err != nil {
		return false, err
	}
	earlier, _ := params["parts"].([]any)
	params["parts"] = append(earlier, parts...)
	w.stand(params)

	added, err := notification.ChangeHeld(
		w.tx, rules.TemplateTicket, w.ID, w.MailBundle, params, w.atOnce)
	if err != nil || !added || !w.atOnce {
		return added, err
	}
	w.MailUntil = nil
	_, _, err = w.tx.WithdrawHeld(db.OutboxTicketMails, w.MailBundle)
	return true, err
}

// newBundle queues another mail to each person, which waits for a while of real time, or leaves at
// once.
func (w *change) newBundle(
	people []person, parts []any, wait time.Duration,
) (*bundle, error) {
	w.MailBundle = w.ID + "/" + seqText(w.Version)
	w.MailUntil = nil
	var held *bundle
	if !w.atOnce {
		until := db.RealNow().Add(wait)
		w.MailUntil = &until
		held = &bundle{name: w.MailBundle, wait: wait + skew}
	}

	params := map[string]any{"parts": parts}
	w.stand(params)
	mails := make([]notification.Notification, len(people))
	for i, p := range people {
		mails[i] = notification.Notification{
			Template:  rules.TemplateTicket,
			SubjectID: w.ID,
			Recipient: p.email,
			Epoch:     w.MailBundle,
			AccountID: &w.AccountID,
			Locale:    p.locale,
			Params:    params,
			HeldUntil: w.MailUntil,
		}
	}
	return held, notification.Queue(w.tx, mails...)
}

// stand puts how the ticket stands into the parameters of a mail. thread is what its headers
// are made of: every mail of the ticket has the same.
func (w *change) stand(params map[string]any) {
	params["ticket"] = w.ID
	params["thread"] = w.ID
	params["number"] = w.Number
	params["summary"] = w.Summary
	params["state"] = string(w.State)
	params["severity"] = int(w.Severity)
	params["room"] = db.Text(w.RoomName)
	params["company"] = w.AccountName
	params["reason"] = w.WaitingReason
	params["time_zone"] = w.TimeZone
	if w.EffectiveDue != nil && w.FirstAnswerAt == nil {
		params["due"] = w.EffectiveDue.UTC().Format(time.RFC3339)
	} else {
		delete(params, "due")
	}
}
