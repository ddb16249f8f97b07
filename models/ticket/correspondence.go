package ticket

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
)

// Correspondence is what was written by mail about a ticket: what we sent to whom, and what
// people answered by mail.
type Correspondence struct{ past []pastMail }

// pastMail is a mail that was sent or received.
type pastMail struct {
	own       string // id of ours; empty: somebody else's
	recipient string // of ours
	messageID string // of somebody else's
	index     string // likewise, its Thread-Index
}

// Answered is a mail in the thread of one recipient, which the next mail to them names: Own is the
// id of one of ours, else MessageID is of somebody else's.
type Answered struct {
	Own       string
	MessageID string
}

// ThreadWith returns the mails that a recipient got from us and all that people answered, the
// oldest first, and the last Thread-Index that a mail brought; empty: none did.
func (c Correspondence) ThreadWith(recipient string) (thread []Answered, index string) {
	for _, m := range c.past {
		if m.own != "" && m.recipient != recipient {
			continue
		}
		thread = append(thread, Answered{Own: m.own, MessageID: m.messageID})
		index = cmp.Or(m.index, index)
	}
	return thread, index
}

// Sent adds a mail of ours that has just been sent.
func (c *Correspondence) Sent(id, recipient string) {
	c.past = append(c.past, pastMail{own: id, recipient: recipient})
}

// mailFact is one thing that is known before the mails of a ticket are sent.
type mailFact struct {
	Kind    string
	ID      string
	Address string
	Extra   string
}

// The kinds of mailFact.
const (
	factTold     = "TOLD"     // a member; Address and Extra are their address and locale
	factAdmin    = "ADMIN"    // likewise, of the administrators
	factWaits    = "WAITS"    // a mail that is queued; Extra is its epoch
	factSent     = "SENT"     // likewise, one that was sent
	factGone     = "GONE"     // likewise, one that was not, and will not be
	factReceived = "RECEIVED" // a message by mail; Address is its Message-ID, Extra its index
)

const mailFactsSQL = `
	SELECT 'TOLD' AS kind, u.id AS id, u.email AS address, u.locale AS extra
	FROM tickets t
	JOIN memberships m ON m.account_id = t.account_id AND m.state = 'ACTIVE'
		AND m.blocked_at IS NULL
	JOIN users u ON u.id = m.user_id
	WHERE t.id = @ticket
		AND (u.id = t.opened_for
			OR u.id IN (SELECT user_id FROM ticket_watchers WHERE ticket_id = t.id))
	UNION ALL
	SELECT 'ADMIN', u.id, u.email, u.locale
	FROM tickets t
	JOIN memberships m ON m.account_id = t.account_id AND m.state = 'ACTIVE' AND m.role = 'ADMIN'
		AND m.blocked_at IS NULL
	JOIN users u ON u.id = m.user_id
	WHERE t.id = @ticket
	UNION ALL
	SELECT * FROM (
		SELECT CASE
			WHEN n.state = 'QUEUED' THEN 'WAITS'
			WHEN n.sent_at IS NULL THEN 'GONE'
			ELSE 'SENT' END, n.id, n.recipient, n.epoch
		FROM notifications n
		WHERE n.subject_id = @ticket AND n.template = @template
		ORDER BY n.id DESC
		LIMIT 200) AS ours
	UNION ALL
	SELECT * FROM (
		SELECT 'RECEIVED', m.id, m.mail_message_id, m.mail_thread_index
		FROM ticket_messages m
		WHERE m.ticket_id = @ticket AND m.mail_message_id <> ''
		ORDER BY m.seq DESC
		LIMIT 40) AS theirs`

// Correspond brings the mails of a ticket that wait in line with who is told of it now: whoever
// is not any more gets none, and whoever is since gets the newest. It returns what was written
// before, which the mails name. It is asked right before they are sent, in one statement where
// there is nothing to change.
func (s *Tickets) Correspond(ctx context.Context, id string) (Correspondence, error) {
	var facts mailFacts
	err := s.db.Single(ctx, func(tx *db.Tx) (err error) {
		facts, err = readMailFacts(tx, id)
		return err
	})
	if err != nil || facts.settled() {
		return facts.correspondence(), err
	}

	err = s.db.Write(ctx, func(tx *db.Tx) error {
		// Under the lock nothing is added to the mails that are held.
		var t Ticket
		if err := tx.ForUpdate().First(&t, "id = ?", id).Error; err != nil {
			return db.Found(err)
		}
		if facts, err = readMailFacts(tx, id); err != nil {
			return err
		}
		return facts.settle(tx)
	})
	return facts.correspondence(), err
}

type mailFacts []mailFact

func readMailFacts(tx *db.Tx, id string) (facts mailFacts, err error) {
	err = tx.Raw(mailFactsSQL, map[string]any{
		"ticket":   id,
		"template": rules.TemplateTicket,
	}).Scan(&facts).Error
	slices.SortStableFunc(facts, func(a, b mailFact) int {
		return cmp.Compare(a.madeAt(), b.madeAt())
	})
	return facts, err
}

// madeAt is the part of the id that tells when it was made.
func (f mailFact) madeAt() string {
	_, at, _ := strings.Cut(f.ID, "_")
	return at
}

func (facts mailFacts) of(kind string) (out []mailFact) {
	for _, f := range facts {
		if f.Kind == kind {
			out = append(out, f)
		}
	}
	return out
}

// told are those who are told now, as change.people has them.
func (facts mailFacts) told() []mailFact {
	if told := facts.of(factTold); len(told) > 0 {
		return told
	}
	return facts.of(factAdmin)
}

// superfluous are the mails that wait for somebody who is told no more.
func (facts mailFacts) superfluous() (ids []string) {
	told := facts.told()
	for _, mail := range facts.of(factWaits) {
		if !slices.ContainsFunc(told, func(p mailFact) bool { return p.Address == mail.Address }) {
			ids = append(ids, mail.ID)
		}
	}
	return ids
}

// newest is the newest mail that waits, and who is told but has none like it.
func (facts mailFacts) newest() (mail mailFact, missing []mailFact) {
	waiting := facts.of(factWaits)
	if len(waiting) == 0 {
		return mail, nil
	}
	mail = waiting[len(waiting)-1]
	for _, p := range facts.told() {
		has := slices.ContainsFunc(facts, func(f mailFact) bool {
			ours := f.Kind == factWaits || f.Kind == factSent || f.Kind == factGone
			return ours && f.Extra == mail.Extra && f.Address == p.Address
		})
		if !has {
			missing = append(missing, p)
		}
	}
	return mail, missing
}

func (facts mailFacts) settled() bool {
	_, missing := facts.newest()
	return len(missing) == 0 && len(facts.superfluous()) == 0
}

func (facts mailFacts) settle(tx *db.Tx) error {
	if newest, missing := facts.newest(); len(missing) > 0 {
		var like notification.Notification
		if err := tx.First(&like, "id = ?", newest.ID).Error; err != nil {
			return db.Found(err)
		}
		mails := make([]notification.Notification, len(missing))
		for i, p := range missing {
			mails[i] = notification.Notification{
				Template:  like.Template,
				SubjectID: like.SubjectID,
				Recipient: p.Address,
				Epoch:     like.Epoch,
				AccountID: like.AccountID,
				Locale:    p.Extra,
				Params:    like.Params,
				HeldUntil: like.HeldUntil,
			}
		}
		if err := notification.Queue(tx, mails...); err != nil {
			return err
		}
	}
	return notification.Retract(tx, facts.superfluous()...)
}

func (facts mailFacts) correspondence() (c Correspondence) {
	for _, f := range facts {
		switch f.Kind {
		case factSent:
			c.past = append(c.past, pastMail{own: f.ID, recipient: f.Address})
		case factReceived:
			c.past = append(c.past, pastMail{messageID: f.Address, index: f.Extra})
		}
	}
	return c
}
