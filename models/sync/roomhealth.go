package sync

import (
	"context"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules/health"
)

// AccountHealth is how the rooms of an account are, as its Sync tells.
type AccountHealth struct {
	Connected bool
	// Counts are of the rooms in use of which Sync tells, as they are shown.
	Counts map[health.State]int64
	Rooms  map[string]health.State // of those that were asked for, as they are shown
}

// What a row of an answer is about.
const (
	aboutLink  = "LINK" // the connection
	aboutCount = "COUNT"
	aboutRoom  = "ROOM"
)

// HealthOf says how the rooms of an account in scope are: how many of each, and those that are
// named. It takes one statement, however many rooms there are.
func (s *Sync) HealthOf(
	ctx context.Context, accountID string, roomIDs ...string,
) (AccountHealth, error) {
	out := AccountHealth{Counts: map[health.State]int64{}, Rooms: map[string]health.State{}}
	var rows []struct {
		About  string
		RoomID string
		State  health.State
		N      int64
	}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		shown := `CASE WHEN sync_places.missing_since IS NULL
			THEN sync_places.state ELSE 'UNKNOWN' END`
		return tx.Raw(`
			SELECT * FROM (?) AS link
			UNION ALL
			SELECT * FROM (?) AS counted
			UNION ALL
			SELECT * FROM (?) AS room`,
			s.linkOf(tx, accountID).
				Select("'LINK' AS about, '' AS room_id, state, "+answers+" AS n", s.fresh()),
			placesInUse(tx, accountID).
				Select("'COUNT' AS about, '' AS room_id, "+shown+" AS state, count(*) AS n").
				Group(shown),
			placesInUse(tx, accountID).
				Where("sync_places.room_id IN ?", append(roomIDs, "")).
				Select("'ROOM' AS about, sync_places.room_id, "+shown+" AS state, 1 AS n"),
		).Scan(&rows).Error
	})

	silent := true
	for _, row := range rows {
		if row.About == aboutLink {
			out.Connected = true
			silent = row.N == 0
		}
	}
	for _, row := range rows {
		if silent {
			row.State = health.Unknown
		}
		switch row.About {
		case aboutCount:
			out.Counts[row.State] += row.N
		case aboutRoom:
			out.Rooms[row.RoomID] = row.State
		}
	}
	return out, err
}

// answers is 1 for a connection that has answered since an instant and is let in, else 0.
const answers = "CASE WHEN state = 'LIVE' AND answered_at >= ? THEN 1 ELSE 0 END"

// fresh is since when the last answer says how rooms are now.
func (s *Sync) fresh() time.Time { return s.Now().Add(-health.Stale).UTC() }

// linkOf is the connection of an account in scope.
func (s *Sync) linkOf(tx *db.Tx, accountID string) *gorm.DB {
	return tx.Scope.Accounts(tx.Model(&Connection{}), "account_id").
		Where("account_id = ? AND state <> ?", accountID, Off)
}

// placesInUse are the places of an account's connection that are rooms in use, within what is in
// scope; one that is off has none. Few rooms are archived, which is why they are left out: those in
// use need not be read, and sync_places_health has the rest.
func placesInUse(tx *db.Tx, accountID string) *gorm.DB {
	return tx.Scope.Accounts(tx.Model(&Place{}), "sync_places.account_id").
		Where("sync_places.account_id = ? AND sync_places.room_id IS NOT NULL", accountID).
		Where(`sync_places.room_id NOT IN (
			SELECT r.id FROM rooms r
			WHERE r.account_id = ? AND r.state = 'ARCHIVED')`, accountID)
}

// DownRoom is a room in use that somebody should look after.
type DownRoom struct {
	RoomID string
	Name   string
	State  health.State
}

// Down is what of an account's Sync asks for somebody.
type Down struct {
	Refused   bool // Sync does not let the account in
	Offline   int64
	Attention int64
	Rooms     []DownRoom // the worst and the latest first
}

// DownOf says in one statement which rooms of an account in scope are down: how many, and the first
// of them. Where Sync gives no answers nothing is known, and none is down.
func (s *Sync) DownOf(ctx context.Context, accountID string, most int) (Down, error) {
	var out Down
	var rows []struct {
		DownRoom
		About   string
		Offline int64
		Down    int64
	}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		first := placesInUse(tx, accountID).
			Where("sync_places.state IN ? AND sync_places.missing_since IS NULL",
				[]health.State{health.Offline, health.NeedsAttention}).
			Select(`sync_places.room_id, sync_places.state, sync_places.since,
				sum(CASE WHEN sync_places.state = ? THEN 1 ELSE 0 END) OVER () AS offline,
				count(*) OVER () AS down`, health.Offline).
			Order("sync_places.state DESC, sync_places.since DESC, sync_places.room_id").
			Limit(most)
		return tx.Raw("SELECT * FROM (?) AS link UNION ALL SELECT * FROM (?) AS room",
			s.linkOf(tx, accountID).
				Select(`'LINK' AS about, '' AS room_id, '' AS name, state, 0 AS offline,
					`+answers+` AS down`, s.fresh()),
			tx.Table("(?) AS first", first).
				Joins("JOIN rooms r ON r.id = first.room_id").
				Select(`'ROOM' AS about, r.id AS room_id, r.name, first.state,
					first.offline, first.down`).
				Order("first.state DESC, first.since DESC, r.id"),
		).Scan(&rows).Error
	})

	silent := true
	for _, row := range rows {
		if row.About == aboutLink {
			out.Refused = State(row.State) == NeedsCertificate
			silent = row.Down == 0
		}
	}
	for _, row := range rows {
		if row.About == aboutRoom && !silent {
			out.Offline = row.Offline
			out.Attention = row.Down - row.Offline
			out.Rooms = append(out.Rooms, row.DownRoom)
		}
	}
	return out, err
}

// Course is how a room was, for the page that shows it.
type Course struct {
	RoomHealth
	Refused bool         // Sync does not let the account in
	Days    []health.Day // of the reader's zone, the earliest first
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
		var found []struct {
			Place        `gorm:"embedded"`
			LinkState    State
			LinkAnswered *time.Time
		}
		err := tx.Scope.Accounts(tx.Model(&Place{}), "sync_places.account_id").
			Joins("JOIN sync_connections c ON c.id = sync_places.connection_id").
			Where("sync_places.room_id = ?", roomID).
			Select("sync_places.*, c.state AS link_state, c.answered_at AS link_answered").
			Find(&found).Error
		if err != nil || len(found) == 0 {
			return err
		}
		p := found[0].Place
		c := Connection{
			ID:         p.ConnectionID,
			State:      found[0].LinkState,
			AnsweredAt: found[0].LinkAnswered,
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
			Refused:    c.State == NeedsCertificate,
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
	for i, change := range changes {
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
			silent = wasSilent(change.What, changes[i+1:])
		}
	}
	turn(p.CreatedAt)
	return r
}

// wasSilent reports whether nothing was known before a change of a connection; earlier are the
// changes before it, the latest first. Answers end silence, and silence follows answers; a refusal
// follows either.
func wasSilent(what What, earlier []Change) bool {
	if what != Refused {
		return what == Answers
	}
	for _, change := range earlier {
		switch change.What {
		case Silent:
			return true
		case Answers, Refused:
			return false
		}
	}
	return false
}
