package chaos

import (
	"context"
	_ "embed"
	"slices"
)

// letterIn is a mail as it is stored, with the item that it became.
type letterIn struct {
	id, state, outcome, reason, text string
	items                            []item
}

// item is what an operator decides.
type item struct {
	state, reason string
	further       int
}

//go:embed facts/lettersin.sql
var lettersInSQL string

//go:embed facts/items.sql
var itemsSQL string

// readLetters reads the mails that came in by the load's words in them, and how many of them were
// only counted on an item of their sender, without their text.
func readLetters(
	ctx context.Context, db Facts,
) (out map[string][]letterIn, counted int, err error) {
	items, further, err := readItems(ctx, db)
	if err != nil {
		return nil, 0, err
	}

	rows, err := db.QueryContext(ctx, lettersInSQL)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()

	out = map[string][]letterIn{}
	for rows.Next() {
		var m letterIn
		if err := rows.Scan(&m.id, &m.state, &m.outcome, &m.reason, &m.text); err != nil {
			return nil, 0, err
		}
		m.items = items[m.id]
		w := wordOf.FindString(m.text)
		out[w] = append(out[w], m)
	}
	return out, further, rows.Err()
}

func readItems(
	ctx context.Context, db Facts,
) (out map[string][]item, further int, err error) {
	rows, err := db.QueryContext(ctx, itemsSQL)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()

	out = map[string][]item{}
	for rows.Next() {
		var mailID string
		var i item
		if err := rows.Scan(&mailID, &i.state, &i.reason, &i.further); err != nil {
			return nil, 0, err
		}
		out[mailID] = append(out[mailID], i)
		further += i.further
	}
	return out, further, rows.Err()
}

// takesNoMore are the reasons for which a proved answer is an item: the ticket takes no more, or
// its sender or the day had enough.
var takesNoMore = []string{"TICKET_GONE", "MANY_REOPENED", "TOO_MANY"}

// lettersIn holds every mail that was taken against what is stored: it stands once for each place
// that it went to, was read, and became one message, or one item, as its sender is proved; what a
// sender only pretends to be becomes no message.
func lettersIn(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	stored, counted, err := readLetters(ctx, e.Rows)
	if err != nil {
		return err
	}
	said, err := readTexts(ctx, e.Rows)
	if err != nil {
		return err
	}

	emptied := stored[""]
	for _, m := range emptied {
		if m.reason != "TOO_MANY" || len(m.items) > 0 {
			report(m.id, "what a mail said is gone")
		}
	}
	if len(emptied) != counted {
		report("inbox_items", "%d mails were counted on items, and %d have no text", counted,
			len(emptied))
	}

	missing := 0
	known := map[string]bool{"": true}
	for _, l := range e.Ledger.letters {
		known[l.Word] = true
		there := stored[l.Word]
		if len(there) > l.routes() {
			report(l.Word, "a mail stands %d times for %d places", len(there), l.routes())
		}
		if l.Taken && len(there) < l.routes() {
			if missing += l.routes() - len(there); missing > len(emptied) {
				report(l.Word, "a mail that was taken is lost")
			}
		}
		l.judge(there, said[l.Word], report)
	}

	for w, all := range stored {
		if !known[w] {
			report(all[0].id, "a mail came in that nobody wrote")
		}
	}
	return nil
}

// judge looks at what became of one letter.
func (l *Letter) judge(
	there []letterIn, said []text, report func(string, string, ...any),
) {
	items := 0
	for _, m := range there {
		if m.state != "DECIDED" {
			report(m.id, "a mail is %s", m.state)
		}
		items += len(m.items)
		if len(m.items) > 1 {
			report(m.id, "a mail is %d items", len(m.items))
		}
		for _, i := range m.items {
			proved := l.Kind == fromMember || l.Kind == fromOperator
			if proved && !slices.Contains(takesNoMore, i.reason) {
				report(m.id, "an answer of a member was not taken for one: %s", i.reason)
			}
			if l.Kind != automatic && i.state == "FILED" {
				report(m.id, "a mail that a person wrote was only filed")
			}
		}
	}

	if len(said) > 1 {
		report(l.Word, "a mail is %d messages", len(said))
	}
	if len(there) > 0 && len(said)+items == 0 {
		report(l.Word, "a mail is neither a message nor an item")
	}
	if len(there) == 1 && len(said)+items > 1 {
		report(l.Word, "a mail is a message and an item")
	}
	for _, t := range said {
		l.judgeMessage(t, report)
	}
}

func (l *Letter) judgeMessage(t text, report func(string, string, ...any)) {
	if t.account != l.Account {
		report(t.id, "a mail stands in a ticket of another account")
	}
	switch l.Kind {
	case unproved, question:
		report(t.id, "a mail of somebody who is not proved became a message")
	case automatic:
		if !t.automatic {
			report(t.id, "an automatic mail counts as a person's")
		}
	case fromMember, fromOperator:
		kind := "CUSTOMER"
		if l.Kind == fromOperator {
			kind = "AGENT"
		}
		if t.automatic || t.authorKind != kind || t.authorID != l.Author {
			report(t.id, "a mail is another person's message")
		}
	}
}
