package ticket

import (
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// Standing groups tickets by what a customer has to do with them.
type Standing string

// The standings; empty: any.
const (
	StandingOpen     Standing = "open" // it is not solved yet
	StandingWaits    Standing = "waits"
	StandingResolved Standing = "resolved"
	StandingClosed   Standing = "closed" // or canceled
)

// Order is what a list of tickets is ordered by.
type Order string

// The orders; those that are equal stand in the order of their ids.
const (
	ByAge      Order = "" // by when they were opened
	BySeverity Order = "severity"
	ByDue      Order = "due" // those by which nothing is due come last
	ByLastWord Order = "last"
)

// Find narrows and orders the list that members of an account read.
type Find struct {
	Filter
	Standing   Standing
	Words      string // each of them in the number, the summary, the conversation or the room
	By         Order
	Descending bool
}

// Find lists the tickets in scope that are asked for. To a seller there are none.
func (s *Tickets) Find(ctx context.Context, f Find) ([]Line, string, error) {
	var out []Line
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = nil
		if err := MayView(tx.Scope.Actor.Role); err != nil {
			return err
		}
		q := f.standing(f.narrow(tx, lines(tx)))
		if words := strings.Fields(f.Words); len(words) > 0 {
			if err := tx.PlanByValues(); err != nil {
				return err
			}
			q = q.Where(saysAll(tx, words))
		}
		return f.page(tx, q).Scan(&out).Error
	})
	out, next := db.Cut(f.Page, out, func(l Line) string { return l.ID })
	return out, next, err
}

func (f Find) standing(q *gorm.DB) *gorm.DB {
	switch f.Standing {
	case StandingOpen:
		return q.Where("t.closed_at IS NULL AND t.state <> ?", rule.Resolved)
	case StandingWaits:
		return q.Where("t.turn = ?", rule.TurnCustomer)
	case StandingResolved:
		return q.Where("t.state = ?", rule.Resolved)
	case StandingClosed:
		return q.Where("t.closed_at IS NOT NULL")
	}
	return q
}

// saysAll is the condition that each of the words is in what everybody reads of a ticket.
func saysAll(tx *db.Tx, words []string) clause.Expression {
	var all []clause.Expression
	for _, word := range words {
		number, _ := db.ReadNumber(db.NumberOfTicket, word)
		all = append(all, clause.Expr{
			SQL: `(t.number = ?
				OR LOWER(t.number) LIKE ? ESCAPE '!'
				OR LOWER(t.summary) LIKE ? ESCAPE '!'
				OR r.search_key LIKE ? ESCAPE '!'
				OR t.id IN (SELECT m.ticket_id FROM ticket_messages m
					WHERE m.account_id = t.account_id AND m.taken_back_at IS NULL
						AND (m.undo_until IS NULL OR m.undo_until <= ?)
						AND LOWER(m.text) LIKE ? ESCAPE '!'))`,
			Vars: []any{
				number,
				db.Part(strings.ToLower(word)),
				db.Part(strings.ToLower(word)),
				db.Part(rules.SearchKey(word)),
				db.RealNow(),
				db.Part(strings.ToLower(word)),
			},
		})
	}
	return clause.And(all...)
}

// never stands, in the order of what is due, for a ticket by which nothing is.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// page puts the order, the cursor and the size of a page on a query of tickets t.
func (f Find) page(tx *db.Tx, q *gorm.DB) *gorm.DB {
	keys, values, order := "t.id", []any(nil), "t.id"
	switch f.By {
	case BySeverity:
		keys, order = "t.severity, t.id", "t.severity, t.id"
	case ByLastWord:
		keys, order = "t.last_word_at, t.id", "t.last_word_at, t.id"
	case ByDue:
		keys, values = "COALESCE(t.effective_due, ?), t.id", []any{never}
		order = "t.effective_due IS NULL, t.effective_due, t.id"
	}

	behind := ">"
	if f.Descending {
		behind = "<"
		order = strings.ReplaceAll(order, ", ", " DESC, ") + " DESC"
	}
	if f.Page.After != "" {
		last := tx.Scope.Accounts(tx.Table("tickets AS t"), "t.account_id").
			Select(keys, values...).
			Where("t.id = ?", f.Page.After)
		q = q.Where("("+keys+") "+behind+" (?)", append(slices.Clone(values), last)...)
	}
	return q.Order(order).Limit(f.Page.Size() + 1)
}

// Counts are how many tickets of an account stand how.
type Counts struct {
	Open, Waits, Resolved, Closed int64
	Severities                    map[cover.Severity]int64 // of those that are open
}

// CountsOf counts the tickets of an account in scope, in one statement.
func (s *Tickets) CountsOf(ctx context.Context, accountID string) (Counts, error) {
	out := Counts{Severities: map[cover.Severity]int64{}}
	var groups []struct {
		State    rule.State
		Turn     rule.Turn
		Severity cover.Severity
		N        int64
	}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := MayView(tx.Scope.Actor.Role); err != nil {
			return err
		}
		return tx.Scope.Accounts(tx.Table("tickets"), "account_id").
			Select("state, turn, severity, count(*) AS n").
			Where("account_id = ?", accountID).
			Group("state, turn, severity").
			Scan(&groups).Error
	})

	for _, g := range groups {
		switch {
		case g.State == rule.Resolved:
			out.Resolved += g.N
			continue
		case g.State.Over():
			out.Closed += g.N
			continue
		case g.Turn == rule.TurnCustomer:
			out.Waits += g.N
		}
		out.Open += g.N
		out.Severities[g.Severity] += g.N
	}
	return out, err
}

// NewestOpenIn returns the tickets in scope that are not solved yet of each room, by the rooms'
// ids and the newest first (S28).
func (s *Tickets) NewestOpenIn(
	ctx context.Context, roomIDs ...string,
) (map[string][]Ticket, error) {
	out := map[string][]Ticket{}
	if len(roomIDs) == 0 {
		return out, nil
	}

	var found []Ticket
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := MayView(tx.Scope.Actor.Role); err != nil {
			return err
		}
		return tx.Scope.Accounts(tx.Table("tickets"), "account_id").
			Select("id, number, room_id, summary, severity, state, turn").
			Where("room_id IN ? AND closed_at IS NULL AND state <> ?", roomIDs, rule.Resolved).
			Order("id DESC").
			Scan(&found).Error
	})
	for _, t := range found {
		out[*t.RoomID] = append(out[*t.RoomID], t)
	}
	return out, err
}

// LastWords returns the last public text of each ticket in scope, by the tickets' ids. What no
// person wrote is none.
func (s *Tickets) LastWords(ctx context.Context, ids ...string) (map[string]Message, error) {
	out := map[string]Message{}
	if len(ids) == 0 {
		return out, nil
	}

	var found []Message
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.Table("ticket_messages AS m"), "m.account_id").
			Select("m.*").
			Where(`m.ticket_id IN ? AND m.seq = (SELECT max(o.seq) FROM ticket_messages o
				WHERE o.ticket_id = m.ticket_id AND NOT o.automatic AND o.taken_back_at IS NULL
					AND (o.undo_until IS NULL OR o.undo_until <= ?))`, ids, db.RealNow()).
			Scan(&found).Error
	})
	for _, m := range found {
		out[m.TicketID] = m
	}
	return out, err
}

// CountMessages counts what people have said in a ticket in scope, all of it, as far as it is shown
// to the caller: a page shows the latest of it alone.
func (s *Tickets) CountMessages(ctx context.Context, id string) (n int64, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if err := MayView(tx.Scope.Actor.Role); err != nil {
			return err
		}
		return shown(tx).Where("ticket_id = ? AND NOT automatic", id).Count(&n).Error
	})
	return n, err
}

// Reading is a ticket as the page of a member shows it: the conversation, what it is about, and
// what the reader has begun to write.
type Reading struct {
	Conversation
	RoomName, RoomSite        string
	DeviceModel, DeviceSerial string
	DuplicateNumber           string // of the ticket that it repeats
	FollowsNumber             string // of the closed one that it goes on with
	FollowedBy                string // number of the one that goes on with this
	Draft                     string
	At                        time.Time // the instant by which the clocks stand
}

// readingRow is what a page needs of a ticket beside its conversation, in one statement.
type readingRow struct {
	Ticket
	RoomName, RoomSite        string
	DeviceModel, DeviceSerial string
	DuplicateNumber           string
	FollowsNumber             string
	FollowedBy                string
	Draft                     string
	Facts, Told               *string
	Replacements              *string // ids
	OthersOpen                int64
}

var readingColumns = `t.*,
	COALESCE(r.name, '') AS room_name,
	COALESCE(r.site, '') AS room_site,
	COALESCE(d.model_code, '') AS device_model,
	COALESCE(d.serial, '') AS device_serial,
	COALESCE((SELECT number FROM tickets WHERE id = t.duplicate_of), '') AS duplicate_number,
	COALESCE((SELECT number FROM tickets WHERE id = t.follows_id), '') AS follows_number,
	COALESCE((SELECT min(number) FROM tickets f WHERE f.follows_id = t.id), '') AS followed_by,
	COALESCE((SELECT text FROM ticket_drafts
		WHERE ticket_id = t.id AND author_id = ? AND NOT internal), '') AS draft,
	` + factsSQL("t.id") + ` AS facts,
	(SELECT string_agg(w.user_id, ' ' ORDER BY w.added_at, w.user_id)
		FROM ticket_watchers w WHERE w.ticket_id = t.id) AS told,
	(SELECT string_agg(m.id, ' ' ORDER BY m.id)
		FROM rmas m WHERE m.ticket_id = t.id) AS replacements,
	(SELECT count(*) FROM tickets o WHERE o.room_id = t.room_id AND o.id <> t.id
		AND o.closed_at IS NULL AND o.state <> 'RESOLVED') AS others_open`

// Read returns a ticket in scope as the page of a member shows it, in three statements: what is
// for operators alone is left out.
func (s *Tickets) Read(ctx context.Context, name string) (Reading, error) {
	var out Reading
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = Reading{}
		if err := MayView(tx.Scope.Actor.Role); err != nil {
			return err
		}
		var row readingRow
		res := tx.Scope.Accounts(tx.Table("tickets AS t"), "t.account_id").
			Select(readingColumns, tx.Scope.Actor.ID).
			Joins("LEFT JOIN rooms r ON r.id = t.room_id").
			Joins("LEFT JOIN devices d ON d.id = t.device_id").
			Where(named(name)).
			Limit(1).
			Scan(&row)
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 0 {
			return db.NotFound()
		}

		events, err := readFacts(row.Facts)
		if err != nil {
			return err
		}
		out = row.reading()
		out.At = tx.Now()
		out.Clocks = rule.Clocks(row.Terms.rule(row.Zone()), events, out.At)
		return out.readEntries(tx, 0)
	})
	return out, err
}

func (r readingRow) reading() Reading {
	return Reading{
		Conversation: Conversation{
			Ticket:     r.Ticket,
			RMAIDs:     strings.Fields(db.Text(r.Replacements)),
			Watchers:   strings.Fields(db.Text(r.Told)),
			OthersOpen: r.OthersOpen,
		},
		RoomName:        r.RoomName,
		RoomSite:        r.RoomSite,
		DeviceModel:     r.DeviceModel,
		DeviceSerial:    r.DeviceSerial,
		DuplicateNumber: r.DuplicateNumber,
		FollowsNumber:   r.FollowsNumber,
		FollowedBy:      r.FollowedBy,
		Draft:           r.Draft,
	}
}
