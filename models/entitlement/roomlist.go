package entitlement

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
)

// RoomCounts are how many rooms of an account a list of them can be narrowed to. All but
// Archived count those that are in use.
type RoomCounts struct {
	Active    int64
	Bare      int64 // they have no Select; see RoomFilter.Without
	Ending    int64 // their Select ends soon, and is not renewed
	Archived  int64
	Sites     map[string]int64 // as the rooms write them; those without one under ""
	Platforms map[rules.Platform]int64
}

// Thousands of rooms have a few contracts: those with a licence of a service are counted by the
// contracts of their licences first, each with the contract and the state of what renews them, and
// what a contract means for its rooms is asked of it once. A room has one licence of a service at
// most, and one licence at most renews that.
const (
	// countedLicences counts an account's rooms by their licences: one is ASSIGNED as long as a
	// room has it, and an index counts those by their contracts. Of the few that are renewed, each
	// is counted with what renews it as well, and once less without that.
	countedLicences = `
		SELECT contract_id, NULL AS next_contract_id, NULL AS next_state, count(*) AS rooms
		FROM licences
		WHERE account_id = @account AND state = 'ASSIGNED'
		GROUP BY contract_id
		UNION ALL
		SELECT l.contract_id,
			CASE WHEN counts.with_next THEN n.contract_id END,
			CASE WHEN counts.with_next THEN n.state END,
			sum(CASE WHEN counts.with_next THEN 1 ELSE -1 END)
		FROM licences n
		JOIN licences l ON l.id = n.renews_licence_id AND l.state = 'ASSIGNED'
		CROSS JOIN (SELECT true AS with_next UNION ALL SELECT false) AS counts
		WHERE n.account_id = @account
			AND n.renews_licence_id IS NOT NULL
			AND n.state IN ('AVAILABLE', 'ASSIGNED')
		GROUP BY 1, 2, 3`
	// withContracts joins what was counted, of licences of a service, with the contracts.
	withContracts = `
		JOIN service_contracts c ON c.id = counted.contract_id AND c.type = @service
		LEFT JOIN service_contracts nc ON nc.id = counted.next_contract_id`
)

// countedRooms counts the rooms of the sites that are delegated to a partner, who sees no more of
// them than these: of a licence's room the assignment knows.
func countedRooms(tx *db.Tx, named map[string]any) *gorm.DB {
	return tx.Scope.Accounts(tx.Table("licence_assignments AS a"), "a.account_id").
		Select(`l.contract_id, n.contract_id AS next_contract_id, n.state AS next_state,
			count(*) AS rooms`).
		Joins("JOIN licences l ON l.id = a.licence_id").
		Joins(`LEFT JOIN licences n ON n.renews_licence_id = l.id
			AND n.renews_licence_id IS NOT NULL
			AND n.state IN ('AVAILABLE', 'ASSIGNED')`).
		Where("a.account_id = @account AND a.to_at IS NULL", named).
		Group("l.contract_id, n.contract_id, n.state")
}

// The sums of counted rooms whose licence is over, so that they are without the service like those
// that have none, and whose cover ends soon; each says of them what roomWithout and endingRoom say
// of one room.
const (
	lapsedRooms = `coalesce(sum(CASE
			WHEN c.end_at IS NULL OR c.end_at > @now THEN 0
			WHEN counted.next_state = 'AVAILABLE'
				AND nc.type = c.type
				AND nc.state IN ('ACTIVE', 'SUSPENDED')
				AND nc.start_at <= c.end_at
				AND nc.end_at > @now THEN 0
			ELSE counted.rooms
		END), 0)`
	endingRooms = `coalesce(sum(CASE
			WHEN nc.state IN ('PENDING_START', 'ACTIVE')
				AND (nc.end_at IS NULL OR nc.end_at >= @before) THEN 0
			WHEN c.state = 'ACTIVE' AND c.end_at > @now AND c.end_at < @before THEN counted.rooms
			ELSE 0
		END), 0)`
)

// EndsSoon is the instant before which a cover ends soon, within licensing.ExpiringDays local
// days of the zone.
func EndsSoon(now time.Time, zone *time.Location) time.Time {
	return licensing.ExpiringBefore(rules.DateIn(now, zone), licensing.ExpiringDays, zone).UTC()
}

// CountRooms counts the rooms of an account in one statement; what ends soon, by the days of
// the zone. NOT_FOUND for an account that is not in scope.
func (s *Entitlements) CountRooms(
	ctx context.Context, accountID string, zone *time.Location,
) (RoomCounts, error) {
	var rows []struct {
		Site     string
		Platform rules.Platform
		State    licensing.RoomState // empty: the row is of the rooms with a licence
		Rooms    int64
		Lapsed   int64 // their licence is over
		Ending   int64
	}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if !tx.Scope.Sees(accountID) {
			return db.NotFound()
		}
		now := tx.Now()
		named := map[string]any{
			"account": accountID,
			"now":     now,
			"before":  EndsSoon(now, zone),
			"service": catalogue.ServiceSelect,
		}
		all := tx.Scope.Accounts(tx.Table("rooms"), "rooms.account_id").
			Select("site, platform, state, count(*) AS rooms, 0 AS lapsed, 0 AS ending").
			Where("rooms.account_id = ?", accountID).
			Group("site, platform, state")
		counted := tx.Raw(countedLicences, named)
		if tx.Scope.Delegated.Limited() {
			counted = countedRooms(tx, named)
		}
		licensed := tx.Table("(?) AS counted", counted).
			Select(`'' AS site, '' AS platform, '' AS state,
				coalesce(sum(counted.rooms), 0) AS rooms,
				`+lapsedRooms+` AS lapsed,
				`+endingRooms+` AS ending`, named).
			Joins(withContracts, named)
		return tx.Raw("SELECT * FROM (?) AS every UNION ALL SELECT * FROM (?) AS licensed",
			all, licensed).Scan(&rows).Error
	})

	out := RoomCounts{Sites: map[string]int64{}, Platforms: map[rules.Platform]int64{}}
	var licensed int64
	for _, r := range rows {
		switch r.State {
		case "":
			licensed = r.Rooms - r.Lapsed
			out.Ending = r.Ending
		case licensing.RoomArchived:
			out.Archived += r.Rooms
		default:
			out.Active += r.Rooms
			out.Sites[r.Site] += r.Rooms
			out.Platforms[r.Platform] += r.Rooms
		}
	}
	out.Bare = out.Active - licensed
	return out, err
}

// LicensedStay is a licence that is assigned to a room now, with what is told of its contract.
type LicensedStay struct {
	LicenceAssignment
	ContractID    string
	ContractState rules.ContractState
	StartAt       *time.Time
	EndAt         *time.Time
}

// LicencesIn returns the licences that are assigned to the rooms in scope now, by the rooms' ids.
func (s *Entitlements) LicencesIn(
	ctx context.Context, roomIDs ...string,
) (map[string][]LicensedStay, error) {
	out := map[string][]LicensedStay{}
	if len(roomIDs) == 0 {
		return out, nil
	}

	var stays []LicensedStay
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.Table("licence_assignments AS a"), "a.account_id").
			Select(`a.*, l.contract_id, c.state AS contract_state,
				c.start_at, c.end_at`).
			Joins("JOIN licences l ON l.id = a.licence_id").
			Joins("JOIN service_contracts c ON c.id = l.contract_id").
			Where("a.room_id IN ? AND a.to_at IS NULL", roomIDs).
			Order("a.service_type, a.id").
			Scan(&stays).Error
	})

	for _, stay := range stays {
		out[stay.RoomID] = append(out[stay.RoomID], stay)
	}
	return out, err
}

// RoomCover is what a list says of a room: its technical cover, and the licences in it.
type RoomCover struct {
	Answer   cover.Answer
	Licences []LicensedStay // without the ids of their assignments
}

// CoverOfRooms returns the cover of rooms in scope at an instant, in their order.
func (s *Entitlements) CoverOfRooms(
	ctx context.Context, roomIDs []string, at time.Time,
) ([]RoomCover, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return nil, err
	}

	subjects := make([]CoverSubject, len(roomIDs))
	for i, id := range roomIDs {
		subjects[i].RoomID = id
	}
	var g *coverFacts
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		g = &coverFacts{tx: tx, scope: tx.Scope, ref: ref}
		return g.gather(subjects)
	})
	if err != nil {
		return nil, err
	}

	out := make([]RoomCover, len(roomIDs))
	for i, subject := range subjects {
		out[i].Answer = g.cover(subject, at, cover.ForTechnical).Answer
		if room, ok := g.rooms[subject.RoomID]; ok {
			out[i].Licences = g.licencesIn(room)
		}
	}
	return out, nil
}

// CountDevicesIn returns how many devices are in the rooms in scope now, by the rooms' ids.
func (s *Entitlements) CountDevicesIn(
	ctx context.Context, roomIDs ...string,
) (map[string]int64, error) {
	out := map[string]int64{}
	if len(roomIDs) == 0 {
		return out, nil
	}

	var counts []struct {
		RoomID  string
		Devices int64
	}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.Table("device_placements"), "account_id").
			Select("room_id, count(*) AS devices").
			Where("room_id IN ? AND to_at IS NULL", roomIDs).
			Group("room_id").
			Scan(&counts).Error
	})

	for _, n := range counts {
		out[n.RoomID] = n.Devices
	}
	return out, err
}

// RoomInside is a room with all that is in it now, and its cover.
type RoomInside struct {
	Room     Room
	Answer   cover.Answer   // technical
	Licences []LicensedStay // without the ids of their assignments
	Devices  []CoveredDevice
	More     bool // it has more devices than are returned
}

// CoveredDevice is a device with the cover of its hardware. One without a serial number has none
// of its own: Answered is false.
type CoveredDevice struct {
	Device
	Answered bool
	Answer   cover.Answer
}

// LookInside reads a room in scope with what is in it at an instant: its licences, and at most so
// many devices, the newest first, each with the cover of its own hardware. It is one transaction
// of a fixed number of statements. NOT_FOUND for a room that is not in scope.
func (s *Entitlements) LookInside(
	ctx context.Context, roomID string, at time.Time, most int,
) (RoomInside, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return RoomInside{}, err
	}

	var out RoomInside
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		out = RoomInside{}
		inside := tx.Model(&DevicePlacement{}).
			Select("device_id").
			Where("room_id = ? AND to_at IS NULL", roomID)
		var devices []Device
		err := tx.Scope.Accounts(tx.DB, "account_id").
			Where("id IN (?)", inside).
			Order("id DESC").
			Limit(most + 1).
			Find(&devices).Error
		if err != nil {
			return err
		}
		if out.More = len(devices) > most; out.More {
			devices = devices[:most]
		}

		g := &coverFacts{tx: tx, scope: tx.Scope, ref: ref}
		subjects := []CoverSubject{{RoomID: roomID}}
		for _, d := range devices {
			if d.Serial != nil {
				subjects = append(subjects, CoverSubject{Serial: *d.Serial})
			}
		}
		if err := g.gather(subjects); err != nil {
			return err
		}
		room, ok := g.rooms[roomID]
		if !ok {
			return db.NotFound()
		}

		out.Room = room
		out.Answer = g.cover(subjects[0], at, cover.ForTechnical).Answer
		out.Licences = g.licencesIn(room)
		for _, d := range devices {
			c := CoveredDevice{Device: d, Answered: d.Serial != nil}
			if c.Answered {
				subject := CoverSubject{Serial: *d.Serial}
				c.Answer = g.cover(subject, at, cover.ForHardware).Answer
			}
			out.Devices = append(out.Devices, c)
		}
		return nil
	})
	return out, err
}

// licencesIn are the licences that are assigned to a room now, by their service.
func (g *coverFacts) licencesIn(room Room) (stays []LicensedStay) {
	for _, id := range g.inRoom[room.ID] {
		l := g.licences[id]
		for _, a := range l.Assignments {
			if a.RoomID != room.ID || a.To != nil {
				continue
			}
			stay := LicensedStay{
				LicenceAssignment: LicenceAssignment{
					AccountID:   room.AccountID,
					LicenceID:   l.ID,
					RoomID:      room.ID,
					ServiceType: l.Contract.Type,
					FromAt:      a.From,
					Terms:       a.Terms,
				},
				ContractID:    l.Contract.ID,
				ContractState: l.Contract.State,
			}
			if p := l.Contract.Period; p != nil {
				stay.StartAt = &p.Start
				stay.EndAt = &p.End
			}
			stays = append(stays, stay)
		}
	}
	slices.SortFunc(stays, func(a, b LicensedStay) int {
		return cmp.Or(
			cmp.Compare(a.ServiceType, b.ServiceType),
			cmp.Compare(a.LicenceID, b.LicenceID),
		)
	})
	return stays
}

// Assignable are an account's contracts whose licences can be assigned to rooms now, with how
// many are free; the one that ends first stands first, those that have not started last.
func (s *Entitlements) Assignable(ctx context.Context, accountID string) ([]ContractEntry, error) {
	var rows []struct {
		ServiceContract
		InForce  int64
		Assigned int64
	}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.Table("service_contracts AS c"), "c.account_id").
			Select(`c.*, count(*) AS in_force,
				sum(CASE WHEN l.state = 'ASSIGNED' THEN 1 ELSE 0 END) AS assigned`).
			Joins(`JOIN licences l ON l.contract_id = c.id
				AND l.state IN ('AVAILABLE', 'ASSIGNED')`).
			Where("c.account_id = ?", accountID).
			Where("c.type IN ?", []catalogue.ServiceType{
				catalogue.ServiceSelect, catalogue.ServiceSyncPlus,
			}).
			Where("c.state IN ?", []rules.ContractState{
				rules.ContractPendingStart, rules.ContractActive,
			}).
			Where("c.end_at IS NULL OR c.end_at > ?", tx.Now()).
			Group("c.id").
			Order("c.end_at IS NULL, c.end_at, c.id").
			Scan(&rows).Error
	})

	var out []ContractEntry
	for _, r := range rows {
		if r.InForce > r.Assigned {
			out = append(out, ContractEntry{
				ServiceContract: r.ServiceContract,
				Source:          EntryContract,
				InForce:         r.InForce,
				Assigned:        r.Assigned,
			})
		}
	}
	return out, err
}

// DeviceStay is a stay of a device in a room, with the device.
type DeviceStay struct {
	DevicePlacement
	Device Device
}

// StaysIn lists the stays of devices in a room in scope, newest first, at most so many.
func (s *Entitlements) StaysIn(ctx context.Context, roomID string, most int) ([]DeviceStay, error) {
	var stays []DevicePlacement
	var devices []Device
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		err := tx.Scope.Accounts(tx.DB, "account_id").
			Where("room_id = ?", roomID).
			Order("from_at DESC, id DESC").
			Limit(most).
			Find(&stays).Error
		if err != nil || len(stays) == 0 {
			return err
		}
		ids := db.IdsOf(stays, func(p DevicePlacement) string { return p.DeviceID })
		return tx.Where("id IN ?", ids).Find(&devices).Error
	})

	known := map[string]Device{}
	for _, d := range devices {
		known[d.ID] = d
	}
	out := make([]DeviceStay, len(stays))
	for i, p := range stays {
		out[i] = DeviceStay{DevicePlacement: p, Device: known[p.DeviceID]}
	}
	return out, err
}
