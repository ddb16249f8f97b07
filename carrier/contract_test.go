package carrier_test

import (
	"bytes"
	"context"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/carrier/simulator"
)

var monday = time.Date(2026, 9, 7, 12, 0, 0, 0, time.UTC)

// calendar is a clock that a test sets by hand.
type calendar struct {
	mu  sync.Mutex
	now time.Time
}

func (c *calendar) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *calendar) pass(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.mu.Unlock()
}

func booking() carrier.Booking {
	by := monday.Add(30 * time.Hour)
	return carrier.Booking{
		Reference: "shp_01kb",
		Service:   carrier.Express,
		Contents:  "Video bar",
		DeliverBy: &by,
		From:      carrier.Address{Name: "Depot", Street: "Rua A 1", City: "Campinas", Country: "BR"},
		To: carrier.Address{
			Name:       "Łucja Жук 山田",
			Street:     "Av. Paulista 1000",
			City:       "São Paulo",
			PostalCode: "01310-100",
			Country:    "BR",
		},
	}
}

// bench is a carrier under test with its calendar.
type bench struct {
	carrier.Carrier
	calendar *calendar
	sim      *simulator.Simulator
}

// Both are held to one suite: the simulator itself, and the client that talks to it
// over HTTP.
func benches(t *testing.T) map[string]func() bench {
	start := func() bench {
		c := &calendar{now: monday}
		sim, err := simulator.New(simulator.Options{Seed: 7, Now: c.Now, APIKey: "secret"})
		require.NoError(t, err)
		return bench{sim, c, sim}
	}
	return map[string]func() bench{
		"simulator": start,
		"client": func() bench {
			b := start()
			server := httptest.NewServer(b.sim.Handler())
			t.Cleanup(server.Close)
			client, err := carrier.NewClient(carrier.Options{URL: server.URL + "/", APIKey: "secret"})
			require.NoError(t, err)
			b.Carrier = client
			return b
		},
	}
}

func eachCarrier(t *testing.T, test func(t *testing.T, b bench)) {
	for name, start := range benches(t) {
		t.Run(name, func(t *testing.T) { test(t, start()) })
	}
}

func TestContractOneKeyIsOneBooking(t *testing.T) {
	eachCarrier(t, func(t *testing.T, b bench) {
		ctx := context.Background()
		var group sync.WaitGroup
		got := make([]carrier.Booked, 8)
		for i := range got {
			group.Go(func() { got[i], _ = b.Book(ctx, "shp_1", booking()) })
		}
		group.Wait()
		for _, g := range got {
			require.Equal(t, got[0], g)
			require.NotEmpty(t, g.Tracking)
			require.True(t, g.BookedAt.Equal(monday))
		}
		b.calendar.pass(100 * time.Hour)
		again, err := b.Book(ctx, "shp_1", booking())
		require.NoError(t, err)
		require.Equal(t, got[0], again, "days later too")
		require.Len(t, b.sim.Parcels(), 1)
		other, err := b.Book(ctx, "shp_2", booking())
		require.NoError(t, err)
		require.NotEqual(t, again.Tracking, other.Tracking)
		changed := booking()
		changed.To.Street = "elsewhere"
		_, err = b.Book(ctx, "shp_1", changed)
		require.Equal(t, carrier.KeyReused, carrier.CodeOf(err))
		require.False(t, carrier.IsTemporary(err))
	})
}

func TestContractRefusesWhatNobodyCanBook(t *testing.T) {
	eachCarrier(t, func(t *testing.T, b bench) {
		for name, change := range map[string]func(*carrier.Booking){
			"no street": func(b *carrier.Booking) { b.To.Street = "" },
			"no name":   func(b *carrier.Booking) { b.From.Name = "" },
			"country":   func(b *carrier.Booking) { b.To.Country = "BRA" },
			"service":   func(b *carrier.Booking) { b.Service = "TELEPORT" },
			"reference": func(b *carrier.Booking) { b.Reference = "" },
		} {
			bad := booking()
			change(&bad)
			_, err := b.Book(context.Background(), "k", bad)
			require.Equal(t, carrier.InvalidBooking, carrier.CodeOf(err), name)
			require.NotContains(t, err.Error(), "Paulista")
		}
		_, err := b.Book(context.Background(), "", booking())
		require.Equal(t, carrier.InvalidBooking, carrier.CodeOf(err), "a booking needs a key")
		require.Empty(t, b.sim.Parcels())
	})
}

func TestContractUnknownParcels(t *testing.T) {
	eachCarrier(t, func(t *testing.T, b bench) {
		ctx := context.Background()
		_, err := b.Label(ctx, "none")
		require.Equal(t, carrier.UnknownParcel, carrier.CodeOf(err))
		_, err = b.Track(ctx, "no/ne?x=#")
		require.Equal(t, carrier.UnknownParcel, carrier.CodeOf(err))
		require.Equal(t, carrier.UnknownParcel, carrier.CodeOf(b.Cancel(ctx, "none")))
	})
}

func TestContractLabelIsAPDFAndTheSameEachTime(t *testing.T) {
	eachCarrier(t, func(t *testing.T, b bench) {
		booked, err := b.Book(context.Background(), "k", booking())
		require.NoError(t, err)
		first, err := b.Label(context.Background(), booked.Tracking)
		require.NoError(t, err)
		require.Equal(t, "application/pdf", first.MediaType)
		require.True(t, bytes.HasPrefix(first.Content, []byte("%PDF-")))
		second, err := b.Label(context.Background(), booked.Tracking)
		require.NoError(t, err)
		require.Equal(t, first, second)
	})
}

func TestContractParcelTravelsByTheCalendar(t *testing.T) {
	eachCarrier(t, func(t *testing.T, b bench) {
		booked, err := b.Book(context.Background(), "k", booking())
		require.NoError(t, err)
		require.Empty(t, kinds(t, b, booked.Tracking))
		b.calendar.pass(5 * time.Hour)
		require.Equal(t, []string{carrier.PickedUp}, kinds(t, b, booked.Tracking)[:1])
		b.calendar.pass(25 * time.Hour)
		require.Equal(t, []string{carrier.PickedUp, carrier.InTransit, carrier.Delivered}, kinds(t, b, booked.Tracking),
			"by the time that was promised")
	})
}

func kinds(t *testing.T, b bench, tracking string) []string {
	t.Helper()
	got, err := b.Track(context.Background(), tracking)
	require.NoError(t, err)
	require.Equal(t, tracking, got.Tracking)
	out := []string{}
	ids := map[string]bool{}
	for i, e := range got.Events {
		require.Equal(t, tracking, e.Tracking)
		require.False(t, ids[e.EventID], "an id is used twice")
		ids[e.EventID] = true
		if i > 0 {
			require.False(t, e.OccurredAt.Before(got.Events[i-1].OccurredAt))
		}
		out = append(out, e.Kind)
	}
	return out
}

func TestContractCancelUntilPickUp(t *testing.T) {
	eachCarrier(t, func(t *testing.T, b bench) {
		ctx := context.Background()
		booked, err := b.Book(ctx, "k", booking())
		require.NoError(t, err)
		for range 3 {
			require.NoError(t, b.Cancel(ctx, booked.Tracking), "again changes nothing")
		}
		moving, err := b.Book(ctx, "k2", booking())
		require.NoError(t, err)
		b.calendar.pass(6 * time.Hour)
		err = b.Cancel(ctx, moving.Tracking)
		require.Equal(t, carrier.AlreadyPickedUp, carrier.CodeOf(err))
		require.False(t, carrier.IsTemporary(err))
		require.Equal(t, []string{carrier.Cancelled}, kinds(t, b, booked.Tracking))
		again, err := b.Book(ctx, "k", booking())
		require.NoError(t, err)
		require.Equal(t, booked.Tracking, again.Tracking, "a key stays used")
	})
}

func TestContractDropOffWaitsForTheSender(t *testing.T) {
	eachCarrier(t, func(t *testing.T, b bench) {
		ret := booking()
		ret.DropOff, ret.DeliverBy = true, nil
		booked, err := b.Book(context.Background(), "k", ret)
		require.NoError(t, err)
		b.calendar.pass(1000 * time.Hour)
		require.Empty(t, kinds(t, b, booked.Tracking))
		require.NoError(t, b.sim.Scan(booked.Tracking, carrier.PickedUp))
		require.Equal(t, []string{carrier.PickedUp}, kinds(t, b, booked.Tracking))
		b.calendar.pass(50 * time.Hour)
		require.Equal(t, []string{carrier.PickedUp, carrier.InTransit, carrier.Delivered}, kinds(t, b, booked.Tracking))
	})
}

// A 500 that comes after the work is done does no harm: the key finds it.
func TestContractLostAnswersBookOnce(t *testing.T) {
	b := benches(t)["client"]()
	require.NoError(t, b.sim.SetFaults(simulator.Faults{LostAnswers: 1}))
	for range 3 {
		_, err := b.Book(context.Background(), "k", booking())
		require.Equal(t, carrier.Unavailable, carrier.CodeOf(err))
		require.True(t, carrier.IsTemporary(err))
	}
	require.NoError(t, b.sim.SetFaults(simulator.Faults{}))
	booked, err := b.Book(context.Background(), "k", booking())
	require.NoError(t, err)
	require.Len(t, b.sim.Parcels(), 1)
	require.Equal(t, booked.Tracking, b.sim.Parcels()[0].Tracking)
}
