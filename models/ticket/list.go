package ticket

import (
	"context"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules/cover"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// Nobodys stands for the tickets that nobody has taken.
const Nobodys = "nobody"

// Filter narrows a list of tickets; empty fields do not narrow.
type Filter struct {
	IDs       []string // nil: any
	AccountID string
	State     rule.State
	Severity  cover.Severity
	Category  rule.Category
	RoomID    string
	DeviceID  string
	Turn      rule.Turn
	Assignee  string // an operator's id, or Nobodys
	Team      string
	For       string // the member whose ticket it is, or who watches it
	Open      bool   // those that are not over; resolved ones are not
	Text      string // a number, or a part of the summary or of the customer's name
	Page      db.Page
}

// narrow narrows a query of tickets t to what is asked for, and to what is in scope.
func (f Filter) narrow(tx *db.Tx, q *gorm.DB) *gorm.DB {
	q = tx.Scope.Accounts(q, "t.account_id")
	if f.IDs != nil {
		q = q.Where("t.id IN ?", f.IDs)
	}
	for column, value := range map[string]string{
		"account_id": f.AccountID,
		"state":      string(f.State),
		"category":   string(f.Category),
		"room_id":    f.RoomID,
		"device_id":  f.DeviceID,
		"turn":       string(f.Turn),
		"team":       f.Team,
	} {
		if value != "" {
			q = q.Where(clause.Eq{Column: clause.Column{Table: "t", Name: column}, Value: value})
		}
	}

	if f.Severity != 0 {
		q = q.Where("t.severity = ?", f.Severity)
	}
	switch f.Assignee {
	case "":
	case Nobodys:
		q = q.Where("t.assignee_id IS NULL")
	default:
		q = q.Where("t.assignee_id = ?", f.Assignee)
	}
	if f.For != "" {
		q = q.Where(`(t.opened_for = ? OR t.id IN (
			SELECT ticket_id FROM ticket_watchers WHERE user_id = ?))`, f.For, f.For)
	}
	if number, ok := db.ReadNumber(db.NumberOfTicket, f.Text); ok {
		q = q.Where("t.number = ?", number)
	} else if f.Text != "" {
		part := db.Part(strings.ToLower(f.Text))
		q = q.Where(`(LOWER(t.summary) LIKE ? ESCAPE '!' OR t.account_id IN (
			SELECT id FROM accounts WHERE LOWER(legal_name) LIKE ? ESCAPE '!'))`, part, part)
	}
	if f.Open {
		q = q.Where("t.closed_at IS NULL AND t.state <> ?", rule.Resolved)
	}
	return q
}

// Line is a ticket as lists show it, with the names of what it is about.
type Line struct {
	Ticket
	RoomName     string
	RoomSite     string
	AccountName  string
	AssigneeName string
	OpenedByName string
}

const lineColumns = `t.*,
	COALESCE(r.name, '') AS room_name,
	COALESCE(r.site, '') AS room_site,
	a.legal_name AS account_name,
	COALESCE(o.name, '') AS assignee_name,
	COALESCE(u.name, '') AS opened_by_name`

func lines(tx *db.Tx) *gorm.DB {
	return tx.Table("tickets AS t").
		Select(lineColumns).
		Joins("JOIN accounts a ON a.id = t.account_id").
		Joins("LEFT JOIN rooms r ON r.id = t.room_id").
		Joins("LEFT JOIN operators o ON o.id = t.assignee_id").
		Joins("LEFT JOIN users u ON u.id = t.opened_for")
}

// List lists the tickets in scope, newest first: the whole team sees those of the account
// (R40b), a seller none.
func (s *Tickets) List(ctx context.Context, f Filter) ([]Line, string, error) {
	var out []Line
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = nil
		if err := MayView(tx.Scope.Actor.Role); err != nil {
			return err
		}
		q := f.narrow(tx, lines(tx))
		if f.Page.After != "" {
			q = q.Where("t.id < ?", f.Page.After)
		}
		return q.Order("t.id DESC").Limit(f.Page.Size() + 1).Scan(&out).Error
	})
	out, next := db.Cut(f.Page, out, func(l Line) string { return l.ID })
	return out, next, err
}

// Count counts the tickets that a filter narrows to.
func (s *Tickets) Count(ctx context.Context, f Filter) (n int64, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if err := MayView(tx.Scope.Actor.Role); err != nil {
			return err
		}
		return f.narrow(tx, tx.Table("tickets AS t")).Count(&n).Error
	})
	return n, err
}

// OpenInRooms counts the open tickets in scope of each room, by the rooms' ids.
func (s *Tickets) OpenInRooms(ctx context.Context, roomIDs ...string) (map[string]int64, error) {
	out := map[string]int64{}
	if len(roomIDs) == 0 {
		return out, nil
	}

	var rows []struct {
		RoomID string
		N      int64
	}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if MayView(tx.Scope.Actor.Role) != nil {
			return nil
		}
		return Filter{Open: true}.narrow(tx, tx.Table("tickets AS t")).
			Select("t.room_id, count(*) AS n").
			Where("t.room_id IN ?", roomIDs).
			Group("t.room_id").
			Scan(&rows).Error
	})
	for _, r := range rows {
		out[r.RoomID] = r.N
	}
	return out, err
}

// MarksOf lists the warnings and breaches of a ticket's clocks, the oldest first, by the
// clocks' ids. For the service and its operators.
func (s *Tickets) MarksOf(ctx context.Context, id string) ([]ClockMark, error) {
	var out []ClockMark
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return tx.Where("clock_id IN (SELECT id FROM ticket_clocks WHERE ticket_id = ?)", id).
			Order("at, clock_id, kind").
			Find(&out).Error
	})
	return out, err
}

// ClocksOf lists the clocks of a ticket as they were stored last (S41); Show computes them as
// they are now. A customer sees those of its own tickets.
func (s *Tickets) ClocksOf(ctx context.Context, id string) ([]Clock, error) {
	var out []Clock
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := MayView(tx.Scope.Actor.Role); err != nil {
			return err
		}
		return tx.Scope.Accounts(tx.DB, "account_id").
			Where("ticket_id = ?", id).
			Order("kind, seq").
			Find(&out).Error
	})
	return out, err
}
