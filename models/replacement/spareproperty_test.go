package replacement_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/spare"
)

// spareTown is one customer whose orders, cancellations and spares a property test
// moves at random.
type spareTown struct {
	env     storetest.Env
	t       *testing.T
	covered storetest.Covered
	company string
	serials int
}

// requireBalance holds that the number of live units is the ledger's balance, that
// every unit of a line is there once, and that its devices are where they should be.
func (s *spareTown) requireBalance(rt *rapid.T) {
	parent := storetest.ParentOf(s.t, s.env, s.covered.Order)
	live := 0
	for _, u := range s.env.Units(s.t, s.covered.Account) {
		if u.Live() {
			live++
		}
		require.Equal(rt, u.State.Over(), u.ClosedAt != nil, u.State)
		if u.DeviceID != nil && u.State == spare.SpareOnSite {
			require.Equal(rt, licensing.DeviceSpareOnSite, deviceState(s.t, s.env, u.DeviceID))
		}
	}
	require.Equal(rt, storetest.Entitled(s.t, s.env, parent), live)
}

// spareMoves are what may happen, each with whatever fits at the moment.
var spareMoves = map[string]func(*spareTown, *rapid.T, replacement.SpareUnit) error{
	"select": func(s *spareTown, _ *rapid.T, u replacement.SpareUnit) error {
		_, err := s.env.SelectSpare(storetest.CSM(), u.ID, replacement.SpareChoice{
			ModelCode: "RALLY-BAR",
			SiteID:    s.covered.Site.ID,
		})
		return err
	},
	"agree": func(s *spareTown, _ *rapid.T, u replacement.SpareUnit) error {
		_, err := s.env.AgreeSpare(storetest.Customer(s.covered.Account), u.ID, 0)
		return err
	},
	"ship": func(s *spareTown, _ *rapid.T, u replacement.SpareUnit) error {
		s.serials++
		serial := fmt.Sprintf("SP%d", s.serials)
		_, err := s.env.ShipSpare(storetest.Operator(), u.ID,
			replacement.Parcel{Serial: serial, Carrier: "post", Tracking: "T" + serial})
		return err
	},
	"deliver": func(s *spareTown, _ *rapid.T, u replacement.SpareUnit) error {
		_, err := s.env.RecordSpareFact(s.env.Context, u.ID, spare.SpareDelivered, time.Time{})
		return err
	},
	"lose": func(s *spareTown, _ *rapid.T, u replacement.SpareUnit) error {
		if u.Tracking == "" || !u.UnderWay() {
			return nil
		}
		_, err := s.env.ReceiveCarrierEvent(s.env.Context, logistics.NewCarrierEvent{
			Carrier:    "post",
			EventID:    u.Tracking,
			Tracking:   u.Tracking,
			Kind:       "LOST",
			OccurredAt: s.env.Calendar.Now(),
		})
		return err
	},
	"swap": func(s *spareTown, _ *rapid.T, u replacement.SpareUnit) error {
		s.serials++
		serial := fmt.Sprintf("RB%d", s.serials)
		s.env.Device(s.t, s.covered.Room, serial, "RALLY-BAR", "2026-06-01")
		r, err := s.env.RequestRMA(storetest.Operator(), replacement.NewRMA{
			Serial:      serial,
			Fault:       "No picture",
			SerialProof: "file",
		})
		if err != nil {
			return err
		}
		if _, err := s.env.UseSpare(storetest.Customer(s.covered.Account), r.ID, u.ID); err != nil {
			return err
		}
		return nil
	},
	"approve": func(s *spareTown, _ *rapid.T, u replacement.SpareUnit) error {
		if u.RMAID == nil {
			return nil
		}
		_, err := s.env.ApproveRMA(storetest.Operator(), *u.RMAID, replacement.RMAApproval{DefectConfirmed: true})
		return err
	},
	"scan back": func(s *spareTown, _ *rapid.T, u replacement.SpareUnit) error {
		_, err := s.env.RecordSpareFact(s.env.Context, u.ID, spare.SpareRecallScanned, time.Time{})
		return err
	},
	"receive": func(s *spareTown, _ *rapid.T, u replacement.SpareUnit) error {
		_, err := s.env.ReceiveSpare(storetest.Operator(), u.ID)
		return err
	},
	"bill": func(s *spareTown, _ *rapid.T, u replacement.SpareUnit) error {
		_, err := s.env.BillSpare(storetest.Operator(), u.ID, "")
		return err
	},
	"waive": func(s *spareTown, _ *rapid.T, u replacement.SpareUnit) error {
		_, err := s.env.WaiveSpare(storetest.Lead(), u.ID, "goodwill")
		return err
	},
	"timers": func(s *spareTown, _ *rapid.T, u replacement.SpareUnit) error {
		_, err := s.env.RunSpareTimers(s.env.Context, u.ID)
		return err
	},
}

func (s *spareTown) order(rt *rapid.T) {
	s.serials++
	f := storetest.FormFor(fmt.Sprint("PO-R", s.serials), s.company, "ana.souza@acme.example")
	f.Lines[0].Quantity = int64(rapid.SampledFrom([]int{20, 50, 100}).Draw(rt, "licences"))
	s.env.Fulfilled(s.t, s.env.Reseller(s.t, "Revenda Sul"), f)
}

func (s *spareTown) cancel(rt *rapid.T) error {
	ids := s.env.Strings(s.t, "SELECT id FROM orders WHERE account_id = '"+s.covered.Account+
		"' AND state IN ('FULFILLED','PARTIALLY_CANCELLED') ORDER BY id")
	if len(ids) < 2 { // the first one keeps the room under cover
		return nil
	}
	_, _, err := s.env.CancelOrder(storetest.Operator(), rapid.SampledFrom(ids[1:]).Draw(
		rt, "order",
	), order.CancelRequest{Quantity: rapid.SampledFrom([]int{0, 10, 20}).Draw(rt, "quantity"), Reason: "r"})
	return err
}

// Whatever is bought, cancelled, swapped, lost, recalled and bought again, in any
// order: the live units are the balance after each step. A command in the wrong state
// is refused, and changes nothing.
func TestS9_LiveUnitsAreTheBalanceAlways(t *testing.T) {
	names := make([]string, 0, len(spareMoves))
	for name := range spareMoves {
		names = append(names, name)
	}
	slices.Sort(names)
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		most := storetest.Sized(3, 20)
		for _, carrier := range []string{"", "post"} { // by hand, and by a carrier that is asked
			env := env.WithCarrier(t, carrier)
			s := &spareTown{env: env, t: t, company: "Acme Ltda " + carrier, serials: 1000 * len(carrier)}
			runs := 0
			rapid.Check(t, func(rt *rapid.T) {
				if runs++; runs > most { // each builds upon what the one before left
					return
				}
				if s.covered.Account == "" {
					s.covered = env.CoveredFor(t, s.company, "ana.souza@acme.example", "SN-"+carrier+"100")
					storetest.Stocked(t, env, "BR-1"+carrier, "BR", "RALLY-BAR", 20)
				}
				for range rapid.IntRange(5, 25).Draw(rt, "steps") {
					s.step(rt, names)
					s.requireBalance(rt)
				}
			})
			env.AuditHolds(t)
		}
	})
}

func (s *spareTown) step(rt *rapid.T, names []string) {
	var err error
	switch what := rapid.SampledFrom(append([]string{"order", "cancel", "wait", "settle"}, append(names, names...)...)).
		Draw(rt, "what"); what {
	case "order":
		s.order(rt)
	case "cancel":
		err = s.cancel(rt)
	case "wait":
		s.env.Calendar.Set(s.env.Calendar.Now().Add(time.Duration(rapid.IntRange(1, 40).Draw(rt, "hours")) * time.Hour))
	case "settle":
		n, err := s.env.SettleSpareUnits(s.env.Context, func() {})
		require.NoError(rt, err)
		require.Zero(rt, n, "there is never anything to settle")
	default:
		units := s.env.Units(s.t, s.covered.Account)
		if len(units) == 0 {
			return
		}
		err = spareMoves[what](s, rt, rapid.SampledFrom(units).Draw(rt, "unit"))
	}
	if err != nil { // refused by a rule, or not at all
		require.NotEmpty(rt, rules.CodeOf(err), err.Error())
	}
}
