package activities_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/carrier/simulator"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// parcelBench is an approved RMA with a simulated carrier behind its HTTP client.
type parcelBench struct {
	storetest.Env
	t   *testing.T
	sim *simulator.Simulator
	rma replacement.RMA
	act *activities.Parcels
}

func newParcelBench(t *testing.T) *parcelBench { return parcelBenchOn(t, storetest.SQLite(t)) }

func parcelBenchOn(t *testing.T, env storetest.Env) *parcelBench {
	t.Helper()
	b := &parcelBench{Env: env.WithCarrier(t, "sim"), t: t}
	c := b.Covered(t)
	d, err := b.PutDepot(storetest.Operator(), shipping.DepotForm{
		Code:    "BR-1",
		Name:    "Depot",
		Street:  "Rua A 1",
		City:    "Campinas",
		Country: "BR",
	})
	require.NoError(t, err)
	_, err = b.ReceiveStock(storetest.Operator(), logistics.StockMove{
		DepotID:   d.ID,
		ModelCode: "RALLY-BAR",
		Quantity:  2,
		Cause:     "note",
	})
	require.NoError(t, err)
	b.rma = b.Approved(t, c)
	b.sim, err = simulator.New(simulator.Options{Now: b.Calendar.Now, APIKey: "k"})
	require.NoError(t, err)
	server := httptest.NewServer(b.sim.Handler())
	t.Cleanup(server.Close)
	client, err := carrier.NewClient(carrier.Options{URL: server.URL, APIKey: "k", TripAfter: 100})
	require.NoError(t, err)
	b.act = &activities.Parcels{Logistics: b.Logistics, Carrier: client, Name: "sim"}
	return b
}

func (b *parcelBench) settle() (activities.ParcelsSettled, error) {
	b.t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(b.act)
	var done activities.ParcelsSettled
	v, err := env.ExecuteActivity(b.act.SettleParcels, activities.ParcelsOf{SubjectID: b.rma.ID})
	if err == nil {
		require.NoError(b.t, v.Get(&done))
	}
	return done, err
}

// states are the states of the RMA's shipments by direction.
func (b *parcelBench) states() map[shipping.ShipmentDirection]shipping.ShipmentState {
	b.t.Helper()
	all, _, err := b.ListShipments(b.Context, logistics.ShipmentFilter{SubjectID: b.rma.ID})
	require.NoError(b.t, err)
	out := map[shipping.ShipmentDirection]shipping.ShipmentState{}
	for _, sh := range all {
		out[sh.Direction] = sh.State
	}
	return out
}

func (b *parcelBench) state() rma.RMAState {
	b.t.Helper()
	r, err := b.GetRMA(b.Context, b.rma.ID)
	require.NoError(b.t, err)
	return r.StoredState
}

func (b *parcelBench) withdraw() {
	b.t.Helper()
	_, err := b.WithdrawRMA(storetest.Operator(), b.rma.ID, "it works again")
	require.NoError(b.t, err)
}

// keys are the booking keys that the carrier has: each is one booking.
func (b *parcelBench) keys() (keys []string) {
	for _, p := range b.sim.Parcels() {
		keys = append(keys, strings.TrimPrefix(p.Key, b.rma.ID))
	}
	return keys
}

func TestParcelsAreBookedOnceWithTheirLabels(t *testing.T) {
	for name, open := range map[string]func(testing.TB) storetest.Env{
		"sqlite":   storetest.SQLite,
		"postgres": storetest.Postgres,
	} {
		t.Run(name, func(t *testing.T) {
			b := parcelBenchOn(t, open(t))
			done, err := b.settle()
			require.NoError(t, err)
			require.Equal(t, activities.ParcelsSettled{Booked: 2}, done)
			require.ElementsMatch(t, []string{"/out/1", "/return/1"}, b.keys())
			require.Equal(t, map[shipping.ShipmentDirection]shipping.ShipmentState{
				shipping.ShipOut:    shipping.ShipmentLabelled,
				shipping.ShipReturn: shipping.ShipmentLabelled,
			}, b.states())
			require.Equal(t, 2, b.Count(t, "SELECT count(*) FROM shipment_labels"))
			b.Statements.Reset()
			done, err = b.settle()
			require.NoError(t, err)
			require.Zero(t, done)
			require.Len(t, b.Statements.List(), 1, "nothing is outstanding")
			require.Len(t, b.keys(), 2)
			b.AuditHolds(t)
		})
	}
}

// Booking both parcels of an RMA costs few statements: one read, one mark that the carrier is
// asked, and one transaction.
func TestBudgetOfBookingsStatements(t *testing.T) {
	b := newParcelBench(t)
	b.Statements.Reset()
	_, err := b.settle()
	require.NoError(t, err)
	t.Logf("%d statements", len(b.Statements.List()))
	require.LessOrEqual(t, len(b.Statements.List()), 10)
}

// The answer was lost, the carrier had done it: the key gives the same booking.
func TestLostAnswerBooksNothingTwice(t *testing.T) {
	b := newParcelBench(t)
	require.NoError(t, b.sim.SetFaults(simulator.Faults{LostAnswers: 1}))
	_, err := b.settle()
	require.Error(t, err)
	require.Equal(t, shipping.ShipmentCreated, b.states()[shipping.ShipOut])
	require.NoError(t, b.sim.SetFaults(simulator.Faults{}))
	_, err = b.settle()
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"/out/1", "/return/1"}, b.keys())
}

// While the carrier is down nothing is lost and nothing refused for good.
func TestCarrierThatIsDownIsAskedLater(t *testing.T) {
	b := newParcelBench(t)
	require.NoError(t, b.sim.SetFaults(simulator.Faults{ServerErrors: 1}))
	_, err := b.settle()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.False(t, app.NonRetryable())
	require.Contains(t, err.Error(), "UNAVAILABLE")
	require.Equal(t, shipping.ShipmentCreated, b.states()[shipping.ShipOut])

	b.act.Carrier = nil // its address was taken away
	_, err = b.settle()
	require.ErrorAs(t, err, &app)
	require.False(t, app.NonRetryable())
}

// scripted is a carrier that answers as a test says.
type scripted struct {
	carrier.Carrier
	book   func(key string) error
	cancel func(tracking string) error
	label  func() error
	to     map[string]string // notes the street of each booking, by key
}

func (s scripted) Book(ctx context.Context, key string, b carrier.Booking) (carrier.Booked, error) {
	if s.book != nil {
		if err := s.book(key); err != nil {
			return carrier.Booked{}, err
		}
	}
	booked, err := s.Carrier.Book(ctx, key, b)
	if s.to != nil {
		s.to[key] = b.To.Street
	}
	return booked, err
}

func (s scripted) Label(ctx context.Context, tracking string) (carrier.Label, error) {
	if s.label != nil {
		if err := s.label(); err != nil {
			return carrier.Label{}, err
		}
	}
	return s.Carrier.Label(ctx, tracking)
}

func (s scripted) Cancel(ctx context.Context, tracking string) error {
	if s.cancel != nil {
		if err := s.cancel(tracking); err != nil {
			return err
		}
	}
	return s.Carrier.Cancel(ctx, tracking)
}

// A refusal for good stops neither the other parcel nor says what was refused.
func TestCarriersRefusalIsForGood(t *testing.T) {
	b := newParcelBench(t)
	b.act.Carrier = scripted{
		Carrier: b.act.Carrier,
		book: func(key string) error {
			if strings.HasSuffix(key, "/out/1") {
				return &carrier.Error{Code: carrier.InvalidBooking, Status: 422}
			}
			return nil
		},
	}
	_, err := b.settle()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.True(t, app.NonRetryable())
	require.Equal(t, "carrier: INVALID_BOOKING (422)", app.Message())
	require.Equal(t, map[shipping.ShipmentDirection]shipping.ShipmentState{
		shipping.ShipOut:    shipping.ShipmentCreated,
		shipping.ShipReturn: shipping.ShipmentLabelled,
	}, b.states())
}

func TestLabelIsFetchedLater(t *testing.T) {
	b := newParcelBench(t)
	good := b.act.Carrier
	b.act.Carrier = scripted{
		Carrier: good,
		label:   func() error { return &carrier.Error{Code: carrier.RateLimited, RetryAfter: time.Minute} },
	}
	_, err := b.settle()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Equal(t, time.Minute, app.NextRetryDelay(), "the carrier asks for it")
	require.Equal(t, shipping.ShipmentLabelled, b.states()[shipping.ShipOut], "the booking stands")
	b.act.Carrier = good
	_, err = b.settle()
	require.NoError(t, err)
	require.Equal(t, 2, b.Count(t, "SELECT count(*) FROM shipment_labels"))
	require.Len(t, b.keys(), 2)
}

// S10: withdrawn before the pick-up, whether or not the booking was made: at the
// carrier nothing is left, and nothing is booked that it does not know of.
func TestS10_WithdrawnParcelsAreCancelledAtTheCarrier(t *testing.T) {
	for _, booked := range []bool{false, true} {
		b := newParcelBench(t)
		if booked {
			_, err := b.settle()
			require.NoError(t, err)
		}
		b.withdraw()
		done, err := b.settle()
		require.NoError(t, err)
		require.Equal(t, activities.ParcelsSettled{Cancelled: 2}, done)
		for _, p := range b.sim.Parcels() {
			require.True(t, p.Cancelled, p.Key)
		}
		require.Equal(t, map[shipping.ShipmentDirection]shipping.ShipmentState{
			shipping.ShipOut:    shipping.ShipmentCancelled,
			shipping.ShipReturn: shipping.ShipmentCancelled,
		}, b.states())
		require.Equal(t, rma.RMAWithdrawn, b.state())
		b.AuditHolds(t)
	}
}

// A parcel is declared lost whose booking was never answered, though the carrier may
// have made it: what is sent instead is the only one that it moves.
func TestParcelLostBeforeItsBookingWasAnsweredIsCalledOff(t *testing.T) {
	for _, made := range []bool{false, true} {
		b := newParcelBench(t)
		if made {
			require.NoError(t, b.sim.SetFaults(simulator.Faults{LostAnswers: 1}))
			_, err := b.settle()
			require.Error(t, err)
			require.Len(t, b.keys(), 2, "booked, and not answered")
			require.NoError(t, b.sim.SetFaults(simulator.Faults{}))
		}
		_, err := b.ShipRMA(storetest.Operator(), b.rma.ID, replacement.RMAShipment{Serial: "NEW1"})
		require.NoError(t, err)
		// An agent is asked, as after days of silence, in which the carrier would move it.
		require.NoError(t, b.Exec("UPDATE rmas SET silence_asked_at = shipped_at"))
		_, err = b.ReshipRMA(storetest.Operator(), b.rma.ID, "nobody has seen it")
		require.NoError(t, err)
		_, err = b.settle()
		require.NoError(t, err)
		for _, p := range b.sim.Parcels() {
			require.Equal(t, strings.HasSuffix(p.Key, "/out/1"), p.Cancelled, p.Key)
		}
		left, err := b.OutstandingParcels(b.Context, b.rma.ID)
		require.NoError(t, err)
		require.Empty(t, left)
		require.Empty(t, b.Tasks(t, db.TaskShipmentContradicted))
		b.AuditHolds(t)
	}
}

// People tell that a parcel has arrived whose booking was never answered, as when a spare is used
// that the carrier's answer overtook: it came in another way, and the carrier leaves its own.
func TestParcelThatArrivedBeforeItsBookingWasAnsweredIsCalledOff(t *testing.T) {
	for _, open := range []func(testing.TB) storetest.Env{storetest.SQLite, storetest.Postgres} {
		for _, made := range []bool{false, true} {
			b := parcelBenchOn(t, open(t))
			if made {
				require.NoError(t, b.sim.SetFaults(simulator.Faults{LostAnswers: 1}))
				_, err := b.settle()
				require.Error(t, err)
				require.NoError(t, b.sim.SetFaults(simulator.Faults{}))
			}
			require.NoError(t, b.DB.Write(b.Context, func(tx *db.Tx) error {
				ask, err := b.EndShipment(tx, b.rma.ID+"/out/1", logistics.NewScan{
					Kind:   shipping.ScanDelivered,
					Source: logistics.ScanByOperator,
				})
				require.True(t, ask)
				return err
			}))

			_, err := b.settle()
			require.NoError(t, err)
			for _, p := range b.sim.Parcels() {
				require.Equal(t, strings.HasSuffix(p.Key, "/out/1"), p.Cancelled, p.Key)
			}
			require.Equal(t, shipping.ShipmentDelivered, b.states()[shipping.ShipOut])
			left, err := b.OutstandingParcels(b.Context, b.rma.ID)
			require.NoError(t, err)
			require.Empty(t, left)
			b.AuditHolds(t)
		}
	}
}

// S10: the carrier has it already, and its webhook is late or lost: what it tells when
// asked moves the RMA on, with its return.
func TestS10_WithdrawalAfterThePickUpFindsTheParcelUnderWay(t *testing.T) {
	b := newParcelBench(t)
	_, err := b.settle()
	require.NoError(t, err)
	b.Calendar.Set(b.Calendar.Now().Add(5 * time.Hour)) // picked up after two to four
	b.withdraw()
	require.Equal(t, rma.RMAWithdrawn, b.state())
	_, err = b.settle()
	require.NoError(t, err)
	require.Equal(t, rma.RMAShipped, b.state())
	require.Equal(t, shipping.ShipmentPickedUp, b.states()[shipping.ShipOut])
	_, err = b.settle()
	require.NoError(t, err)
	require.Equal(t, shipping.ShipmentLabelled, b.states()[shipping.ShipReturn], "it stays for the way back")
	require.Empty(t, b.Tasks(t, db.TaskShipmentContradicted))
	b.AuditHolds(t)
}

// The warehouse gave an unbooked parcel to another carrier between the booking and
// its storing: the booking is called off.
func TestUnusedBookingIsCalledOff(t *testing.T) {
	b := newParcelBench(t)
	b.act.Carrier = scripted{
		Carrier: b.act.Carrier,
		label: func() error {
			_, err := b.ShipRMA(storetest.Operator(), b.rma.ID,
				replacement.RMAShipment{Serial: "NEW1", Carrier: "other", Tracking: "O1"})
			return errors.Join(err)
		},
	}
	done, err := b.settle()
	require.NoError(t, err)
	require.Equal(t, 1, done.Booked)
	for _, p := range b.sim.Parcels() {
		require.Equal(t, strings.HasSuffix(p.Key, "/out/1"), p.Cancelled, p.Key)
	}
}

// moveSite puts the site of the RMA at another address and has the replacement follow it.
func (b *parcelBench) moveSite(street string) error {
	b.t.Helper()
	site, err := b.GetSite(storetest.AgentContext, b.rma.SiteID)
	require.NoError(b.t, err)
	address := site.Address()
	address.Street = street
	_, err = b.ChangeSite(storetest.AgentContext, site.ID, rules.SiteForm{
		Name: site.Name, Address: address, TimeZone: site.TimeZone, ContactName: site.ContactName,
	}, 0, "they moved")
	require.NoError(b.t, err)
	_, err = b.ReaddressRMA(storetest.AgentContext, b.rma.ID, "they moved")
	return err
}

// shown returns the street that the replacement shows.
func (b *parcelBench) shown() string {
	b.t.Helper()
	to, _, err := b.GoesTo(storetest.AgentContext, storetest.GetRMA(b.t, b.Env, b.rma.ID))
	require.NoError(b.t, err)
	return to.Street
}

// S25: from when the carrier is asked on, it may have the address, whatever its answer: a
// replacement shows no other one.
func TestS25_NoReplacementGoesElsewhereWhileItIsBooked(t *testing.T) {
	for name, open := range map[string]func(testing.TB) storetest.Env{
		"sqlite":   storetest.SQLite,
		"postgres": storetest.Postgres,
	} {
		t.Run(name, func(t *testing.T) {
			lost := parcelBenchOn(t, open(t))
			require.NoError(t, lost.sim.SetFaults(simulator.Faults{LostAnswers: 1}))
			_, err := lost.settle()
			require.Error(t, err)
			require.Equal(t, rules.StateConflict, rules.CodeOf(lost.moveSite("Rua Nova 1")),
				"the answer is lost, the carrier has the address")

			b := parcelBenchOn(t, open(t))
			to := map[string]string{}
			var readdressed error
			b.act.Carrier = scripted{Carrier: b.act.Carrier, to: to, label: func() error {
				if len(to) == 1 { // of the replacement
					readdressed = b.moveSite("Rua Nova 2")
				}
				return nil
			}}
			_, err = b.settle()
			require.NoError(t, err)
			require.Equal(t, rules.StateConflict, rules.CodeOf(readdressed), "booked, not stored")
			require.Equal(t, to[b.rma.ID+"/out/1"], b.shown())
			require.NotContains(t, b.shown(), "Nova")
			b.AuditHolds(t)
		})
	}
}

// Where the carrier refuses an address for good, the replacement may go elsewhere; so it may
// until the moment before the carrier is asked, who then gets the later address.
func TestS25_AReplacementGoesElsewhereBeforeItIsBooked(t *testing.T) {
	b := newParcelBench(t)
	good := b.act.Carrier
	b.act.Carrier = scripted{Carrier: good, book: func(key string) error {
		return &carrier.Error{Code: carrier.InvalidBooking, Status: 422}
	}}
	_, err := b.settle()
	require.Error(t, err)
	require.NoError(t, b.moveSite("Rua Nova 1"))

	read := storetest.Outstanding(t, b.Env, b.rma.ID)
	require.NoError(t, b.moveSite("Rua Nova 2"))
	same, err := b.AskCarrier(b.Context, read)
	require.NoError(t, err)
	require.False(t, same, "it was read with the earlier address")

	to := map[string]string{}
	b.act.Carrier = scripted{Carrier: good, to: to}
	_, err = b.settle()
	require.NoError(t, err)
	require.Equal(t, "Rua Nova 2", b.shown())
	require.Equal(t, b.shown(), to[b.rma.ID+"/out/1"])
}
