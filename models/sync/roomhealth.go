package sync

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules/health"
	"roomcover.dev/roomcover/rules/licensing"
)

// AccountHealth is how the rooms of an account are, as its Sync tells.
type AccountHealth struct {
	// Counts are of the rooms in use of which Sync tells, as they are shown.
	Counts map[health.State]int64
	Rooms  map[string]RoomHealth // those that were asked for and that Sync tells of
}

// LinkOf reads the connection of an account in scope; nil where it has none.
func (s *Sync) LinkOf(ctx context.Context, accountID string) (*Connection, error) {
	var c *Connection
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		c, err = liveConnection(tx, accountID)
		return err
	})
	return c, err
}

// HealthOf says how the rooms in scope are that came by a connection: how many of each, and those
// that are named. It takes two statements, however many rooms there are.
func (s *Sync) HealthOf(
	ctx context.Context, c Connection, roomIDs ...string,
) (AccountHealth, error) {
	var out AccountHealth
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = AccountHealth{Counts: map[health.State]int64{}, Rooms: map[string]RoomHealth{}}
		var counts []struct {
			State health.State
			Gone  bool
			Rooms int64
		}
		err := placesInUse(tx, c).
			Select(`sync_places.state, sync_places.missing_since IS NOT NULL AS gone,
				count(*) AS rooms`).
			Group("sync_places.state, sync_places.missing_since IS NOT NULL").
			Scan(&counts).Error
		if err != nil {
			return err
		}
		for _, n := range counts {
			p := Place{State: n.State}
			if n.Gone {
				p.MissingSince = &c.CreatedAt
			}
			out.Counts[p.ShownAt(s.Now(), c)] += n.Rooms
		}
		if len(roomIDs) == 0 {
			return nil
		}

		var places []Place
		err = placesInUse(tx, c).Where("sync_places.room_id IN ?", roomIDs).
			Select("sync_places.*").Find(&places).Error
		for _, p := range places {
			out.Rooms[*p.RoomID] = RoomHealth{p, p.ShownAt(s.Now(), c), c.AnsweredAt}
		}
		return err
	})
	return out, err
}

// liveConnection is the connection of an account in scope; nil where it has none.
func liveConnection(tx *db.Tx, accountID string) (*Connection, error) {
	var c Connection
	err := tx.Scope.Accounts(tx.DB, "account_id").
		First(&c, "account_id = ? AND state <> ?", accountID, Off).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	return &c, err
}

// placesInUse are the places of a connection that are rooms in use, within what is in scope.
func placesInUse(tx *db.Tx, c Connection) *gorm.DB {
	return tx.Scope.Accounts(tx.Model(&Place{}), "sync_places.account_id").
		Joins("JOIN rooms r ON r.id = sync_places.room_id").
		Where("sync_places.connection_id = ? AND r.state = ?", c.ID, licensing.RoomActive)
}

// DownRoom is a room in use that somebody should look after.
type DownRoom struct {
	RoomID string
	Name   string
	State  health.State
	Since  time.Time
}

// Down is what of an account's Sync asks for somebody.
type Down struct {
	Connection *Connection // nil: the account is not connected
	Offline    int64
	Attention  int64
	Rooms      []DownRoom // the worst and the latest first
}

// DownOf says which rooms of an account in scope are down: how many, and the first of them.
// Where Sync gives no answers nothing is known, and none is down.
func (s *Sync) DownOf(ctx context.Context, accountID string, most int) (Down, error) {
	var out Down
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = Down{}
		c, err := liveConnection(tx, accountID)
		if err != nil || c == nil {
			return err
		}
		out.Connection = c
		if !s.answers(*c) {
			return nil
		}

		var found []struct {
			DownRoom
			Offline int64
			Down    int64
		}
		err = placesInUse(tx, *c).
			Where("sync_places.state IN ? AND sync_places.missing_since IS NULL",
				[]health.State{health.Offline, health.NeedsAttention}).
			Select(`r.id AS room_id, r.name, sync_places.state, sync_places.since,
				sum(CASE WHEN sync_places.state = ? THEN 1 ELSE 0 END) OVER () AS offline,
				count(*) OVER () AS down`, health.Offline).
			Order("sync_places.state DESC, sync_places.since DESC, r.id").
			Limit(most).
			Scan(&found).Error
		for _, room := range found {
			out.Offline = room.Offline
			out.Attention = room.Down - room.Offline
			out.Rooms = append(out.Rooms, room.DownRoom)
		}
		return err
	})
	return out, err
}

// answers reports whether something is known of the rooms of a connection.
func (s *Sync) answers(c Connection) bool {
	return Place{State: health.Healthy}.ShownAt(s.Now(), c) == health.Healthy
}

// Course is how a room was, for the page that shows it.
type Course struct {
	RoomHealth
	Connection Connection
	Days       []health.Day // of the reader's zone, the earliest first
}

// mostTurns bounds what is read of a course; a place that changed more often was flapping.
const mostTurns = 2000

// CourseOf says how a room in scope is, and was in so many days of a zone until today; nil where
// Sync does not tell of it.
func (s *Sync) CourseOf(
	ctx context.Context, roomID string, days int, zone *time.Location,
) (*Course, error) {
	var out *Course
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = nil
		var p Place
		err := tx.Scope.Accounts(tx.DB, "account_id").First(&p, "room_id = ?", roomID).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		var c Connection
		if err := tx.First(&c, "id = ?", p.ConnectionID).Error; err != nil {
			return err
		}

		now := s.Now()
		y, m, d := now.In(zone).Date()
		from := time.Date(y, m, d-days+1, 0, 0, 0, 0, zone)
		var changes []Change
		err = tx.Where("at >= ? AND (place_id = ? OR (place_id IS NULL AND connection_id = ?))",
			from.UTC(), p.ID, c.ID).
			Order("at DESC, id DESC").Limit(mostTurns).Find(&changes).Error
		if err != nil {
			return err
		}
		out = &Course{
			RoomHealth: RoomHealth{p, p.ShownAt(now, c), c.AnsweredAt},
			Connection: c,
			Days:       health.DaysOf(recordOf(p, c, changes, now), from, now),
		}
		return nil
	})
	return out, err
}

// recordOf is what is known of a place in a period, by what changed in it, the latest first.
func recordOf(p Place, c Connection, changes []Change, now time.Time) health.Record {
	r := health.Record{Known: p.CreatedAt}
	state := p.State
	gone := p.MissingSince != nil
	silent := Place{State: health.Healthy}.ShownAt(now, c) != health.Healthy
	turn := func(at time.Time) {
		shown := state
		if gone || silent {
			shown = health.Unknown
		}
		r.Turns = append(r.Turns, health.Turn{At: at, State: shown})
	}

	// From now back: what was before a change is known by the change itself.
	for _, change := range changes {
		at := change.At
		switch change.What {
		case StateChanged:
			state = change.After
			turn(at)
			state = change.Before
		case Vanished, Returned:
			gone = change.What == Vanished
			turn(at)
			gone = !gone
		case Refused, Silent, Answers:
			silent = change.What != Answers
			turn(at)
			// A refusal may follow silence: before it nothing was known either.
			silent = !silent
		}
	}
	turn(p.CreatedAt)
	return r
}
