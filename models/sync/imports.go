package sync

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
	"roomcover.dev/roomcover/rules/licensing"
)

// Kind says how a place of Sync stands to the account's rooms.
type Kind string

// The kinds of proposals.
const (
	KindNew      Kind = "NEW"      // no room is like it
	KindLike     Kind = "LIKE"     // it may be one of Likes
	KindSame     Kind = "SAME"     // it is a room, and nothing differs
	KindRenamed  Kind = "RENAMED"  // its room has another name
	KindMoved    Kind = "MOVED"    // its room names another site than its group
	KindVanished Kind = "VANISHED" // Sync tells of it no more
	KindArchived Kind = "ARCHIVED" // its room is archived
)

// Proposal is a place with what may be done about it.
type Proposal struct {
	ID           string
	Name         string
	PlaceGroup   string
	RoomID       *string
	MissingSince *time.Time

	Kind Kind
	Room *health.KnownRoom // that it is, without its serial numbers
	// Site is where the rooms of its group are; empty: nobody has said so, or they have none.
	Site   string
	Mapped bool // somebody has said where its group is
	Likes  []health.Likeness

	// Facts are what Sync tells of it; nil: they were not asked for. They are the most of a place,
	// and a list of thousands shows them of a page.
	Facts *health.Place
}

// Compare puts proposals in the order in which people see them, by group and name.
func (p *Proposal) Compare(other *Proposal) int {
	return cmp.Or(
		strings.Compare(p.PlaceGroup, other.PlaceGroup),
		strings.Compare(p.Name, other.Name),
		strings.Compare(p.ID, other.ID),
	)
}

// First are the first so many of the proposals that are wanted, in order. A page shows a few of
// thousands, which take longer to be put in order than to be made.
func First(most int, all []Proposal, wanted func(*Proposal) bool) (first []Proposal) {
	for i := range all {
		p := &all[i]
		full := len(first) == most
		if !wanted(p) || full && (most == 0 || p.Compare(&first[most-1]) > 0) {
			continue
		}
		at, _ := slices.BinarySearchFunc(first, p, func(a Proposal, b *Proposal) int {
			return a.Compare(b)
		})
		if full {
			first = first[:most-1]
		}
		first = slices.Insert(first, at, *p)
	}
	return first
}

// Preview lists what may be done about each place that Sync tells of, in no order, without the
// facts; see First and FactsOf. It changes nothing. NOT_FOUND where the account is not connected.
func (s *Sync) Preview(ctx context.Context, accountID string) ([]Proposal, error) {
	var out []Proposal
	err := s.db.ReadSnapshot(ctx, func(tx *db.Tx) error {
		c, err := connectionOf(tx, accountID)
		if err != nil {
			return err
		}
		out, _, err = propose(tx, c)
		return err
	})
	return out, err
}

// FactsOf adds to proposals of an account what Sync tells of their places.
func (s *Sync) FactsOf(ctx context.Context, accountID string, shown []Proposal) error {
	if len(shown) == 0 {
		return nil
	}
	return s.db.Read(ctx, func(tx *db.Tx) error {
		c, err := connectionOf(tx, accountID)
		if err != nil {
			return err
		}
		return readFacts(tx, c, shown)
	})
}

// ProposalOf says what may be done about one place, as Preview does, with its facts. NOT_FOUND
// where the account is not connected, or where Sync never told it of such a place.
func (s *Sync) ProposalOf(ctx context.Context, accountID, placeID string) (Proposal, error) {
	var out Proposal
	err := s.db.ReadSnapshot(ctx, func(tx *db.Tx) error {
		c, err := connectionOf(tx, accountID)
		if err != nil {
			return err
		}
		var p Place
		err = tx.First(&p, "id = ? AND connection_id = ?", placeID, c.ID).Error
		if err != nil {
			return db.Found(err)
		}
		groups, err := groupsOf(tx, c)
		if err != nil {
			return err
		}

		out = Proposal{
			ID:           p.ID,
			Name:         p.Name,
			PlaceGroup:   p.PlaceGroup,
			RoomID:       p.RoomID,
			MissingSince: p.MissingSince,
			Facts:        &p.Facts,
		}
		if p.RoomID != nil {
			if out.Room, err = entitlement.KnownRoom(tx, accountID, *p.RoomID); err != nil {
				return err
			}
		}
		out.judge(groups, siteKeys{})
		if !out.unknown() {
			return nil
		}
		alike, err := entitlement.RoomsLike(tx, accountID, c.ID, p.Name, p.Facts.Devices)
		if err != nil {
			return err
		}
		out.compare(health.RoomsOf(alike), p.Facts.Devices)
		return nil
	})
	return out, err
}

// propose says what may be done about each place of a connection, and where its groups are.
func propose(tx *db.Tx, c Connection) ([]Proposal, map[string]Group, error) {
	known, err := entitlement.ActiveRooms(tx, c.AccountID)
	if err != nil {
		return nil, nil, err
	}
	out, err := outlines(tx, c)
	if err != nil {
		return nil, nil, err
	}
	groups, err := groupsOf(tx, c)
	if err != nil {
		return nil, nil, err
	}

	unknown := false
	keys := siteKeys{}
	for i := range out {
		p := &out[i]
		if p.RoomID != nil {
			if room, active := known[*p.RoomID]; active {
				p.Room = &room
				delete(known, room.ID) // it is no other place's
			}
		}
		p.judge(groups, keys)
		unknown = unknown || p.unknown()
	}
	if !unknown || len(known) == 0 {
		return out, groups, nil
	}
	return out, groups, findLikes(tx, c, out, slices.Collect(maps.Keys(known)))
}

// outlines reads every place of a connection, without the room that it is and its facts. There may
// be ten thousand, which gorm would take several times as long for.
func outlines(tx *db.Tx, c Connection) ([]Proposal, error) {
	rows, err := tx.Table("sync_places AS p").
		Select("p.id, p.name, p.place_group, p.missing_since, p.room_id").
		Where("p.connection_id = ?", c.ID).
		Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()

	out := make([]Proposal, 0, c.Places)
	for rows.Next() {
		out = append(out, Proposal{})
		p := &out[len(out)-1] // scanned where it stays: one alone would be made for each row
		err := rows.Scan(&p.ID, &p.Name, &p.PlaceGroup, &p.MissingSince, &p.RoomID)
		if err != nil {
			return nil, err
		}
	}
	return out, rows.Err()
}

// judge says how a place stands to the room that it is; one that is none is new until it is
// compared with others.
func (p *Proposal) judge(groups map[string]Group, keys siteKeys) {
	group, mapped := groups[p.PlaceGroup]
	p.Site = group.Site
	p.Mapped = mapped
	switch {
	case p.RoomID != nil && p.Room == nil:
		p.Kind = KindArchived
	case p.MissingSince != nil:
		p.Kind = KindVanished
	case p.Room != nil:
		p.Kind = p.standing(keys)
	default:
		p.Kind = KindNew
	}
}

// unknown reports whether a place is no room yet, and may be one that is here.
func (p *Proposal) unknown() bool { return p.Kind == KindNew }

// compare says which rooms a place may be that is none, by its name and its devices.
func (p *Proposal) compare(rooms health.Rooms, devices []health.Device) {
	p.Likes = rooms.Like(health.Place{Name: p.Name, Devices: devices}, p.Site)
	if len(p.Likes) > 0 {
		p.Kind = KindLike
	}
}

// findLikes says of the places that are no room which of the rooms that are no place, by their ids,
// they may be. Their serial numbers stand in the facts, which are decoded only where they name a
// device of such a room.
func findLikes(tx *db.Tx, c Connection, all []Proposal, roomIDs []string) error {
	free, err := entitlement.RoomsWithoutPlace(tx, c.AccountID, c.ID, roomIDs)
	if err != nil || len(free) == 0 {
		return err
	}
	rooms := health.RoomsOf(free)
	devices, err := devicesOfUnknown(tx, c, rooms)
	if err != nil {
		return err
	}

	for i := range all {
		if p := &all[i]; p.unknown() {
			p.compare(rooms, devices[p.ID])
		}
	}
	return nil
}

// devicesOfUnknown are the devices of the places that are no room and name a device of one of the
// rooms.
func devicesOfUnknown(
	tx *db.Tx, c Connection, rooms health.Rooms,
) (map[string][]health.Device, error) {
	out := map[string][]health.Device{}
	if !rooms.HaveSerials() {
		return out, nil
	}
	rows, err := tx.Model(&Place{}).
		Select("id", "facts").
		Where("connection_id = ? AND room_id IS NULL AND missing_since IS NULL", c.ID).
		Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()

	for rows.Next() {
		var id, facts string
		if err := rows.Scan(&id, &facts); err != nil {
			return nil, err
		}
		if !mentions(facts, rooms) {
			continue
		}
		var p health.Place
		if err := json.Unmarshal([]byte(facts), &p); err != nil {
			return nil, err
		}
		out[id] = p.Devices
	}
	return out, rows.Err()
}

// mentions reports whether facts may name a device of one of the rooms; where a letter of a text is
// written in another way, they are read to find out.
func mentions(facts string, rooms health.Rooms) bool {
	if strings.Contains(facts, `\`) {
		return true
	}
	for text := range strings.SplitSeq(facts, `"`) {
		if rooms.HaveSerial(text) {
			return true
		}
	}
	return false
}

// readFacts adds what Sync tells of places of a connection.
func readFacts(tx *db.Tx, c Connection, of []Proposal) error {
	var places []Place
	err := tx.Select("id", "facts").
		Where("connection_id = ? AND id IN ?", c.ID,
			db.IdsOf(of, func(p Proposal) string { return p.ID })).
		Find(&places).Error
	known := map[string]*health.Place{}
	for i, p := range places {
		known[p.ID] = &places[i].Facts
	}
	for i := range of {
		of[i].Facts = cmp.Or(known[of[i].ID], &health.Place{})
	}
	return err
}

// siteKeys are the forms in which names of sites are compared, each made once: thousands of rooms
// are at a few sites.
type siteKeys map[string]string

func (k siteKeys) of(name string) string {
	key, ok := k[name]
	if !ok {
		key = rules.SiteKey(name)
		k[name] = key
	}
	return key
}

// standing compares a place with the room that it is.
func (p *Proposal) standing(keys siteKeys) Kind {
	switch name := roomName(p.Name); {
	case p.Site != "" && keys.of(p.Site) != keys.of(p.Room.Site):
		return KindMoved
	case name != "" && name != p.Room.Name:
		return KindRenamed
	}
	return KindSame
}

// roomName is the name of a place as a room has it.
func roomName(told string) string {
	name := rules.NormaliseText(told)
	if len(name) > 100 {
		letters := []rune(name)
		name = strings.TrimSpace(string(letters[:min(len(letters), 100)]))
	}
	return name
}

func groupsOf(tx *db.Tx, c Connection) (map[string]Group, error) {
	var all []Group
	err := tx.Find(&all, "connection_id = ?", c.ID).Error
	out := map[string]Group{}
	for _, g := range all {
		out[g.PlaceGroup] = g
	}
	return out, err
}

// GroupsOf lists the groups of which Sync tells, each with where its rooms are; those of which
// nobody has said it have no country.
func (s *Sync) GroupsOf(ctx context.Context, accountID string) ([]Group, error) {
	var out []Group
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = nil
		c, err := connectionOf(tx, accountID)
		if err != nil {
			return err
		}
		known, err := groupsOf(tx, c)
		if err != nil {
			return err
		}
		var names []string
		err = tx.Model(&Place{}).Where("connection_id = ?", c.ID).
			Distinct().Order("place_group").Pluck("place_group", &names).Error
		for _, name := range names {
			g, ok := known[name]
			if !ok {
				g = Group{ConnectionID: c.ID, AccountID: c.AccountID, PlaceGroup: name}
			}
			out = append(out, g)
		}
		return err
	})
	return out, err
}

// PutGroup says where the rooms of a group are: site, country, region and platform of the rooms
// that are added from now on. What a room's form refuses is refused with VALIDATION_FAILED. The
// same again changes nothing.
func (s *Sync) PutGroup(
	ctx context.Context, accountID string, g Group, reason string,
) error {
	g.Site = rules.NormaliseText(g.Site)
	g.Country = strings.ToUpper(strings.TrimSpace(g.Country))
	g.Region = strings.ToUpper(strings.TrimSpace(g.Region))
	form := g.form("A room")
	form.TimeZone = "UTC"
	form.Criticality = rules.CriticalityNormal
	if err := form.Validate(); err != nil {
		return err
	}
	_, err := s.change(ctx, accountID, reason, func(tx *db.Tx, c *Connection) error {
		g.ConnectionID, g.AccountID = c.ID, c.AccountID
		known, err := groupsOf(tx, *c)
		if err != nil || known[g.PlaceGroup] == g {
			return err
		}
		var told int64
		err = tx.Model(&Place{}).
			Where("connection_id = ? AND place_group = ?", c.ID, g.PlaceGroup).Count(&told).Error
		if err != nil {
			return err
		}
		if told == 0 {
			return db.NotFound() // Sync tells of no such group
		}
		if err := tx.Save(&g).Error; err != nil {
			return err
		}
		return account.Audit(tx, c.AccountID, c.entry("sync.group_placed", map[string]any{
			"country": g.Country,
			"site":    g.Site,
		}, reason))
	})
	return err
}

func (g Group) form(name string) licensing.RoomForm {
	return licensing.RoomForm{
		Name:     name,
		Site:     g.Site,
		Country:  g.Country,
		Region:   g.Region,
		Platform: g.Platform,
	}
}

// Act is what is done about a place.
type Act string

// The acts. Adding is refused where a room has the very name at the very site: which of the two is
// meant a person says (R43a).
const (
	Add    Act = "ADD"    // a room of its own, with its devices
	Link   Act = "LINK"   // it is the room of RoomID
	Unlink Act = "UNLINK" // it is not the room that it was taken for
	Follow Act = "FOLLOW" // its room takes its name, and the site of its group
)

// Choice is what somebody chose for a place.
type Choice struct {
	PlaceID string
	Act     Act
	RoomID  string // of Link
}

// Outcome is what became of a choice.
type Outcome struct {
	Choice
	Changed bool
	RoomID  string   // that it is now
	Skipped []string // serial numbers that are elsewhere, or none
	Err     error    // why nothing changed; nil also where nothing had to
}

// atOnce is how many choices one transaction carries out.
const atOnce = 100

// Apply carries out what somebody chose, in transactions of a hundred: one that is refused keeps
// no other from being done, and the same again changes nothing (R43a). Rooms that are added are
// rooms like any other, to which licences are assigned (R43b). Refusals in an Outcome:
// SYNC_GROUP_UNMAPPED, SYNC_LOOKS_LIKE_ROOM, SYNC_LINKED_ELSEWHERE, NOT_FOUND, and those of a
// room's form.
func (s *Sync) Apply(
	ctx context.Context, accountID string, choices []Choice, reason string,
) ([]Outcome, error) {
	if err := s.may(ctx, accountID, reason); err != nil {
		return nil, err
	}
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return nil, err
	}
	var all []Outcome
	for some := range slices.Chunk(choices, atOnce) {
		var out []Outcome
		_, err := s.change(ctx, accountID, reason, func(tx *db.Tx, c *Connection) (err error) {
			out, err = apply(tx, *c, ref, some, reason)
			return err
		})
		if err != nil {
			return all, err
		}
		all = append(all, out...)
	}
	return all, nil
}

// chosen is a choice with what it is about.
type chosen struct {
	at       int // in the outcomes
	proposal Proposal
	synced   *entitlement.SyncedRoom
}

func apply(
	tx *db.Tx, c Connection, ref program.Reference, choices []Choice, reason string,
) ([]Outcome, error) {
	var acc account.Account
	if err := tx.First(&acc, "id = ?", c.AccountID).Error; err != nil {
		return nil, err
	}
	proposals, groups, err := propose(tx, c)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, choice := range choices {
		wanted[choice.PlaceID] = true
	}
	linked := map[string]bool{}
	var of []Proposal
	for _, p := range proposals {
		if wanted[p.ID] {
			of = append(of, p)
		}
		if p.RoomID != nil {
			linked[*p.RoomID] = true
		}
	}
	if err := readFacts(tx, c, of); err != nil {
		return nil, err
	}
	byID := map[string]Proposal{}
	for _, p := range of {
		byID[p.ID] = p
	}

	out := make([]Outcome, len(choices))
	done := map[string]bool{}
	var adding []chosen
	for i, choice := range choices {
		out[i].Choice = choice
		p, ok := byID[choice.PlaceID]
		if !ok || done[choice.PlaceID] {
			out[i].Err = db.NotFound()
			continue
		}
		done[choice.PlaceID] = true
		out[i].RoomID = db.Text(p.RoomID)

		switch choice.Act {
		case Add:
			synced, refused := p.adds(groups, ref)
			if out[i].Err = refused; synced != nil {
				adding = append(adding, chosen{i, p, synced})
			}
		case Link:
			err = link(tx, acc, c, ref, p, linked, &out[i], reason)
		case Unlink:
			err = unlink(tx, c, p, &out[i], reason)
		case Follow:
			if p.Room == nil || p.Kind == KindVanished {
				continue
			}
			changed, refused := entitlement.RenameSyncedRoom(tx, acc, p.Room.ID,
				roomName(p.Name), p.Site, c.ID, reason)
			out[i].Changed = changed
			err = refusedOr(&out[i], refused)
		default:
			out[i].Err = rules.Refuse(rules.ActionNotAvailable, "There is no such action.",
				"Send ADD, LINK, UNLINK or FOLLOW.")
		}
		if err != nil {
			return nil, err
		}
	}
	return out, add(tx, acc, c, adding, out, reason)
}

// refusedOr keeps a refusal as the outcome, and returns what is none.
func refusedOr(o *Outcome, err error) error {
	if rules.CodeOf(err) != "" {
		o.Err = err
		return nil
	}
	return err
}

// adds is the room that a place becomes; nil where it is one, or may become none.
func (p Proposal) adds(
	groups map[string]Group, ref program.Reference,
) (*entitlement.SyncedRoom, error) {
	switch {
	case p.RoomID != nil:
		return nil, nil
	case p.Kind == KindVanished:
		return nil, db.NotFound()
	case !p.Mapped:
		return nil, rules.Refuse(GroupUnmapped, "Nobody has said where the rooms of its group are.",
			"Say country and site of the group first.")
	}
	for _, like := range p.Likes {
		if slices.Contains(like.Reasons, health.SameName) &&
			(slices.Contains(like.Reasons, health.SameSite) || p.Site == "") {
			return nil, rules.Refuse(LooksLikeRoom, "There is a room of this name at this site.",
				"Say that it is that room, or give one of the two another name.")
		}
	}
	return &entitlement.SyncedRoom{
		Form:    groups[p.PlaceGroup].form(roomName(p.Name)),
		Devices: devicesOf(*p.Facts, ref),
	}, nil
}

// devicesOf are the devices of a place whose serial numbers Sync tells, as they are registered:
// the model by the name that the catalogue knows, or as Sync names it.
func devicesOf(p health.Place, ref program.Reference) (out []licensing.DeviceForm) {
	for _, d := range p.Devices {
		if d.Serial == "" || rules.SerialProblem("", d.Serial) != nil {
			continue
		}
		out = append(out, licensing.DeviceForm{
			Serial:    d.Serial,
			ModelCode: modelNamed(ref, d.Name),
		})
	}
	return out
}

// modelNamed is the code of the catalogue's model of a name. Of several it is the first by the
// alphabet, so that the same answer always registers the same devices.
func modelNamed(ref program.Reference, name string) string {
	for _, code := range slices.Sorted(maps.Keys(ref.Models)) {
		versions := ref.Models[code]
		if len(versions) > 0 && strings.EqualFold(versions[len(versions)-1].Name, name) {
			return code
		}
	}
	return strings.ReplaceAll(name, " ", "-")
}

// add adds the rooms of many places together.
func add(
	tx *db.Tx, acc account.Account, c Connection, adding []chosen, out []Outcome, reason string,
) error {
	if len(adding) == 0 {
		return nil
	}
	rooms := make([]*entitlement.SyncedRoom, len(adding))
	for i, a := range adding {
		rooms[i] = a.synced
	}
	if err := entitlement.AddSyncedRooms(tx, acc, c.ID, reason, rooms); err != nil {
		return err
	}
	for _, a := range adding {
		o := &out[a.at]
		o.Skipped = a.synced.Skipped
		if o.Err = a.synced.Err; o.Err != nil {
			continue
		}
		o.Changed = true
		o.RoomID = a.synced.Room.ID
		err := tx.Model(&Place{}).Where("id = ?", a.proposal.ID).Update("room_id", o.RoomID).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// link says that a place is a room of the account, and registers the devices that are nowhere yet.
func link(
	tx *db.Tx, acc account.Account, c Connection, ref program.Reference, p Proposal,
	linked map[string]bool, o *Outcome, reason string,
) error {
	if p.RoomID != nil && *p.RoomID == o.Choice.RoomID {
		return nil
	}
	if p.RoomID != nil || linked[o.Choice.RoomID] {
		o.Err = rules.Refuse(LinkedElsewhere, "The place, or the room, belongs to another one.",
			"Separate those first.")
		return nil
	}
	var room entitlement.Room
	err := tx.First(&room, "id = ? AND account_id = ? AND state = ?",
		o.Choice.RoomID, acc.ID, licensing.RoomActive).Error
	if err != nil {
		return refusedOr(o, db.Found(err))
	}
	err = tx.Model(&Place{}).Where("id = ?", p.ID).Update("room_id", room.ID).Error
	if err != nil {
		return err
	}
	linked[room.ID] = true
	synced := &entitlement.SyncedRoom{Room: room, Devices: devicesOf(*p.Facts, ref)}
	if err := entitlement.AddSyncedDevices(tx, acc, reason, synced); err != nil {
		return err
	}
	o.Changed = true
	o.RoomID = room.ID
	o.Skipped = synced.Skipped
	return account.Audit(tx, acc.ID, c.entry("sync.room_linked", map[string]any{
		"place": p.ID,
		"room":  room.ID,
	}, reason))
}

// unlink says that a place is not the room that it was taken for.
func unlink(tx *db.Tx, c Connection, p Proposal, o *Outcome, reason string) error {
	if p.RoomID == nil {
		return nil
	}
	err := tx.Model(&Place{}).Where("id = ?", p.ID).Update("room_id", nil).Error
	if err != nil {
		return err
	}
	o.Changed = true
	o.RoomID = ""
	return account.Audit(tx, c.AccountID, c.entry("sync.room_unlinked", map[string]any{
		"place": p.ID,
		"room":  *p.RoomID,
	}, reason))
}
