package chaos

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/carrier/simulator"
)

// carrierName is the simulated carrier's name in shipments and events.
const carrierName = "simulator"

// Line is the harness's own way to the simulated carrier: it orders faults and
// scans, and reads the journal. What is not answered is sent again.
type Line struct {
	URL  string
	Key  string // signs webhooks and, in hex, is the API key
	http http.Client
}

// newLine makes the key that carrier and service share.
func newLine(dir, address string) (*Line, error) {
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(rand.Uint32())
	}

	l := &Line{
		URL:  "http://" + address,
		Key:  hex.EncodeToString(key),
		http: http.Client{Timeout: 5 * time.Second},
	}
	return l, os.WriteFile(filepath.Join(dir, "carrier.key"), []byte(l.Key+"\n"), 0o600)
}

// faults are what goes wrong at the carrier during a run.
var faults = simulator.Faults{
	LateScans:      0.15,
	LateDeliveries: 0.2,
	Lost:           0.1,
	Exceptions:     0.15,
	Returned:       0.05,
	Duplicates:     0.6,
	Shuffled:       0.5,
	ServerErrors:   0.15,
	LostAnswers:    0.15,
	SlowAnswers:    0.1,
	SlowMillis:     400,
}

// parcelsOnly leaves the faults of parcels and takes those of the line away: what is
// asked again after a failure waits half of its age, and all must come to rest.
func parcelsOnly(f simulator.Faults) simulator.Faults {
	f.ServerErrors = 0
	f.LostAnswers = 0
	f.SlowAnswers = 0
	return f
}

// Order puts the faults in place, or, in the end, takes them away.
func (l *Line) Order(ctx context.Context, f simulator.Faults) error {
	return l.ask(ctx, http.MethodPut, "/simulator/faults", f, nil)
}

// Book books a parcel under a key, as whoever sends one does.
func (l *Line) Book(ctx context.Context, key string, b carrier.Booking) (carrier.Booked, error) {
	var out carrier.Booked
	err := l.send(ctx, http.MethodPost, "/v1/bookings", key, b, &out)
	return out, err
}

// HandIn hands a parcel in, as a customer does with a return.
func (l *Line) HandIn(ctx context.Context, tracking string) error {
	return l.ask(ctx, http.MethodPost, "/simulator/parcels/"+tracking+"/scans",
		map[string]string{"kind": carrier.PickedUp}, nil)
}

// Parcels lists every booking of the journal.
func (l *Line) Parcels(ctx context.Context) ([]simulator.Parcel, error) {
	var out []simulator.Parcel
	err := l.ask(ctx, http.MethodGet, "/simulator/parcels", nil, &out)
	return out, err
}

func (l *Line) ask(ctx context.Context, method, path string, in, out any) error {
	return l.send(ctx, method, path, "", in, out)
}

// send sends until there is an answer below 500.
func (l *Line) send(ctx context.Context, method, path, key string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}

	for {
		status, answer, err := l.once(ctx, method, path, key, body)
		switch {
		case err == nil && status < 300 && out != nil:
			return json.Unmarshal(answer, out)
		case err == nil && status < 300:
			return nil
		case err == nil && status < 500:
			return fmt.Errorf("chaos: the carrier answered %d to %s %s", status, method, path)
		}

		select {
		case <-ctx.Done():
			return fmt.Errorf("chaos: the carrier never answered %s %s: %w",
				method, path, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (l *Line) once(
	ctx context.Context, method, path, key string, body []byte,
) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, l.URL+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}

	req.Header.Set("Authorization", "Bearer "+l.Key)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}

	res, err := l.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()

	answer, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	return res.StatusCode, answer, err
}
