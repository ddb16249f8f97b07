package entitlement

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
)

// Room is a meeting room of an account. Whether it is covered is computed, never
// stored (S32).
type Room struct {
	ID          string
	AccountID   string
	Name        string
	Site        string
	SearchKey   string // rules.SearchKey of name and site
	Country     string // ISO 3166
	Region      string // ISO 3166-2 without the country; empty: unknown (C3)
	Platform    rules.Platform
	Criticality rules.Criticality
	TimeZone    string // IANA name
	State       licensing.RoomState
	ArchivedAt  *time.Time
	CreatedAt   time.Time
	OnceKey     *string // names the form that added it; nil: none did
	Version     int64
}

func (r Room) facts() map[string]any {
	return map[string]any{
		"name":        r.Name,
		"site":        r.Site,
		"country":     r.Country,
		"region":      r.Region,
		"platform":    r.Platform,
		"criticality": r.Criticality,
		"time_zone":   r.TimeZone,
		"state":       r.State,
	}
}

func (r Room) form() licensing.RoomForm {
	return licensing.RoomForm{
		Name:        r.Name,
		Site:        r.Site,
		Country:     r.Country,
		Region:      r.Region,
		Platform:    r.Platform,
		Criticality: r.Criticality,
		TimeZone:    r.TimeZone,
	}
}

// NewRoom is a room to add. An empty time zone is that of the region or country, or the
// account's own where it is the same country and no region is given; an empty
// criticality is NORMAL.
type NewRoom struct {
	AccountID string
	Form      licensing.RoomForm
	Reason    string // operators
}

// CreateRoom adds a room to an account (R108); the same call again adds another one.
// Refusals: VALIDATION_FAILED with every wrong field, NOT_FOUND for an account that is
// not in scope, and those of licensing.MayManageRooms.
func (s *Entitlements) CreateRoom(ctx context.Context, n NewRoom) (Room, error) {
	var room Room
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		create := func(acc account.Account) (db.Entry, error) {
			room = Room{
				ID:        db.NewID(db.PrefixRoom),
				AccountID: acc.ID,
				State:     licensing.RoomActive,
				CreatedAt: tx.Now(),
				Version:   1,
			}

			if err := room.fill(n.Form, acc); err != nil {
				return db.Entry{}, err
			}
			if err := tx.Scope.CoversSite(room.Site); err != nil {
				return db.Entry{}, err
			}
			if err := tx.Create(&room).Error; err != nil {
				return db.Entry{}, err
			}

			details := db.WithReason(n.Reason, map[string]any{"after": room.facts()})
			return db.Entry{Verb: "room.created", ObjectID: room.ID, Details: details}, nil
		}

		return account.CreateInAccount(tx, n.AccountID, n.Reason, create)
	})

	return room, err
}

// fill takes the room's data from a valid form; an empty field gets what follows from
// the account.
func (r *Room) fill(f licensing.RoomForm, acc account.Account) error {
	f = f.Trimmed()
	if f.Criticality == "" {
		f.Criticality = rules.CriticalityNormal
	}

	switch {
	case f.TimeZone != "":
	case f.Country == acc.Country && f.Region == "":
		f.TimeZone = acc.TimeZone
	default:
		f.TimeZone = rules.TimeZoneFor(f.Country, f.Region)
	}

	if err := f.Validate(); err != nil {
		return err
	}

	r.Name = f.Name
	r.Site = f.Site
	r.Country = f.Country
	r.Region = f.Region
	r.Platform = f.Platform
	r.Criticality = f.Criticality
	r.TimeZone = f.TimeZone
	r.SearchKey = rules.SearchKey(r.Name, r.Site)
	return nil
}

// GetRoom reads one room in scope, archived or not; NOT_FOUND otherwise.
func (s *Entitlements) GetRoom(ctx context.Context, id string) (Room, error) {
	var r Room
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return db.Found(tx.Scope.Accounts(tx.DB, "account_id").First(&r, "id = ?", id).Error)
	})
	return r, err
}

// ChangeRoom replaces a room's data. version is the one that the caller read, 0 for
// any; a room that was changed since, or is archived, answers STATE_CONFLICT. A changed
// country leaves the terms of the assignments as they are (S31).
func (s *Entitlements) ChangeRoom(
	ctx context.Context, id string, f licensing.RoomForm, version int64, reason string,
) (Room, error) {
	return s.changeRoom(ctx, id, reason, func(
		tx *db.Tx, acc account.Account, r *Room,
	) (db.Entry, error) {
		if err := db.Versioned(r.Version, version); err != nil {
			return db.Entry{}, err
		}

		if r.State != licensing.RoomActive {
			return db.Entry{}, rules.Refuse(
				rules.StateConflict,
				"The room is archived.",
				"Add a new room.",
			)
		}

		before := r.facts()
		if err := r.fill(f, acc); err != nil {
			return db.Entry{}, err
		}
		if err := tx.Scope.CoversSite(r.Site); err != nil {
			return db.Entry{}, err
		}

		return db.Entry{
			Verb:     "room.changed",
			ObjectID: r.ID,
			Details: db.WithReason(reason, map[string]any{
				"before": before,
				"after":  r.facts(),
			}),
		}, nil
	})
}

// changeRoom locks a room, calls change to alter it, and stores and audits the result; what is
// so already stays as it is.
func (s *Entitlements) changeRoom(
	ctx context.Context, id, reason string, change func(
		*db.Tx, account.Account, *Room,
	) (db.Entry, error),
) (Room, error) {
	var room Room
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		return account.ChangeInAccount(tx, "rooms", id, reason, func(
			acc account.Account,
		) (db.Entry, error) {
			room = Room{}
			if err := db.Found(tx.ForUpdate().First(&room, "id = ?", id).Error); err != nil {
				return db.Entry{}, err
			}

			stored := room
			e, err := change(tx, acc, &room)
			if err != nil || reflect.DeepEqual(room, stored) {
				return db.Entry{}, err
			}

			room.Version++
			err = tx.Select("*").
				Omit("id", "account_id", "created_at").
				Where("id = ?", id).
				Updates(&room).Error
			return e, err
		})
	})

	return room, err
}

// ArchiveRoom closes a room for good: its licences go back to the balance and its
// devices are in no room (S28). Refusals are those of licensing.MayArchiveRoom: an open
// ticket or RMA of the room, or a room that is archived already. With the version that was
// seen, VERSION_MISMATCH refuses another one.
func (s *Entitlements) ArchiveRoom(
	ctx context.Context, id, reason string, seen ...int64,
) (Room, error) {
	return s.changeRoom(ctx, id, reason, func(
		tx *db.Tx, _ account.Account, r *Room,
	) (db.Entry, error) {
		if err := db.AsSeen(r.Version, seen...); err != nil {
			return db.Entry{}, err
		}
		open, err := openRMAs(tx, r.ID)
		if err != nil {
			return db.Entry{}, err
		}
		tickets, err := openTickets(tx, r.ID)
		if err != nil {
			return db.Entry{}, err
		}
		if err := licensing.MayArchiveRoom(r.State, tickets, open); err != nil {
			return db.Entry{}, err
		}

		licences, err := releaseRoom(tx, r.ID)
		if err != nil {
			return db.Entry{}, err
		}

		devices, err := emptyRoom(tx, r.ID)
		if err != nil {
			return db.Entry{}, err
		}

		before := r.facts()
		now := tx.Now()
		r.State = licensing.RoomArchived
		r.ArchivedAt = &now

		return db.Entry{
			Verb:     "room.archived",
			ObjectID: r.ID,
			Details: db.WithReason(reason, map[string]any{
				"before":   before,
				"after":    r.facts(),
				"released": licences,
				"unplaced": devices,
			}),
		}, nil
	})
}

// RestoreRoom takes a room that was archived into use again, with its history (S28): without
// a licence and without devices, which are where they went. For operators. Refusals:
// STATE_CONFLICT for a room that is in use, and where the account has another one of the name
// at the site by now, and VERSION_MISMATCH for another version than the one that was seen.
func (s *Entitlements) RestoreRoom(
	ctx context.Context, id, reason string, seen ...int64,
) (Room, error) {
	return s.changeRoom(ctx, id, reason, func(
		tx *db.Tx, _ account.Account, r *Room,
	) (db.Entry, error) {
		if err := operatorsOnly(tx.Scope); err != nil {
			return db.Entry{}, err
		}
		if err := db.AsSeen(r.Version, seen...); err != nil {
			return db.Entry{}, err
		}
		if err := rules.Move(r.State, licensing.RoomActive); err != nil {
			return db.Entry{}, err
		}
		var others int64
		err := tx.Model(&Room{}).
			Where("account_id = ? AND search_key = ? AND state = ?",
				r.AccountID, r.SearchKey, licensing.RoomActive).
			Count(&others).Error
		if err != nil {
			return db.Entry{}, err
		}
		if others > 0 {
			return db.Entry{}, rules.Refuse(rules.StateConflict,
				"The account has another room of this name at the site.",
				"Rename that one first, or use it.")
		}

		before := r.facts()
		r.State = licensing.RoomActive
		r.ArchivedAt = nil
		return db.Entry{
			Verb:     "room.restored",
			ObjectID: r.ID,
			Details: db.WithReason(reason, map[string]any{
				"before": before,
				"after":  r.facts(),
			}),
		}, nil
	})
}

// operatorsOnly refuses a customer what the service's operators do for them, with a reason.
func operatorsOnly(scope db.Scope) error {
	if role := scope.Actor.Role; role == "SYSTEM" || role.IsOperator() {
		return nil
	}
	return rules.Refuse(rules.Forbidden, "An operator of the service does this.",
		"Ask the service's operators.")
}

// openRMAs counts the open RMAs of a room and of the devices that are in it (S28).
func openRMAs(tx *db.Tx, roomID string) (int, error) {
	inside := tx.Model(&DevicePlacement{}).
		Select("device_id").
		Where("room_id = ? AND to_at IS NULL", roomID)
	var n int64

	// A device may have come from another site with its RMA.
	err := tx.BeyondSites(func(tx *db.Tx) error {
		return tx.Table("rmas").
			Where("closed_at IS NULL AND (room_id = ? OR device_id IN (?))", roomID, inside).
			Count(&n).Error
	})
	return int(n), err
}

// openTickets counts the tickets of the room that are not solved yet.
func openTickets(tx *db.Tx, roomID string) (int, error) {
	var n int64
	err := tx.Table("tickets").
		Where("room_id = ? AND closed_at IS NULL AND state <> 'RESOLVED'", roomID).
		Count(&n).Error
	return int(n), err
}

// releaseRoom ends the room's assignments, makes their licences available and returns
// the licences' ids.
func releaseRoom(tx *db.Tx, roomID string) ([]string, error) {
	ids := []string{}
	err := tx.Model(&LicenceAssignment{}).
		Where("room_id = ? AND to_at IS NULL", roomID).
		Order("id").
		Pluck("licence_id", &ids).Error
	if err != nil || len(ids) == 0 {
		return ids, err
	}

	if err := freeLicences(tx, tx.Now(), ids...); err != nil {
		return nil, err
	}

	err = endAssignments(tx.Where("room_id = ?", roomID), EndArchived, tx.Now())
	return ids, err
}

// emptyRoom takes the devices out of a room and returns their ids.
func emptyRoom(tx *db.Tx, roomID string) ([]string, error) {
	ids := []string{}
	err := tx.Model(&DevicePlacement{}).
		Where("room_id = ? AND to_at IS NULL", roomID).
		Order("id").
		Pluck("device_id", &ids).Error
	if err != nil || len(ids) == 0 {
		return ids, err
	}

	err = tx.Model(&Device{}).
		Where("id IN ? AND state = ?", ids, licensing.DeviceInRoom).
		Updates(map[string]any{
			"state":   licensing.DeviceUnplaced,
			"version": gorm.Expr("version + 1"),
		}).Error
	if err != nil {
		return nil, err
	}

	err = EndPlacements(tx.Where("room_id = ?", roomID), tx.Now())
	return ids, err
}

// RoomFilter narrows a list of rooms; empty fields do not narrow. Search finds a
// part of the name or site, or of the serial of a device in the room.
type RoomFilter struct {
	AccountID  string
	Site       string
	Country    string
	Platform   rules.Platform
	State      licensing.RoomState
	Without    catalogue.ServiceType // it has no licence of this service; see roomWithout
	EndsBefore *time.Time            // its Select ends after now, before this, and is not renewed
	Health     clause.Expression     // as Sync tells, by sync.RoomsShown; nil: whatever it is
	Search     string
	Sort       db.Sort
	By         RoomOrder // instead of Sort, where it is given
	Descending bool
	Page       db.Page
}

// RoomOrder is what rooms are ordered by, as their columns in a table are.
type RoomOrder string

// The orders of rooms. What is equal is ordered by the name.
const (
	RoomsByName     RoomOrder = "name"
	RoomsBySite     RoomOrder = "site"
	RoomsByPlatform RoomOrder = "platform"
)

// columns are what the order compares.
func (o RoomOrder) columns() []string {
	switch o {
	case RoomsBySite:
		return []string{"site", "name"}
	case RoomsByPlatform:
		return []string{"platform", "name"}
	}
	return []string{"name"}
}

// ListRooms lists the rooms in scope, newest first unless the filter sorts otherwise,
// and returns the cursor of the next page; it is empty on the last one.
func (s *Entitlements) ListRooms(ctx context.Context, f RoomFilter) ([]Room, string, error) {
	var out []Room
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		within := tx.Scope.Accounts(tx.Table("rooms"), "account_id")
		page := func(q *gorm.DB) *gorm.DB {
			if f.By != "" {
				return f.Page.ApplyBy(q, within, f.Descending, f.By.columns()...)
			}
			return f.Page.ApplySorted(q, within, f.Sort, "name")
		}

		q := f.narrow(tx, tx.DB)
		if strings.TrimSpace(f.Search) != "" {
			if err := tx.PlanByValues(); err != nil {
				return err
			}
			q = f.search(tx, q, page)
		}
		return page(q).Find(&out).Error
	})

	out, next := db.Cut(f.Page, out, func(r Room) string { return r.ID })
	return out, next, err
}

// mostOfOneName bounds how many rooms are looked through for a whole name.
const mostOfOneName = 200

// RoomsNamed lists the account's rooms in use that have the whole name, however it is spelled.
func (s *Entitlements) RoomsNamed(ctx context.Context, accountID, name string) ([]Room, error) {
	key := rules.SearchKey(name)
	if key == "" {
		return nil, nil
	}

	var found []Room
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.Table("rooms"), "account_id").
			Where("account_id = ? AND state = ?", accountID, licensing.RoomActive).
			Where("search_key = ? OR search_key LIKE ? ESCAPE '!'",
				key, db.Beginning(key+" ")). // the site's name follows the room's
			Order("name, id").
			Limit(mostOfOneName).
			Find(&found).Error
	})
	return slices.DeleteFunc(found, func(r Room) bool {
		return rules.SearchKey(r.Name) != key
	}), err
}

// narrow narrows a query on rooms to the scope, and to what the filter names wholly.
func (f RoomFilter) narrow(tx *db.Tx, q *gorm.DB) *gorm.DB {
	q = tx.Scope.Accounts(q, "account_id")
	for column, value := range map[string]string{
		"account_id": f.AccountID,
		"site":       f.Site,
		"country":    f.Country,
		"platform":   string(f.Platform),
		"state":      string(f.State),
	} {
		if value != "" {
			q = q.Where(clause.Eq{Column: column, Value: value})
		}
	}
	without, ending := roomWithout, endingRoom
	if f.AccountID != "" {
		without, ending = accountsRoomWithout, accountsEndingRoom
	}
	if f.Without != "" {
		q = q.Where(without, map[string]any{
			"account": f.AccountID,
			"now":     tx.Now(),
			"service": f.Without,
		})
	}
	if f.Health != nil {
		q = q.Where(f.Health)
	}
	if f.EndsBefore != nil {
		q = q.Where(ending, map[string]any{
			"account": f.AccountID,
			"now":     tx.Now(),
			"before":  *f.EndsBefore,
			"service": catalogue.ServiceSelect,
		})
	}
	return q
}

// fromAssignments finds the licences of a service that are assigned to rooms, running or not.
const fromAssignments = `
		FROM licence_assignments a
		JOIN licences l ON l.id = a.licence_id
		JOIN service_contracts c ON c.id = l.contract_id
		WHERE a.to_at IS NULL
			AND a.service_type = @service`

// roomWithout is true of a room that has no licence of a service. One that is over is none,
// whether the sweep has been there or not; one that waits for its start is one; see lapsedRooms. Of
// one account the assignments are read at once: asked of one room after another in the order of a
// page, many would be asked before the page is full.
const (
	roomWithout = `NOT EXISTS (SELECT 1` + fromAssignments + `
			AND a.room_id = rooms.id
			AND ` + holdsRoom + `)`
	accountsRoomWithout = `rooms.id NOT IN (SELECT a.room_id` + fromAssignments + `
			AND a.account_id = @account
			AND ` + holdsRoom + `)`
)

// holdsRoom is true of an assignment, by its licence l and its contract c, that is not over: its
// contract runs or is to, or what renews it takes the room over with the next sweep (S4; see
// renewedRooms).
const holdsRoom = `(c.end_at IS NULL
				OR c.end_at > @now
				OR EXISTS (
					SELECT 1 FROM licences n
					JOIN service_contracts nc ON nc.id = n.contract_id
					WHERE n.renews_licence_id = l.id
						AND n.state = 'AVAILABLE'
						AND nc.type = c.type
						AND nc.state IN ('ACTIVE', 'SUSPENDED')
						AND nc.start_at <= c.end_at
						AND nc.end_at > @now))`

// endingRoom is true of a room whose Select ends soon; of one account they are read at once.
const (
	endingRoom = `EXISTS (SELECT 1` + fromAssignments + `
			AND a.room_id = rooms.id
			AND ` + endsSoon + `)`
	accountsEndingRoom = `rooms.id IN (
		WITH found AS MATERIALIZED (SELECT a.room_id` + fromAssignments + `
			AND a.account_id = @account
			AND ` + endsSoon + `)
		SELECT room_id FROM found)`
)

// endsSoon is true of an assignment, by its licence l and its contract c, that runs, ends before
// an instant, and is not renewed (S4).
const endsSoon = `(c.state = 'ACTIVE'
			AND c.end_at > @now
			AND c.end_at < @before
			AND NOT EXISTS (
				SELECT 1 FROM licences n
				JOIN service_contracts nc ON nc.id = n.contract_id
				WHERE n.renews_licence_id = l.id
					AND n.state IN ('AVAILABLE', 'ASSIGNED')
					AND nc.state IN ('PENDING_START', 'ACTIVE')
					AND (nc.end_at IS NULL OR nc.end_at >= @before)))`

// search finds a part of a name or site, or of the serial of a device in the room. Each of
// the two is a page of its own, found in the way that suits it: by the part where few have
// it, in the page's order where many do. The devices are narrowed to the same accounts:
// otherwise every account's would be read for each search.
func (f RoomFilter) search(
	tx *db.Tx, q *gorm.DB, page func(*gorm.DB) *gorm.DB,
) *gorm.DB {
	ids := func() *gorm.DB { return f.narrow(tx, tx.Table("rooms").Select("id")) }

	named := page(ids().Where("search_key LIKE ? ESCAPE '!'", db.Part(rules.SearchKey(f.Search))))
	serial := rules.NormaliseSerial(f.Search)
	if serial == "" {
		return q.Where("id IN (SELECT id FROM (?) named)", named)
	}

	inside := tx.Scope.Accounts(tx.Table("devices AS d"), "d.account_id").
		Select("p.room_id").
		Joins("JOIN device_placements p ON p.device_id = d.id").
		Where("p.to_at IS NULL AND d.serial LIKE ? ESCAPE '!'", db.Part(serial))
	if f.AccountID != "" {
		inside = inside.Where("d.account_id = ?", f.AccountID)
	}

	return q.Where("id IN (SELECT id FROM (?) named UNION ALL SELECT id FROM (?) equipped)",
		named, page(ids().Where("id IN (?)", inside)))
}

// SiteOfRooms is a site that active rooms of an account name.
type SiteOfRooms struct {
	Name   string // as one of the rooms writes it
	Rooms  int
	RoomID string // one of them
}

// SitesOfRooms lists the sites that the account's active rooms name, by their names; see
// rules.SiteKey. Whether there is an address of each, the domain account knows.
func (s *Entitlements) SitesOfRooms(
	ctx context.Context, accountID string,
) ([]SiteOfRooms, error) {
	var rows []SiteOfRooms
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.DB, "account_id").
			Model(&Room{}).
			Select("site AS name", "COUNT(*) AS rooms", "MIN(id) AS room_id").
			Where("account_id = ? AND state = ? AND site <> ''", accountID, licensing.RoomActive).
			Group("site").
			Order("site").
			Scan(&rows).Error
	})

	var out []SiteOfRooms
	at := map[string]int{}
	for _, row := range rows {
		key := rules.SiteKey(row.Name)
		if i, ok := at[key]; ok {
			out[i].Rooms += row.Rooms
			continue
		}
		at[key] = len(out)
		out = append(out, row)
	}
	return out, err
}

// RoomNames returns the names, by id, of those of the rooms that are in scope,
// archived ones too.
func (s *Entitlements) RoomNames(ctx context.Context, ids []string) (map[string]string, error) {
	names := map[string]string{}
	if len(ids) == 0 {
		return names, nil
	}

	var rooms []Room
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.DB, "account_id").
			Select("id", "name").
			Where("id IN ?", ids).
			Find(&rooms).Error
	})
	if err != nil {
		return nil, err
	}

	for _, r := range rooms {
		names[r.ID] = r.Name
	}

	return names, nil
}

// SiteOf returns the place of a room, for calendars and promises.
func SiteOf(r Room) program.Site {
	return program.Site{Country: r.Country, Region: r.Region, TimeZone: r.TimeZone}
}
