package simulator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"roomcover.dev/roomcover/carrier"
)

// Options configure a Simulator.
type Options struct {
	// Seed decides every chance.
	Seed int64
	// Now is the calendar by which parcels move; nil for real time. RealUntil is how
	// long in real time until the calendar shows an instant; nil where the two are
	// one.
	Now       func() time.Time
	RealUntil func(calendar time.Time) time.Duration
	// File keeps bookings over a restart; empty for memory alone.
	File string
	// APIKey must come with every request.
	APIKey string
	// WebhookURL is who is told; empty for nobody. WebhookKeys sign, at least one.
	WebhookURL  string
	WebhookKeys [][]byte
	// HTTP sends the webhooks; nil for a client with a timeout of 10 s.
	HTTP *http.Client
}

// Simulator is a carrier. It is safe for concurrent use, and is itself a
// carrier.Carrier, without a line in between.
type Simulator struct {
	o       Options
	mu      sync.Mutex
	journal *journal
	faults  Faults
	line    dice // chances of the line
	byKey   map[string]*parcel
	byTrack map[string]*parcel
	sent    map[string]bool // names of webhooks that were taken
	retry   map[string]attempt
	wake    chan struct{}
}

var _ carrier.Carrier = (*Simulator)(nil)

// New reads the file and returns a Simulator. Run sends its webhooks.
func New(o Options) (*Simulator, error) {
	if o.WebhookURL != "" && len(o.WebhookKeys) == 0 {
		return nil, errors.New("simulator: webhooks need a key")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.RealUntil == nil {
		o.RealUntil = time.Until
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: 10 * time.Second}
	}

	s := &Simulator{
		o:       o,
		line:    dice{rand.New(rand.NewPCG(uint64(o.Seed), 1))},
		byKey:   map[string]*parcel{},
		byTrack: map[string]*parcel{},
		sent:    map[string]bool{},
		retry:   map[string]attempt{},
		wake:    make(chan struct{}, 1),
	}

	var err error
	s.journal, err = openJournal(o.File, s.replay)
	return s, err
}

// Close closes the file.
func (s *Simulator) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal.close()
}

func (s *Simulator) replay(r record) error {
	switch {
	case r.Booked != nil:
		s.storeParcel(r.Booked)
	case r.Cancelled != nil:
		return s.change(r.Cancelled, func(p *parcel) { p.CancelledAt = &r.Cancelled.At })
	case r.Ordered != nil:
		return s.change(r.Ordered, func(p *parcel) {
			p.Ordered = append(p.Ordered, r.Ordered.scan)
		})
	case r.Sent != "":
		s.sent[r.Sent] = true
	case r.Faults != nil:
		s.faults = *r.Faults
	}

	return nil
}

func (s *Simulator) storeParcel(p *parcel) {
	p.plan(s.o.Seed)
	s.byKey[p.Key], s.byTrack[p.Tracking] = p, p
}

func (s *Simulator) change(o *ordered, fn func(*parcel)) error {
	p, ok := s.byTrack[o.Tracking]
	if !ok {
		return errors.New("simulator: the journal names a parcel that was never booked")
	}
	fn(p)
	p.plan(s.o.Seed)
	return nil
}

// record writes to the journal, then does the same in memory, then wakes the sender.
func (s *Simulator) record(r record) error {
	if err := s.journal.write(r); err != nil {
		return err
	}
	if err := s.replay(r); err != nil {
		return err
	}

	s.stir()
	return nil
}

func (s *Simulator) now() time.Time { return s.o.Now().UTC().Truncate(time.Second) }

// Book books a parcel.
func (s *Simulator) Book(_ context.Context, key string, b carrier.Booking) (carrier.Booked, error) {
	if err := check(key, b); err != nil {
		return carrier.Booked{}, err
	}

	content, err := json.Marshal(b)
	if err != nil {
		return carrier.Booked{}, err
	}

	sum := sha256.Sum256(content)
	s.mu.Lock()
	defer s.mu.Unlock()
	hash := hex.EncodeToString(sum[:])

	if old, ok := s.byKey[key]; ok {
		if old.Content != hash {
			return carrier.Booked{}, &carrier.Error{
				Code:   carrier.KeyReused,
				Status: http.StatusConflict,
			}
		}
		return carrier.Booked{Tracking: old.Tracking, BookedAt: old.BookedAt}, nil
	}

	p := &parcel{
		Key:       key,
		Content:   hash,
		Tracking:  trackingOf(s.o.Seed, key),
		Reference: b.Reference,
		Service:   b.Service,
		BookedAt:  s.now(),
		DeliverBy: b.DeliverBy,
		DropOff:   b.DropOff,
		Faults:    s.faults,
	}

	return carrier.Booked{Tracking: p.Tracking, BookedAt: p.BookedAt}, s.record(record{Booked: p})
}

// check refuses a booking that no carrier could use.
func check(key string, b carrier.Booking) error {
	missing := key == "" || len(key) > 128 || b.Reference == "" ||
		(b.Service != carrier.Express && b.Service != carrier.Standard)
	for _, a := range []carrier.Address{b.From, b.To} {
		missing = missing || a.Name == "" || a.Street == "" || a.City == "" || len(a.Country) != 2
	}
	if missing {
		return &carrier.Error{Code: carrier.InvalidBooking, Status: http.StatusUnprocessableEntity}
	}
	return nil
}

func (s *Simulator) parcel(tracking string) (*parcel, error) {
	if p, ok := s.byTrack[tracking]; ok {
		return p, nil
	}
	return &parcel{}, &carrier.Error{Code: carrier.UnknownParcel, Status: http.StatusNotFound}
}

// Label gives a plain label; the one to print is the sender's own.
func (s *Simulator) Label(_ context.Context, tracking string) (carrier.Label, error) {
	s.mu.Lock()
	p, err := s.parcel(tracking)
	s.mu.Unlock()
	if err != nil {
		return carrier.Label{}, err
	}

	content, err := drawLabel(p)
	return carrier.Label{MediaType: "application/pdf", Content: content}, err
}

// Cancel calls a booking off, until the parcel is picked up.
func (s *Simulator) Cancel(_ context.Context, tracking string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.parcel(tracking)
	if err != nil || p.CancelledAt != nil {
		return err
	}

	if len(s.seen(p)) > 0 {
		return &carrier.Error{Code: carrier.AlreadyPickedUp, Status: http.StatusConflict}
	}
	return s.record(record{Cancelled: &ordered{tracking, scan{carrier.Cancelled, s.now()}}})
}

// Track returns what has happened so far.
func (s *Simulator) Track(_ context.Context, tracking string) (carrier.Tracking, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.parcel(tracking)
	return carrier.Tracking{Tracking: p.Tracking, Events: s.seen(p)}, err
}

// seen are the events that the carrier knows by now: a late scan is not known yet.
func (s *Simulator) seen(p *parcel) []carrier.Event {
	out := []carrier.Event{}
	now := s.now()
	for _, e := range p.events {
		if !e.sends[0].After(now) {
			out = append(out, e.Event)
		}
	}

	return out
}

// Scan lets something happen to a parcel now, by hand: a return is handed in
// (PICKED_UP), a parcel is declared lost. UNKNOWN_PARCEL when there is none.
func (s *Simulator) Scan(tracking, kind string) error {
	if !slices.Contains(carrier.Kinds(), kind) || kind == carrier.Cancelled {
		return &carrier.Error{Code: carrier.Refused, Status: http.StatusBadRequest}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.parcel(tracking); err != nil {
		return err
	}
	return s.record(record{Ordered: &ordered{tracking, scan{kind, s.now()}}})
}

// SetFaults sets what goes wrong from now on.
func (s *Simulator) SetFaults(f Faults) error {
	if err := f.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.record(record{Faults: &f})
}

// Faults returns what goes wrong now.
func (s *Simulator) Faults() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults
}

// Parcel is a booking, for tests that balance them: its key is the caller's.
type Parcel struct {
	Key       string     `json:"key"`
	Tracking  string     `json:"tracking"`
	Reference string     `json:"reference"`
	BookedAt  time.Time  `json:"booked_at"`
	Cancelled bool       `json:"cancelled"`
	DeliverBy *time.Time `json:"deliver_by,omitempty"`
}

// Parcels lists every booking, oldest first.
func (s *Simulator) Parcels() []Parcel {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Parcel, 0, len(s.byKey))
	for _, p := range s.byKey {
		out = append(out, Parcel{
			p.Key, p.Tracking, p.Reference, p.BookedAt, p.CancelledAt != nil, p.DeliverBy,
		})
	}

	slices.SortFunc(out, func(a, b Parcel) int { return a.BookedAt.Compare(b.BookedAt) })
	return out
}
