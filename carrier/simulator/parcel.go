package simulator

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/carrier"
)

// parcel is one booking and what will happen to it. The journal keeps it; it holds
// no address.
type parcel struct {
	Key       string          `json:"key"`
	Content   string          `json:"content"` // hash of the booking
	Tracking  string          `json:"tracking"`
	Reference string          `json:"reference"`
	Service   carrier.Service `json:"service"`
	BookedAt  time.Time       `json:"booked_at"`
	DeliverBy *time.Time      `json:"deliver_by,omitempty"`
	DropOff   bool            `json:"drop_off,omitempty"`
	Faults    Faults          `json:"faults"`

	CancelledAt *time.Time `json:"-"`
	Ordered     []scan     `json:"-"` // by hand
	events      []planned
}

// scan is an event that a tester ordered.
type scan struct {
	Kind string    `json:"kind"`
	At   time.Time `json:"at"`
}

// planned is an event, and when its webhooks are sent: one for each entry.
type planned struct {
	carrier.Event
	sends []time.Time
}

// trackingOf makes a parcel's number from the seed and the key: short enough for a
// Code 128 barcode, and the same in every run.
func trackingOf(seed int64, key string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%s", seed, key))
	return "SIM" + strings.ToUpper(hex.EncodeToString(sum[:7]))
}

func (p *parcel) dice(seed int64) dice {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s", seed, p.Tracking))
	return dice{rand.New(
		rand.NewPCG(binary.LittleEndian.Uint64(sum[:]), binary.LittleEndian.Uint64(sum[8:])),
	)}
}

// plan works out everything that happens to the parcel, from what is known by now.
// Every chance is drawn in the same order, whatever came of the one before.
func (p *parcel) plan(seed int64) {
	d := p.dice(seed)
	pickUp, transit := hours(d, 2, 4), hours(d, 3, 6)
	lost := d.happens(p.Faults.Lost)
	trouble := d.happens(p.Faults.Exceptions)
	returned := d.happens(p.Faults.Returned)
	late := d.happens(p.Faults.LateDeliveries)
	early := hours(d, 2, 5)
	lateness := hours(d, 24, 72)
	travel := hours(d, 10, 14)
	p.events = nil

	switch handedIn := p.handedIn(); {
	case p.CancelledAt != nil:
		p.add(d, carrier.Cancelled, *p.CancelledAt)
	case p.DropOff && handedIn == nil:
	default:
		picked := p.BookedAt.Add(pickUp)
		if p.DropOff {
			picked = *handedIn
		} else {
			p.add(d, carrier.PickedUp, picked)
		}

		moving := picked.Add(transit)
		p.add(d, carrier.InTransit, moving)
		end := p.arrival(moving.Add(travel), early)
		if late {
			end = end.Add(lateness)
		}
		if trouble {
			p.add(d, carrier.Exception, moving.Add(time.Hour))
			p.add(d, carrier.InTransit, moving.Add(2*time.Hour))
		}

		switch {
		case lost:
		case returned:
			p.add(d, carrier.ReturnedToSender, end.Add(24*time.Hour))
		default:
			p.add(d, carrier.Delivered, end)
		}
	}

	p.addOrdered(d)
}

// arrival is some hours before what was promised, where the way leaves the time.
func (p *parcel) arrival(soonest time.Time, early time.Duration) time.Time {
	switch {
	case p.DeliverBy != nil && p.DeliverBy.Add(-early).After(soonest):
		return p.DeliverBy.Add(-early)
	case p.Service == carrier.Standard && p.DeliverBy == nil:
		return soonest.Add(48 * time.Hour)
	}
	return soonest
}

// handedIn is when the sender handed the parcel in, if it did.
func (p *parcel) handedIn() *time.Time {
	for _, s := range p.Ordered {
		if s.Kind == carrier.PickedUp {
			return &s.At
		}
	}
	return nil
}

// addOrdered puts in what testers ordered. From the first end that they ordered on,
// nothing else happens.
func (p *parcel) addOrdered(d dice) {
	for _, s := range p.Ordered {
		if slices.Contains(
			[]string{carrier.Delivered, carrier.Lost, carrier.ReturnedToSender}, s.Kind,
		) {
			p.events = slices.DeleteFunc(p.events, func(e planned) bool {
				return e.OccurredAt.After(s.At)
			})
		}
	}

	for i, s := range p.Ordered {
		p.events = append(p.events, planned{
			carrier.Event{
				EventID:    fmt.Sprintf("%s-by-hand-%d", p.Tracking, i+1),
				Tracking:   p.Tracking,
				Kind:       s.Kind,
				OccurredAt: s.At,
			},
			[]time.Time{s.At},
		})
	}

	slices.SortStableFunc(p.events, func(a, b planned) int {
		return a.OccurredAt.Compare(b.OccurredAt)
	})
}

func (p *parcel) add(d dice, kind string, at time.Time) {
	e := planned{Event: carrier.Event{
		EventID:    fmt.Sprintf("%s-%d", p.Tracking, len(p.events)+1),
		Tracking:   p.Tracking,
		Kind:       kind,
		OccurredAt: at,
		Place:      "Simulated hub",
	}}

	late := d.happens(p.Faults.LateScans)
	shuffled := d.happens(p.Faults.Shuffled)
	copies := 1
	if lateness := hours(d, 24, 48); late {
		at = at.Add(lateness)
	}
	if pause := hours(d, 0, 12); shuffled {
		at = at.Add(pause)
	}
	if more := d.IntN(4) + 2; d.happens(p.Faults.Duplicates) {
		copies = more
	}

	for range copies {
		e.sends = append(e.sends, at)
		at = at.Add(hours(d, 0, 6))
	}

	p.events = append(p.events, e)
}

func hours(d dice, least, most int) time.Duration {
	return time.Duration(least)*time.Hour +
		time.Duration(d.Int64N(int64(time.Duration(most-least)*time.Hour)+1)).Truncate(time.Second)
}
