package chaos

import (
	"context"
	_ "embed"
)

//go:embed facts/syncedplaces.sql
var syncedPlacesSQL string

// syncedPlace is what is known of a place of Sync.
type syncedPlace struct {
	id, room, state, told, linkState string
	fell, flapping                   bool
	falls                            int // notices that it is down
	untold                           int // of them those of which nobody was told
}

// syncedRooms holds what Sync told against what is known of it: no place is lost, each is believed
// to be what it is in the end, whatever was refused or dead between; none ever fell that the load
// did not put down (a refused or dead Sync is no outage of rooms, S29); and each that is down was
// told of.
func syncedRooms(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	places, err := readSyncedPlaces(ctx, e.Rows)
	if err != nil {
		return err
	}

	for _, r := range e.Ledger.synced {
		p, known := places[r.Account+" "+r.Place]
		if !known {
			report(r.Place, "a place of Sync is lost, of account %s", r.Account)
			continue
		}
		switch {
		case p.room != r.Room:
			report(p.id, "a place is another room than it was said to be")
		case p.fell && !r.Fell:
			report(p.id, "a room is said to have been down, and never was")
		case p.linkState != "LIVE":
			report(p.id, "its connection is %s, and Sync lets it in", p.linkState)
		case p.state != string(r.believed()):
			report(p.id, "a room is believed to be %s, and is %s", p.state, r.believed())
		case r.Down && !p.flapping && p.told != p.state:
			report(p.id, "a room is down, and its people believe that it is %q", p.told)
		case p.untold > 0:
			report(p.id, "of %d notices that it is down nobody was told of %d", p.falls, p.untold)
		}
	}
	return nil
}

// readSyncedPlaces reads every place by its account and its name in Sync.
func readSyncedPlaces(ctx context.Context, db Facts) (map[string]syncedPlace, error) {
	rows, err := db.QueryContext(ctx, syncedPlacesSQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	out := map[string]syncedPlace{}
	for rows.Next() {
		var key string
		var p syncedPlace
		err := rows.Scan(&key, &p.id, &p.room, &p.state, &p.told, &p.linkState, &p.fell,
			&p.flapping, &p.falls, &p.untold)
		if err != nil {
			return nil, err
		}
		out[key] = p
	}
	return out, rows.Err()
}

// snapshots holds what was shown of rooms when help was asked for against what is kept: it is
// there, octet for octet (R55d); and tickets from Sync are only about rooms that were down (R55c).
func snapshots(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	kept, err := column(ctx, e.Rows,
		`SELECT ticket_id || ' ' || sha256 || ' ' || content FROM ticket_snapshots`)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, s := range kept {
		there[s] = true
	}
	for _, c := range e.Ledger.captured {
		if !there[c.Ticket+" "+c.SHA256+" "+c.Content] {
			report(c.Ticket, "a snapshot that was shown is not there, or was changed")
		}
	}

	fell := map[string]bool{}
	for _, r := range e.Ledger.synced {
		fell[r.Room] = fell[r.Room] || r.Fell
	}
	asked, err := column(ctx, e.Rows, `SELECT room_id FROM tickets WHERE channel = 'SYNC'`)
	if err != nil {
		return err
	}
	for _, room := range asked {
		if known, ok := fell[room]; ok && !known {
			report(room, "a ticket from Sync is about a room that was never down")
		}
	}
	return nil
}
