package ticket

import (
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// Desk is a ticket as the operators' desk works on it: with its conversation, what operators
// alone are shown of it included, and what is around it. What they noted is in package note.
type Desk struct {
	Line
	DeviceModel string
	DeviceOf    string // its serial
	OpenedEmail string // of the member whose ticket it is
	Speaks      string // their language, else the account's
	CSMName     string `gorm:"column:csm_name"` // who looks after the account (R35e)
	CSMEmail    string `gorm:"column:csm_email"`
	CSMPhone    string `gorm:"column:csm_phone"`

	DuplicateNumber string
	FollowsNumber   string
	Watching        *string // the watchers' names, one a line
	ReplyDraft      *string // what the caller has begun to write
	NoteDraft       *string
	Happened        *string `gorm:"column:facts"` // see factsSQL

	Entries []Entry           `gorm:"-"`
	More    bool              `gorm:"-"` // there are earlier ones
	Clocks  []rule.Clock      `gorm:"-"`
	RMAs    []replacement.RMA `gorm:"-"`
	Others  []Ticket          `gorm:"-"` // the other open tickets of the room
}

// othersShown bounds the other tickets of a room that the desk is shown.
const othersShown = 10

var deskColumns = lineColumns + `,
	COALESCE(d.model_code, '') AS device_model,
	COALESCE(d.serial, '') AS device_of,
	COALESCE(u.email, '') AS opened_email,
	COALESCE(u.locale, a.locale, '') AS speaks,
	COALESCE(c.name, '') AS csm_name,
	COALESCE(c.email, '') AS csm_email,
	COALESCE(c.phone, '') AS csm_phone,
	COALESCE((SELECT number FROM tickets WHERE id = t.duplicate_of), '') AS duplicate_number,
	COALESCE((SELECT number FROM tickets WHERE id = t.follows_id), '') AS follows_number,
	(SELECT string_agg(w.name, '
' ORDER BY w.name) FROM (
		SELECT users.name FROM ticket_watchers
		JOIN users ON users.id = ticket_watchers.user_id
		WHERE ticket_watchers.ticket_id = t.id
	) w) AS watching,
	(SELECT text FROM ticket_drafts
		WHERE ticket_id = t.id AND author_id = @me AND NOT internal) AS reply_draft,
	(SELECT text FROM ticket_drafts
		WHERE ticket_id = t.id AND author_id = @me AND internal) AS note_draft,
	` + factsSQL("t.id") + ` AS facts`

// AtDesk returns a ticket, which is named by its id or its number, as the desk works on it. For
// the service and its operators.
func (s *Tickets) AtDesk(ctx context.Context, name string) (Desk, error) {
	var out Desk
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = Desk{}
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		found := lines(tx).
			Select(deskColumns, map[string]any{"me": tx.Scope.Actor.ID}).
			Joins("LEFT JOIN devices d ON d.id = t.device_id").
			Joins("LEFT JOIN csms c ON c.id = a.csm_id").
			Where(named(name)).
			Limit(1).
			Scan(&out)
		switch {
		case found.Error != nil:
			return found.Error
		case found.RowsAffected == 0:
			return db.NotFound()
		}

		c := Conversation{Ticket: out.Ticket}
		if err := c.readEntries(tx, 0); err != nil {
			return err
		}
		out.Entries, out.More = c.Entries, c.More

		facts, err := readFacts(out.Happened)
		if err != nil {
			return err
		}
		out.Clocks = rule.Clocks(out.Terms.rule(out.Zone()), facts, tx.Now())

		err = tx.Where("ticket_id = ?", out.ID).Order("id DESC").Find(&out.RMAs).Error
		if err != nil || out.RoomID == nil {
			return err
		}
		return openIn(tx, *out.RoomID, out.ID).
			Order("id DESC").
			Limit(othersShown).
			Find(&out.Others).Error
	})
	return out, err
}

// openIn finds the tickets of a room that are not over, but one.
func openIn(tx *db.Tx, roomID, but string) *gorm.DB {
	return tx.Scope.Accounts(tx.Model(&Ticket{}), "account_id").
		Where("room_id = ? AND id <> ? AND closed_at IS NULL AND state <> ?",
			roomID, but, rule.Resolved)
}

// WatcherNames are the names of who is told beside the one whose ticket it is.
func (d Desk) WatcherNames() []string {
	names := strings.Split(db.Text(d.Watching), "\n")
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}
