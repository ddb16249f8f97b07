package ticket

import (
	"context"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules/health"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// DownFilter narrows the list of rooms that are down.
type DownFilter struct {
	AccountID string
	State     health.State // as it is believed; empty: any that is bad
	// Lately takes in what was down within the last seven days, whatever it is now.
	Lately bool
	Page   db.Page // positions are ids of places
}

// DownRoom is a room that Sync says is down, or was.
type DownRoom struct {
	PlaceID     string
	AccountID   string
	AccountName string
	RoomID      *string // nil: nobody has said which room of the account it is
	Room, Site  string
	State       health.State // as it is believed
	Since       time.Time    // real time
	Known       bool         // the last answer is fresh; else nothing is known now
	Falls       int          // how often it went down within the last seven days
	Number      string       // of the room's open ticket from Sync; empty: it has none
}

// Now is how the room is shown.
func (r DownRoom) Now() health.State {
	if !r.Known {
		return health.Unknown
	}
	return r.State
}

// bad are the states in which a room is down.
var bad = []health.State{health.Offline, health.NeedsAttention}

const downColumns = `
	p.id AS place_id, p.account_id, a.legal_name AS account_name, p.room_id,
	COALESCE(r.name, p.name) AS room, COALESCE(r.site, p.place_group) AS site,
	p.state, p.since,
	COALESCE(c.state = 'LIVE' AND c.answered_at >= @fresh
		AND p.missing_since IS NULL, false) AS known,
	(SELECT count(*) FROM sync_changes h WHERE h.place_id = p.id AND h.what = 'STATE'
		AND h.at >= @lately AND h.after IN @bad AND h.before NOT IN @bad) AS falls,
	COALESCE((SELECT t.number FROM tickets t
		WHERE t.room_id = p.room_id AND t.channel = @channel
			AND t.closed_at IS NULL), '') AS number`

// RoomsDown lists the rooms of all customers that Sync says are down, by customer, in one
// statement; for the service and its operators.
func (s *Tickets) RoomsDown(ctx context.Context, f DownFilter) ([]DownRoom, string, error) {
	var out []DownRoom
	now := s.sync.Now()
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = nil
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		lately := now.Add(-changedWithin)
		q := f.narrow(tx.Table("sync_places AS p"), lately).
			Select(downColumns, map[string]any{
				"fresh":   now.Add(-health.Stale),
				"lately":  lately,
				"bad":     bad,
				"channel": rule.BySync,
			}).
			Joins("JOIN sync_connections c ON c.id = p.connection_id").
			Joins("JOIN accounts a ON a.id = p.account_id").
			Joins("LEFT JOIN rooms r ON r.id = p.room_id").
			Where("c.state <> ?", sync.Off)
		if f.Page.After != "" {
			q = q.Where("(p.account_id, p.id) > (?)",
				tx.Table("sync_places").Select("account_id, id").Where("id = ?", f.Page.After))
		}
		return q.Order("p.account_id, p.id").Limit(f.Page.Size() + 1).Scan(&out).Error
	})
	out, next := db.Cut(f.Page, out, func(r DownRoom) string { return r.PlaceID })
	return out, next, err
}

func (f DownFilter) narrow(q *gorm.DB, lately time.Time) *gorm.DB {
	if f.AccountID != "" {
		q = q.Where("p.account_id = ?", f.AccountID)
	}
	if f.Lately {
		q = q.Where(`(p.state IN ? OR p.id IN (
			SELECT h.place_id FROM sync_changes h
			WHERE h.what = 'STATE' AND h.at >= ? AND h.after IN ?))`, bad, lately, bad)
	} else {
		q = q.Where("p.state IN ? AND p.missing_since IS NULL", bad)
	}
	if f.State != "" {
		q = q.Where("p.state = ?", f.State)
	}
	return q
}
