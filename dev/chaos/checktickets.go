package chaos

import (
	"bytes"
	"context"
	_ "embed"
	"net/http"
	"slices"
	"strings"
)

// text is what stands in a ticket: a message, or a note.
type text struct {
	id, ticket, account  string
	authorKind, authorID string
	automatic, note      bool
	text                 string
}

//go:embed facts/texts.sql
var textsSQL string

// readTexts reads every text by the load's words in it. A text without a word stands under the
// empty one.
func readTexts(ctx context.Context, db Facts) (map[string][]text, error) {
	rows, err := db.QueryContext(ctx, textsSQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	out := map[string][]text{}
	for rows.Next() {
		var t text
		err := rows.Scan(&t.id, &t.ticket, &t.account, &t.authorKind, &t.authorID, &t.automatic,
			&t.note, &t.text)
		if err != nil {
			return nil, err
		}
		words := wordOf.FindAllString(t.text, -1)
		if len(words) == 0 {
			words = []string{""}
		}
		for _, w := range words {
			out[w] = append(out[w], t)
		}
	}

	return out, rows.Err()
}

// texts holds every text of the load against the tickets: what was acknowledged stands once, in
// the ticket that the answer named, and nothing stands twice or is nobody's.
func texts(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	stored, err := readTexts(ctx, e.Rows)
	if err != nil {
		return err
	}

	known := map[string]bool{}
	for _, m := range e.Ledger.letters {
		known[m.Word] = true
	}
	for _, s := range e.Ledger.said {
		known[s.Word] = true
		there := stored[s.Word]
		switch {
		case len(there) > 1:
			report(s.Word, "a text stands %d times in tickets", len(there))
		case len(there) == 0 && s.Ticket != "":
			report(s.Word, "a text that was acknowledged is not in its ticket %s", s.Ticket)
		case len(there) == 0:
		case s.Ticket != "" && there[0].ticket != s.Ticket:
			report(s.Word, "a text stands in another ticket than the one that was named")
		case there[0].account != s.Account:
			report(s.Word, "a text stands in a ticket of another account")
		case there[0].note != s.Note:
			report(s.Word, "a note stands among what is said, or the other way round")
		}
	}

	for w, all := range stored {
		if !known[w] {
			report(all[0].id, "a text in a ticket is nobody's")
		}
	}
	return acknowledgedTickets(ctx, e, report)
}

func acknowledgedTickets(
	ctx context.Context, e Evidence, report func(string, string, ...any),
) error {
	there, err := column(ctx, e.Rows, `SELECT id || ' ' || account_id FROM tickets`)
	if err != nil {
		return err
	}
	for id, account := range e.Ledger.tickets {
		if !slices.Contains(there, id+" "+account) {
			report(id, "the acknowledged ticket does not exist in its account")
		}
	}
	return nil
}

// secrets looks for what is for operators alone outside of what they see: in mails, in what
// customers are shown, in what they may read of the database, in Temporal and in the logs (S42).
func secrets(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	for _, m := range e.Mails {
		shown := m.Subject + m.Text + m.HTML + string(m.Raw)
		if strings.Contains(shown, Canary) {
			report(m.ID, "a mail holds an internal note or reason")
		}
	}
	for _, v := range e.Views {
		if bytes.Contains(v.Body, []byte(Canary)) {
			report(v.Ticket, "a customer is shown an internal note or reason")
		}
	}
	for _, r := range e.Runs {
		if bytes.Contains(r.Kept, []byte(Canary)) {
			report(r.WorkflowID, "what Temporal keeps holds an internal note or reason")
		}
	}

	for table, columns := range map[string]string{
		"ticket_messages": "text",
		"tickets":         "summary || waiting_reason || last_error || team",
		"notifications":   "params::text",
		"outbox_events":   "payload::text",
		"operator_tasks":  "what || why || resolution",
	} {
		ids, err := column(ctx, e.Rows,
			`SELECT id FROM `+table+` WHERE `+columns+` LIKE '%'||$1||'%'`, Canary)
		if err != nil {
			return err
		}
		for _, id := range ids {
			report(id, "an internal note or reason stands in %s", table)
		}
	}
	return nil
}

//go:embed facts/members.sql
var membersSQL string

// readMembers reads the addresses of the members, by their account.
func readMembers(ctx context.Context, db Facts) (map[string][]string, error) {
	rows, err := db.QueryContext(ctx, membersSQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	out := map[string][]string{}
	for rows.Next() {
		var account, email string
		if err := rows.Scan(&account, &email); err != nil {
			return nil, err
		}
		out[account] = append(out[account], email)
	}
	return out, rows.Err()
}

// told looks at whom the mails went that arrived: who is no member of a ticket's account reads
// neither its words nor its number.
func told(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	members, err := readMembers(ctx, e.Rows)
	if err != nil {
		return err
	}
	accountOf := e.Ledger.accounts()
	numbers, err := column(ctx, e.Rows, `SELECT number || ' ' || account_id FROM tickets`)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		number, account, _ := strings.Cut(n, " ")
		accountOf["["+number+"]"] = account
	}

	for _, m := range e.Mails {
		shown := m.Subject + "\n" + m.Text + "\n" + m.HTML
		for _, name := range append(wordOf.FindAllString(shown, -1), numbered(shown)...) {
			account := accountOf[name]
			for _, to := range m.To {
				if account != "" && !slices.Contains(members[account], strings.ToLower(to)) {
					report(m.ID, "a mail about a ticket went to somebody who is no member")
				}
			}
		}
	}
	return nil
}

// numbered are the numbers in brackets, as they stand in subjects.
func numbered(shown string) (out []string) {
	for _, part := range strings.Split(shown, "[")[1:] {
		if number, _, closed := strings.Cut(part, "]"); closed {
			out = append(out, "["+number+"]")
		}
	}
	return out
}

// accounts are the accounts of the load's words.
func (l *Ledger) accounts() map[string]string {
	out := map[string]string{}
	for _, s := range l.said {
		out[s.Word] = s.Account
	}
	for _, m := range l.letters {
		out[m.Word] = m.Account
	}
	return out
}

// views holds what customers were shown against what was said: each acknowledged text once in its
// account, none of another account, and nothing of a ticket of somebody else.
func views(_ context.Context, e Evidence, report func(string, string, ...any)) error {
	accountOf := e.Ledger.accounts()
	shown := map[string]int{}
	seen := map[string]bool{}
	for _, v := range e.Views {
		if !v.Own {
			if v.Status != http.StatusNotFound {
				report(v.Ticket, "another customer is answered %d", v.Status)
			}
			continue
		}
		if v.Status != http.StatusOK {
			report(v.Ticket, "its customer is answered %d", v.Status)
		}

		seen[v.Account] = true
		for _, w := range wordOf.FindAllString(string(v.Body), -1) {
			shown[w]++
			if accountOf[w] != v.Account {
				report(v.Ticket, "a customer is shown a text of another account")
			}
		}
	}

	for _, s := range e.Ledger.said {
		if s.Ticket == "" || s.Note || !seen[s.Account] {
			continue
		}
		if shown[s.Word] != 1 {
			report(s.Word, "what was said is shown to its customer %d times", shown[s.Word])
		}
	}
	return nil
}
