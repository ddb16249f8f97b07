package chaos

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"

	"roomcover.dev/roomcover/carrier/simulator"
)

// ReadWebhooks reads from the carrier's journal which events it has told, that is
// those that were answered with a 2xx.
func ReadWebhooks(path string) ([]string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return []string{}, nil
	}
	if err != nil {
		return nil, err
	}

	defer f.Close()
	var out []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)

	for lines.Scan() {
		var line struct{ Sent string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			continue // a line that a kill cut off
		}

		if event, _, ok := strings.Cut(line.Sent, "/"); ok {
			out = append(out, event)
		}
	}

	return out, lines.Err()
}

// byHand stands in the keys of parcels that people booked by themselves.
const byHand = "/by-hand/"

// parcels holds the carrier's journal against the shipments: one booking for each,
// and none for nothing.
func parcels(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	byKey := map[string]int{}
	live := map[string]bool{}
	byTracking := map[string]simulator.Parcel{}
	for _, p := range e.Parcels {
		byKey[p.Key]++
		live[p.Key] = !p.Cancelled
		byTracking[p.Tracking] = p
	}

	rows, err := e.Rows.QueryContext(ctx,
		`SELECT id, booking_key, coalesce(tracking,''), state FROM shipments WHERE carrier = $1`,
		carrierName)
	if err != nil {
		return err
	}
	defer rows.Close()

	known := map[string]bool{}
	for rows.Next() {
		var id, key, tracking, state string
		if err := rows.Scan(&id, &key, &tracking, &state); err != nil {
			return err
		}

		known[key] = true
		p, booked := byTracking[tracking]
		switch {
		case tracking != "" && !booked:
			report(id, "the carrier has no such parcel")
		case booked && state == "CANCELLED" && !p.Cancelled && !strings.Contains(p.Key, byHand):
			report(id, "it is called off, and the carrier does not know")
		case booked && p.Key != key && !strings.Contains(p.Key, byHand):
			report(id, "its number is that of another parcel")
		case tracking == "" && live[key]:
			report(id, "the carrier has a booking that the shipment does not know")
		}
	}

	for key, n := range byKey {
		switch {
		case n > 1:
			report(key, "the carrier has %d bookings of one parcel", n)
		case !known[key] && !strings.Contains(key, byHand):
			report(key, "the carrier has a booking of no shipment")
		}
	}

	return rows.Err()
}

// webhooks holds what the carrier has told and was thanked for against what is
// stored: none may be lost.
func webhooks(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	stored, err := column(ctx, e.Rows, `SELECT event_id FROM carrier_events WHERE carrier = $1`,
		carrierName)
	if err != nil {
		return err
	}

	known := map[string]bool{}
	for _, id := range stored {
		known[id] = true
	}

	for _, id := range e.Webhooks {
		if !known[id] {
			known[id] = true
			report(id, "the carrier was thanked for a webhook that is not stored")
		}
	}

	return nil
}
