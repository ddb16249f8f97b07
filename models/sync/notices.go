package sync

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
	"roomcover.dev/roomcover/rules/licensing"
)

const (
	// toldAfter is how long a notice waits for others of its account: rooms of a floor that go
	// down within it are one mail. Real time.
	toldAfter = 2 * time.Minute
	// mostNamed bounds the rooms of each kind that a mail names; it says how many more there are.
	mostNamed = 25
	// mostTold bounds how many connections are looked at in one turn.
	mostTold = 200
)

// notices are the changes of which people are told.
var notices = []What{ToldDown, ToldWell}

// TellPeople writes to the administrators of accounts which of their rooms went down or are well
// again (S57), and returns of how many connections it did. All that waits of a connection is one
// mail, two minutes after the first of it. Rows say what was told by which mail, in the transaction
// that queues it: one that is killed leaves the rest to the next, and no two tell the same.
//
// Nobody is told of a place that is no room in use, nor that a room is well of which nobody was
// told that it was down.
func (s *Sync) TellPeople(ctx context.Context) (told int, err error) {
	var due []string
	err = s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		due = nil
		return tx.Model(&Change{}).
			Where("what IN ('DOWN','WELL') AND told_in IS NULL").
			Group("connection_id").
			Having("min(at) <= ?", s.tellable()).
			Order("min(at)").Limit(mostTold).
			Pluck("connection_id", &due).Error
	})
	if err != nil {
		return 0, err
	}

	var failures []error
	for _, id := range due {
		wrote := false
		err := s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) (err error) {
			wrote, err = s.tellOf(tx, id)
			return err
		})
		if wrote {
			told++
		}
		failures = append(failures, err) // one that fails keeps no other from its turn
	}
	return told, errors.Join(failures...)
}

// tellable is until when a notice has waited for others.
func (s *Sync) tellable() time.Time { return s.Now().Add(-toldAfter).UTC() }

// tellOf writes of all that waits of a connection, and reports whether there was somebody to write
// to and something to say.
func (s *Sync) tellOf(tx *db.Tx, connectionID string) (bool, error) {
	var c Connection
	if err := tx.ForUpdate().First(&c, "id = ?", connectionID).Error; err != nil {
		return false, err
	}
	var waiting []Change
	err := tx.Where("connection_id = ? AND what IN ('DOWN','WELL') AND told_in IS NULL", c.ID).
		Order("at, id").Find(&waiting).Error
	if err != nil || len(waiting) == 0 || waiting[0].At.After(s.tellable()) {
		return false, err // another worker has told it meanwhile
	}

	rooms, err := roomsToTell(tx, c, waiting)
	if err != nil {
		return false, err
	}
	mails, err := mailsAbout(tx, c, rooms, waiting[0].ID)
	if err != nil {
		return false, err
	}
	if len(mails) == 0 {
		rooms = nil
	}
	if err := noteTold(tx, waiting, rooms, waiting[0].ID); err != nil {
		return false, err
	}
	return len(mails) > 0, notification.QueueEach(tx, mails...)
}

// toldRoom is a room of which people are told, with the last that is to be told of it.
type toldRoom struct {
	Place    `gorm:"embedded"`
	Named    string // as the account names it
	Site     string
	Zone     string
	ToldLast *What // what its people were told last; nil: nothing

	change Change
}

// since is when the room became what is told of it.
func (r toldRoom) since() time.Time {
	if r.State == r.change.After {
		return r.Since
	}
	return r.change.At
}

// roomsToTell are the rooms in use of which something is to be told, by site and name.
func roomsToTell(tx *db.Tx, c Connection, waiting []Change) ([]toldRoom, error) {
	last := map[string]Change{}
	for _, change := range waiting {
		last[*change.PlaceID] = change
	}
	var found []toldRoom
	err := tx.Model(&Place{}).
		Joins("JOIN rooms r ON r.id = sync_places.room_id").
		Where("sync_places.connection_id = ? AND r.state = ?", c.ID, licensing.RoomActive).
		Where(`sync_places.id IN (
			SELECT w.place_id FROM sync_changes w
			WHERE w.connection_id = ? AND w.what IN ('DOWN','WELL') AND w.told_in IS NULL)`, c.ID).
		Select(`sync_places.*, r.name AS named, r.site, r.time_zone AS zone,
			(SELECT d.what FROM sync_changes d
				WHERE d.place_id = sync_places.id AND d.what IN ('DOWN','WELL') AND d.told_in <> ''
				ORDER BY d.at DESC, d.id DESC LIMIT 1) AS told_last`).
		Order("r.site, r.name, r.id").Find(&found).Error
	if err != nil {
		return nil, err
	}

	var rooms []toldRoom
	for _, r := range found {
		r.change = last[r.ID]
		known := r.ToldLast != nil && *r.ToldLast == ToldDown
		if r.change.What == ToldWell && !known {
			continue
		}
		rooms = append(rooms, r)
	}
	return rooms, nil
}

// noteTold notes by which mail people were told of which rooms; of the others nobody is.
func noteTold(tx *db.Tx, waiting []Change, rooms []toldRoom, epoch string) error {
	of := map[string]bool{}
	for _, r := range rooms {
		of[r.ID] = true
	}
	ids := map[string][]string{}
	for _, change := range waiting {
		in := ""
		if of[*change.PlaceID] {
			in = epoch
		}
		ids[in] = append(ids[in], change.ID)
	}
	for in, some := range ids {
		for batch := range db.Batches(some, 10_000) {
			err := tx.Model(&Change{}).Where("id IN ?", batch).Update("told_in", in).Error
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// mailsAbout are the mails about rooms, one to each administrator of the account.
func mailsAbout(
	tx *db.Tx, c Connection, rooms []toldRoom, epoch string,
) ([]notification.Notification, error) {
	if len(rooms) == 0 {
		return nil, nil
	}
	var acc struct {
		LegalName string
		Admins    *string
	}
	err := tx.Table("accounts").
		Select("legal_name, "+notification.AdminsSQL("accounts.id")+" AS admins").
		Where("id = ?", c.AccountID).Take(&acc).Error
	if err != nil {
		return nil, err
	}

	var mails []notification.Notification
	for _, admin := range (notification.Audience{Admins: acc.Admins}).People() {
		mails = append(mails, notification.Notification{
			Template:  rules.TemplateRoomHealth,
			SubjectID: c.ID,
			Recipient: admin.Email,
			Epoch:     epoch,
			AccountID: &c.AccountID,
			Locale:    admin.Locale,
			Params:    tellingOf(acc.LegalName, rooms),
		})
	}
	return mails, nil
}

// tellingOf are the parameters of a mail about rooms: the worst of those that are down first.
func tellingOf(company string, rooms []toldRoom) map[string]any {
	var down, well []toldRoom
	for _, r := range rooms {
		if r.change.What == ToldWell {
			well = append(well, r)
			continue
		}
		down = append(down, r)
	}
	slices.SortStableFunc(down, func(a, b toldRoom) int {
		return cmp.Compare(b.change.After, a.change.After) // OFFLINE before NEEDS_ATTENTION
	})

	params := map[string]any{
		"what":       string(ToldDown),
		"company":    company,
		"down_count": len(down),
		"well_count": len(well),
		"list":       "/rooms",
	}
	switch {
	case len(down) == 0:
		params["what"] = string(ToldWell)
	case down[0].change.After == health.Offline:
		params["list"] = "/rooms?health=down"
	default:
		params["list"] = "/rooms?health=attention"
	}
	for name, some := range map[string][]toldRoom{"down": down, "well": well} {
		var lines []any
		for _, r := range some[:min(len(some), mostNamed)] {
			lines = append(lines, r.line())
		}
		if len(lines) > 0 {
			params[name] = lines
			params[name+"_more"] = len(some) - len(lines)
		}
	}
	return params
}

// mostCauses bounds what a mail says of one room.
const mostCauses = 3

// line is what a mail says of a room.
func (r toldRoom) line() map[string]any {
	line := map[string]any{
		"room":  r.Named,
		"site":  r.Site,
		"page":  "/rooms/" + *r.RoomID,
		"state": string(r.change.After),
		"at":    r.since().UTC().Format(time.RFC3339),
		"zone":  r.Zone,
	}
	var causes []any
	for _, reason := range r.change.Reasons[:min(len(r.change.Reasons), mostCauses)] {
		cause := map[string]any{"cause": string(reason.Cause)}
		for _, d := range r.Facts.Devices {
			if d.ID == reason.DeviceID && d.ID != "" {
				cause["device"] = d.Name
			}
		}
		if reason.Part != "" {
			cause["part"] = reason.Part
		}
		causes = append(causes, cause)
		if reason.Cause == health.AllOffline {
			break // that each of them is goes without saying
		}
	}
	if len(causes) > 0 {
		line["causes"] = causes
	}
	return line
}
