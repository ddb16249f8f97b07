package ticket

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules/health"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// Snapshot is how a room was when help was asked for (R55d). The database lets nobody change or
// delete one.
type Snapshot struct {
	ID         string
	TicketID   string
	AccountID  string
	CapturedAt time.Time // real time
	Content    string    // RoomFacts as JSON; it stays octet for octet
	SHA256     string    `gorm:"column:sha256"` // of the content, in hex
}

// TableName is the table of snapshots.
func (Snapshot) TableName() string { return "ticket_snapshots" }

// RoomFacts are how a room is, or was, as Sync tells. All instants are real time.
type RoomFacts struct {
	Room     string          `json:"room"`
	Site     string          `json:"site"`
	Place    string          `json:"place"` // the name in Sync
	State    health.State    `json:"state"` // as it is shown
	Since    time.Time       `json:"since"` // of the state as it is believed
	AsOf     *time.Time      `json:"as_of,omitempty"`
	Captured time.Time       `json:"captured_at"`
	Reasons  []health.Reason `json:"reasons"`
	Devices  []DeviceFacts   `json:"devices"`

	place string // as Sync names it, for links
}

// DeviceFacts are how a device of a room is, or was.
type DeviceFacts struct {
	ID       string            `json:"id,omitempty"`
	Kind     health.DeviceKind `json:"kind,omitempty"`
	Name     string            `json:"name"`
	Serial   string            `json:"serial"`
	Version  string            `json:"version"`
	Status   health.Status     `json:"status"`
	Health   health.Complaint  `json:"health"`
	LastSeen *time.Time        `json:"last_seen"` // when it was last disconnected
	Parts    []health.Parts    `json:"parts,omitempty"`
}

// Facts reads what the snapshot holds.
func (s Snapshot) Facts() (RoomFacts, error) {
	var f RoomFacts
	err := json.Unmarshal([]byte(s.Content), &f)
	return f, err
}

// Holds reports whether the content is what was hashed.
func (s Snapshot) Holds() bool { return s.SHA256 == hashOf(s.Content) }

func hashOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// factsNow reads how a room in scope is now; known is false where Sync does not tell of it.
func (s *Tickets) factsNow(tx *db.Tx, roomID string) (facts RoomFacts, known bool, err error) {
	var room struct{ Name, Site string }
	err = tx.Scope.Accounts(tx.Table("rooms"), "account_id").
		Select("name, site").Where("id = ?", roomID).Take(&room).Error
	if err != nil {
		return facts, false, db.Found(err)
	}
	facts = RoomFacts{
		Room:     room.Name,
		Site:     room.Site,
		State:    health.Unknown,
		Captured: s.sync.Now().UTC().Truncate(time.Microsecond),
	}

	told, err := s.sync.InRooms(tx, roomID)
	if err != nil {
		return facts, false, err
	}
	here, known := told[roomID]
	if known {
		facts.fill(here)
	}
	return facts, known, nil
}

// fill adds what Sync tells.
func (f *RoomFacts) fill(h sync.RoomHealth) {
	f.place = h.Place.Place
	f.Place = h.Name
	f.State = h.Shown
	f.Since = h.Since.UTC()
	f.AsOf = h.AsOf
	_, f.Reasons = health.Read(h.Facts, health.PrimaryProducts)
	for _, d := range h.Facts.Devices {
		f.Devices = append(f.Devices, DeviceFacts{
			ID:       d.ID,
			Kind:     d.Kind,
			Name:     d.Name,
			Serial:   d.Serial,
			Version:  d.Version,
			Status:   d.Status,
			Health:   d.Complaint,
			LastSeen: d.LostAt,
			Parts:    d.Parts,
		})
	}
}

// keepSnapshot keeps how a room is with its ticket, for good.
func keepSnapshot(tx *db.Tx, t Ticket, facts RoomFacts) error {
	content, err := json.Marshal(facts)
	if err != nil {
		return err
	}
	return tx.Create(&Snapshot{
		ID:         db.NewID(db.PrefixSnapshot),
		TicketID:   t.ID,
		AccountID:  t.AccountID,
		CapturedAt: facts.Captured,
		Content:    string(content),
		SHA256:     hashOf(string(content)),
	}).Error
}

// SnapshotOf returns the last snapshot of a ticket in scope; nil: none was taken of it.
func (s *Tickets) SnapshotOf(ctx context.Context, t Ticket) (taken *Snapshot, err error) {
	if t.Channel != rule.BySync {
		return nil, nil
	}
	err = s.db.Read(ctx, func(tx *db.Tx) (err error) {
		taken, err = lastSnapshot(tx, t.ID)
		return err
	})
	return taken, err
}

func lastSnapshot(tx *db.Tx, ticketID string) (*Snapshot, error) {
	var taken []Snapshot
	err := tx.Scope.Accounts(tx.DB, "account_id").
		Order("captured_at DESC").Limit(1).
		Find(&taken, "ticket_id = ?", ticketID).Error
	if err != nil || len(taken) == 0 {
		return nil, err
	}
	return &taken[0], nil
}

// ThenAndNow is a room of a ticket from Sync: as it was when help was asked for last, and as it is.
type ThenAndNow struct {
	Snapshot *Snapshot // nil: none was taken
	Then     RoomFacts
	Now      RoomFacts
	Known    bool         // Sync tells of the room now
	Changes  []RoomChange // of the last days, the latest first
}

// Well reports whether Sync says now that the room is healthy.
func (t ThenAndNow) Well() bool { return t.Known && t.Now.State == health.Healthy }

// RoomChangeKind says what changed in a room.
type RoomChangeKind string

// What changes in a room, beside what Sync tells.
const (
	DeviceCame    RoomChangeKind = "DEVICE_IN"
	DeviceLeft    RoomChangeKind = "DEVICE_OUT"
	LicenceCame   RoomChangeKind = "LICENCE_IN"
	LicenceLeft   RoomChangeKind = "LICENCE_OUT"
	HealthChanged RoomChangeKind = "HEALTH" // or another of Sync's: see Told
)

// RoomChange is one thing that changed in a room.
type RoomChange struct {
	At      time.Time
	Kind    RoomChangeKind
	What    string // a device's model with its serial number, or a licence's service
	Told    sync.What
	Before  health.State
	After   health.State
	Reasons []health.Reason
}

// changedWithin is how far back the changes of a room go that a ticket shows.
const changedWithin = 7 * 24 * time.Hour

// mostChanges bounds them.
const mostChanges = 100

// ThenAndNowOf reads the room of a ticket in scope as it was, as it is and what changed in it in
// the last seven days. A ticket without a room answers with nothing.
func (s *Tickets) ThenAndNowOf(ctx context.Context, t Ticket) (ThenAndNow, error) {
	var out ThenAndNow
	if t.RoomID == nil {
		return out, nil
	}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = ThenAndNow{}
		var err error
		if out.Snapshot, err = lastSnapshot(tx, t.ID); err != nil {
			return err
		}
		if out.Snapshot != nil {
			if out.Then, err = out.Snapshot.Facts(); err != nil {
				return err
			}
		}
		if out.Now, out.Known, err = s.factsNow(tx, *t.RoomID); err != nil {
			return err
		}
		out.Changes, err = s.changesIn(tx, *t.RoomID)
		return err
	})
	return out, err
}

// changesSQL are the devices and licences that came into a room or left it since an instant of the
// service's calendar.
const changesSQL = `
	SELECT p.from_at AS at, 'DEVICE_IN' AS kind,
		d.model_code || ' ' || COALESCE(d.serial, '') AS what
	FROM device_placements p JOIN devices d ON d.id = p.device_id
	WHERE p.room_id = @room AND p.from_at >= @since
	UNION ALL
	SELECT p.to_at, 'DEVICE_OUT', d.model_code || ' ' || COALESCE(d.serial, '')
	FROM device_placements p JOIN devices d ON d.id = p.device_id
	WHERE p.room_id = @room AND p.to_at >= @since AND p.to_at <= @now
	UNION ALL
	SELECT l.from_at, 'LICENCE_IN', l.service_type
	FROM licence_assignments l
	WHERE l.room_id = @room AND l.from_at >= @since
	UNION ALL
	SELECT l.to_at, 'LICENCE_OUT', l.service_type
	FROM licence_assignments l
	WHERE l.room_id = @room AND l.to_at >= @since AND l.to_at <= @now
	ORDER BY 1 DESC
	LIMIT @most`

// changesIn lists what changed in a room that the caller was shown to see.
func (s *Tickets) changesIn(tx *db.Tx, roomID string) ([]RoomChange, error) {
	var moved []struct {
		At   time.Time
		Kind RoomChangeKind
		What string
	}
	err := tx.Raw(changesSQL, map[string]any{
		"room":  roomID,
		"since": tx.Now().Add(-changedWithin),
		"now":   tx.Now(),
		"most":  mostChanges,
	}).Scan(&moved).Error
	if err != nil {
		return nil, err
	}
	var out []RoomChange
	for _, m := range moved {
		out = append(out, RoomChange{At: m.At, Kind: m.Kind, What: m.What})
	}

	var told []sync.Change
	err = tx.Scope.Accounts(tx.DB, "account_id").
		Where("place_id IN (?)", tx.Model(&sync.Place{}).Select("id").Where("room_id = ?", roomID)).
		Where("at >= ?", s.sync.Now().Add(-changedWithin)).
		Where("what NOT IN ?", []sync.What{sync.ToldDown, sync.ToldWell}).
		Order("at DESC, id DESC").Limit(mostChanges).
		Find(&told).Error
	for _, c := range told {
		out = append(out, RoomChange{
			At:      c.At,
			Kind:    HealthChanged,
			Told:    c.What,
			Before:  c.Before,
			After:   c.After,
			Reasons: c.Reasons,
		})
	}
	slices.SortStableFunc(out, func(a, b RoomChange) int { return b.At.Compare(a.At) })
	return out, err
}
