package replacement_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// rmaWorld is what follows from what is known of an RMA, without names and ids that differ
// from one database to the next.
type rmaWorld struct {
	State    rma.RMAState
	Outbound rma.OutboundState
	Return   rma.ReturnState
	Fee      rma.RMAFee
	Closed   bool
	Timer    rma.RMATimerKind
	At       string
	Facts    []string
	Devices  []string
	Stock    []string
	Parcels  []string
	Tasks    []string
	Owed     int // fees that finance was told to bill and not to credit
}

func worldOf(t *testing.T, env storetest.Env, id string) rmaWorld {
	t.Helper()
	r := storetest.GetRMA(t, env, id)
	w := rmaWorld{
		State:    r.StoredState,
		Outbound: r.StoredOutbound,
		Return:   r.StoredReturn,
		Fee:      r.Fee(),
		Closed:   r.ClosedAt != nil,
		Timer:    r.NextTimer,
		Devices: env.Strings(t, `
			SELECT d.serial || ' ' || d.state || ' ' || COALESCE((
				SELECT r.name FROM device_placements p JOIN rooms r ON r.id = p.room_id
				WHERE p.device_id = d.id AND p.to_at IS NULL), '-')
			FROM devices d WHERE d.state <> 'RETIRED' ORDER BY 1`),
		Stock: env.Strings(t, `SELECT model_code || ' ' || on_hand || ' ' || reserved FROM stock_levels`),
		Parcels: env.Strings(t, `SELECT direction || ' ' || state || ' ' || service
			|| CASE WHEN cancel_asked_at IS NULL THEN '' ELSE ' called off' END
			FROM shipments WHERE booking_key NOT LIKE '%taken_back%' ORDER BY 1`),
		Tasks: env.Strings(t, `SELECT kind FROM operator_tasks WHERE state = 'OPEN' ORDER BY 1`),
	}
	w.Owed = env.Count(t, `SELECT COUNT(*) FROM outbox_events WHERE kind = 'event.fee_billed'`) -
		env.Count(t, `SELECT COUNT(*) FROM outbox_events WHERE kind = 'event.fee_credited'`)
	if r.NextAt != nil {
		w.At = r.NextAt.UTC().String()
	}

	for name, at := range map[string]*time.Time{
		"withdrawn": r.WithdrawnAt, "allocated": r.AllocatedAt, "shipped": r.ShippedAt,
		"picked up": r.PickedUpAt, "delivered": r.DeliveredAt, "scanned": r.ReturnScannedAt,
		"last scanned": r.ReturnLastScannedAt, "received": r.ReturnReceivedAt,
		"wrong unit": r.WrongUnitAt, "inspected": r.InspectedAt, "billed": r.BilledAt,
		"damage billed": r.DamageBilledAt, "waived": r.WaivedAt, "silence due": r.SilenceDueAt,
		"due": r.ReturnDueAt, "base": r.ReturnBaseAt,
	} {
		if at != nil {
			w.Facts = append(w.Facts, name+" "+at.UTC().String())
		}
	}
	// What people were reminded of and asked before a fee was settled does not matter any more.
	settled := r.BilledAt != nil || r.WaivedAt != nil
	reminders := r.RemindersSent
	if settled {
		reminders = 0
	}
	// When we noticed that something was due may differ, and so may the days that people are
	// owed who were not reminded; not whether.
	for name, at := range map[string]*time.Time{
		"silence asked": r.SilenceAskedAt, "overdue": r.OverdueAt, "asked": r.FeeAskedAt,
		"confirm": r.FeeConfirmAt,
	} {
		if at != nil && !settled {
			w.Facts = append(w.Facts, name)
		}
	}
	w.Facts = append(w.Facts, fmt.Sprintf("reminders %d", reminders),
		"serial "+r.ReplacementSerial, "parcel "+r.Carrier+strings.ReplaceAll(r.Tracking, id, ""), "outcome "+string(r.Outcome))
	slices.Sort(w.Facts)
	return w
}

// rmaStep does something with an RMA.
type rmaStep func(t *testing.T, env storetest.Env, id string)

func telling(fact rma.RMAFact) rmaStep {
	return func(t *testing.T, env storetest.Env, id string) {
		_, err := env.DoRMA(storetest.AgentContext, id, replacement.ReplacementCommand{
			Name: rma.RMATell,
			Fact: fact,
		})
		require.NoError(t, err)
	}
}

func inspecting(serial string, outcome rma.RMAOutcome) rmaStep {
	return func(t *testing.T, env storetest.Env, id string) {
		_, err := env.InspectRMA(storetest.AgentContext, id,
			replacement.RMAInspection{Serial: serial, Outcome: outcome})
		require.NoError(t, err)
	}
}

var shippingStep = shippingAs("NEW1")

func shippingAs(serial string) rmaStep {
	return func(t *testing.T, env storetest.Env, id string) {
		_, err := env.ShipRMA(storetest.AgentContext, id, replacement.RMAShipment{Serial: serial})
		require.NoError(t, err)
	}
}

func takeBack(t *testing.T, env storetest.Env, id string, fact rma.RMAFact) replacement.RMA {
	t.Helper()
	r, err := env.DoRMA(storetest.AgentContext, id, replacement.ReplacementCommand{
		Name:   rma.RMATakeBack,
		Fact:   fact,
		Reason: "It was another one.",
	})
	require.NoError(t, err)
	return r
}

// later lets days pass, with whatever is due in them.
func later(t *testing.T, env storetest.Env, id string, days int) {
	t.Helper()
	storetest.RunRMAUntil(t, env, id, env.Calendar.Now().Add(time.Duration(days)*24*time.Hour+time.Minute))
}

// The courses that an RMA has taken before somebody tells what is not true.
var beforeTelling = map[string][]rmaStep{
	"allocated": nil,
	"shipped":   {shippingStep},
	"picked up": {shippingStep, telling(rma.FactPickedUp)},
	"withdrawn": {shippingStep, func(t *testing.T, env storetest.Env, id string) {
		_, err := env.WithdrawRMA(storetest.AgentContext, id, "not needed")
		require.NoError(t, err)
	}},
	"delivered": {shippingStep, telling(rma.FactDelivered)},
	"sent back": {shippingStep, telling(rma.FactDelivered), telling(rma.FactReturnScanned)},
	"come back": {shippingStep, telling(rma.FactDelivered), telling(rma.FactReturnReceived)},
	"a wrong one came": {
		shippingStep, telling(rma.FactDelivered), inspecting("SN-777", rma.OutcomeWrongUnit),
	},
	"inspected": {shippingStep, telling(rma.FactDelivered), inspecting("SN-100", rma.OutcomeDefect)},
	"sent anew": {
		shippingStep, telling(rma.FactPickedUp), passing(8), resending, shippingAs("NEW2"),
	},
	"billed": {shippingStep, telling(rma.FactDelivered), passing(40), billing},
	"waived": {shippingStep, telling(rma.FactDelivered), passing(40), waiving},
}

func passing(days int) rmaStep {
	return func(t *testing.T, env storetest.Env, id string) { later(t, env, id, days) }
}

func resending(t *testing.T, env storetest.Env, id string) {
	_, err := env.ReshipRMA(storetest.AgentContext, id, "It is lost.")
	require.NoError(t, err)
	if storetest.GetRMA(t, env, id).AllocatedAt == nil {
		_, err = env.AllocateRMA(storetest.AgentContext, id, "")
		require.NoError(t, err)
	}
}

func billing(t *testing.T, env storetest.Env, id string) {
	_, err := env.BillRMA(storetest.AgentContext, id, "")
	require.NoError(t, err)
}

func waiving(t *testing.T, env storetest.Env, id string) {
	_, err := env.WaiveRMA(storetest.Lead(), id, "a good customer")
	require.NoError(t, err)
}

// mayBeBilled reports whether an agent may confirm a fee now.
func mayBeBilled(t *testing.T, env storetest.Env, id string) bool {
	return rma.MayRMA(rma.RMABill, rules.OperatorAgent,
		storetest.GetRMA(t, env, id).RMAFacts, env.Calendar.Now()) == nil
}

// What people tell or type, and what it is taken back as.
var untruths = map[string]struct {
	fact rma.RMAFact
	tell rmaStep
}{
	"shipped":   {rma.FactShipped, shippingStep},
	"picked up": {rma.FactPickedUp, telling(rma.FactPickedUp)},
	"delivered": {rma.FactDelivered, telling(rma.FactDelivered)},
	"sent back": {rma.FactReturnScanned, telling(rma.FactReturnScanned)},
	"come back": {rma.FactReturnReceived, telling(rma.FactReturnReceived)},
	"defect":    {rma.FactInspected, inspecting("SN-100", rma.OutcomeDefect)},
	"damage":    {rma.FactInspected, inspecting("SN-100", rma.OutcomeDamage)},
	"wrong one": {rma.FactInspected, inspecting("SN-888", rma.OutcomeWrongUnit)},
}

// The state after "something told, taken back" is the state without it: states, days,
// devices, rooms, stock, parcels and tasks. Each untruth in each state, taken back at once,
// and after days in which what followed from it happened, a fee among it; then once people
// have had the days that they are owed after it.
func TestS62_WhatIsTakenBackLeavesNothingBehind(t *testing.T) {
	told := 0
	each := rand.IntN(10) // a tenth of the cases in each run, others in the next
	for _, course := range slices.Sorted(maps.Keys(beforeTelling)) {
		steps := beforeTelling[course]
		for _, name := range slices.Sorted(maps.Keys(untruths)) {
			untruth := untruths[name]
			for _, days := range []int{0, 30} {
				for _, carried := range []bool{false, true} {
					if each++; each%storetest.Sized(10, 1) != 0 {
						continue
					}
					t.Run(fmt.Sprintf("%s/%s/%d days/%v", course, name, days, carried), func(t *testing.T) {
						begin := func() (storetest.Env, string) {
							env := storetest.SQLite(t)
							if carried {
								env = env.WithCarrier(t, "sim")
							}
							c := env.Covered(t)
							storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 2)
							r := env.Approved(t, c)
							if carried {
								storetest.BookParcels(t, env, r.ID)
							}
							for _, step := range steps {
								step(t, env, r.ID)
							}
							env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
							return env, r.ID
						}

						with, id := begin()
						r := storetest.GetRMA(t, with, id)
						if !mayBeSaid(r, name, untruth.fact) {
							return
						}
						told++
						untruth.tell(t, with, id)
						without, plain := begin()
						later(t, with, id, days)
						later(t, without, plain, days)
						if mayBeBilled(t, with, id) && !mayBeBilled(t, without, plain) {
							billing(t, with, id)
						}

						require.Contains(t, storetest.GetRMA(t, with, id).FactsToTakeBack(), untruth.fact)
						takeBack(t, with, id, untruth.fact)
						later(t, with, id, 2*days)
						later(t, without, plain, 2*days)

						require.Equal(t, worldOf(t, without, plain), worldOf(t, with, id))
						storetest.Balanced(t, with)

						version := storetest.GetRMA(t, with, id).Version
						require.Equal(t, version, takeBack(t, with, id, untruth.fact).Version, "again: nothing")

						// What is true in the end is taken in both, and finance is owed the same.
						if mayBeSaid(storetest.GetRMA(t, without, plain), "defect", rma.FactInspected) {
							inspecting("SN-100", rma.OutcomeDefect)(t, without, plain)
							inspecting("SN-100", rma.OutcomeDefect)(t, with, id)
							require.Equal(t, worldOf(t, without, plain), worldOf(t, with, id))
						}
					})
				}
			}
		}
	}
	require.Greater(t, told, storetest.Sized(6, 100))
}

// mayBeSaid reports whether something can be told or typed, and would be news.
func mayBeSaid(r replacement.RMA, name string, fact rma.RMAFact) bool {
	now := r.StateSince
	switch {
	case fact == rma.FactShipped:
		return rma.MayRMA(rma.RMAShip, rules.OperatorAgent, r.RMAFacts, now) == nil
	case fact == rma.FactInspected:
		return r.InspectedAt == nil && rma.MayRMA(rma.RMAInspect, rules.OperatorAgent, r.RMAFacts, now) == nil
	}
	return r.MayBeTold(fact) && len(r.Standing(fact)) == 0 &&
		!(fact != rma.FactPickedUp && fact != rma.FactDelivered && r.InspectedAt != nil)
}

// What has left the house is told again: the mail that says what was wrong, and finance
// that a fee is withdrawn.
func TestS62_ATakenBackDeliveryWithdrawsItsFee(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		r := env.Shipped(t, c)
		telling(rma.FactDelivered)(t, env, r.ID)
		later(t, env, r.ID, 40)
		billed, err := env.BillRMA(storetest.AgentContext, r.ID, "")
		require.NoError(t, err)
		require.Equal(t, rma.FeeBilled, billed.Fee())
		require.Equal(t, licensing.DeviceLost, device(t, env, c.Device.ID).State)

		r = takeBack(t, env, r.ID, rma.FactDelivered)
		require.Equal(t, rma.RMAShipped, r.StoredState)
		require.Equal(t, rma.FeeNone, r.Fee())
		require.Nil(t, r.ReturnDueAt)
		require.Equal(t, c.Room.ID, roomOf(t, env, c.Device.ID), "its device is in its room again")
		require.Empty(t, roomOf(t, env, *r.ReplacementDeviceID))
		require.Equal(t, []string{`{"why":"withdrawn"}`},
			env.Strings(t, `SELECT REPLACE(CAST(payload AS text), ' ', '') FROM outbox_events WHERE kind = 'event.fee_credited'`))

		var corrected []map[string]any
		for _, m := range env.Mails(t, rules.TemplateRMA) {
			if m.Params["step"] == "CORRECTED" {
				corrected = append(corrected, m.Params)
			}
		}
		require.Len(t, corrected, 2, "the administrator and the site")
		require.Equal(t, "DELIVERED", corrected[0]["wrong"])
		require.Equal(t, "SHIPPED", corrected[0]["holds"])
		require.Equal(t, true, corrected[0]["fee_withdrawn"])

		// The right one counts, and its fee is another one.
		telling(rma.FactDelivered)(t, env, r.ID)
		later(t, env, r.ID, 40)
		r, err = env.BillRMA(storetest.AgentContext, r.ID, "")
		require.NoError(t, err)
		require.Equal(t, rma.FeeBilled, r.Fee())
		require.Equal(t, 2, env.Count(t, `SELECT COUNT(*) FROM outbox_events WHERE kind = 'event.fee_billed'`))
		env.AuditHolds(t)
	})
}

// A delivery that was told and never was, for which the fee was waived, or billed and then
// waived: it is taken back, and what is billed afterwards is another fee.
func TestS62_ADeliveryWhoseFeeWasWaivedIsTakenBack(t *testing.T) {
	for name, fee := range map[string][]rmaStep{
		"waived":            {waiving},
		"billed and waived": {billing, waiving},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				c := env.Covered(t)
				r := env.Shipped(t, c)
				telling(rma.FactDelivered)(t, env, r.ID)
				later(t, env, r.ID, 40)
				for _, step := range fee {
					step(t, env, r.ID)
				}
				require.Equal(t, licensing.DeviceRetired, device(t, env, c.Device.ID).State)

				r = takeBack(t, env, r.ID, rma.FactDelivered)
				require.Equal(t, rma.RMAShipped, r.StoredState)
				require.Equal(t, rma.FeeNone, r.Fee())
				require.Equal(t, c.Room.ID, roomOf(t, env, c.Device.ID))
				require.Zero(t, worldOf(t, env, r.ID).Owed)

				telling(rma.FactDelivered)(t, env, r.ID)
				later(t, env, r.ID, 40)
				billing(t, env, r.ID)
				waiving(t, env, r.ID)
				inspecting("SN-100", rma.OutcomeDefect)(t, env, r.ID)
				env.AuditHolds(t)
			})
		})
	}
}

// Two inspections are taken back one after the other; the second one names the version that
// was read in between, so that the same request sent twice takes back one.
func TestS62_TheInspectionBeforeTheLastIsTakenBackByItsVersion(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	r := env.Shipped(t, c)
	telling(rma.FactDelivered)(t, env, r.ID)
	inspecting("SN-777", rma.OutcomeWrongUnit)(t, env, r.ID)
	env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
	inspecting("SN-100", rma.OutcomeDefect)(t, env, r.ID)

	r = takeBack(t, env, r.ID, rma.FactInspected)
	require.NotNil(t, r.WrongUnitAt)
	require.Equal(t, r.Version, takeBack(t, env, r.ID, rma.FactInspected).Version, "sent twice")

	r, err := env.DoRMA(storetest.AgentContext, r.ID, replacement.ReplacementCommand{
		Name:    rma.RMATakeBack,
		Fact:    rma.FactInspected,
		Reason:  "The label was on another box.",
		Version: r.Version,
	})
	require.NoError(t, err)
	require.Nil(t, r.WrongUnitAt)
	require.Equal(t, rma.RMAAwaitingReturn, r.StoredState)
}

// The carrier took the unit in time while the depot had inspected another one as it: that is
// known again when the inspection is taken back, and nothing is overdue.
func TestS62_AScanDuringAWrongInspectionCounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c := storetest.Carried(t, env)
		r := booked(t, env, c)
		shippingStep(t, env, r.ID)
		telling(rma.FactDelivered)(t, env, r.ID)
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
		inspecting("SN-100", rma.OutcomeDefect)(t, env, r.ID)

		env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, 1))
		back := env.Strings(t, `SELECT tracking FROM shipments WHERE direction = 'RETURN'`)
		require.Len(t, back, 1)
		scanned(t, env, back[0], shipping.ScanPickedUp, env.Calendar.Now())

		r = takeBack(t, env, r.ID, rma.FactInspected)
		require.Equal(t, rma.ReturnInTransit, r.StoredReturn)
		later(t, env, r.ID, 30)
		require.Nil(t, storetest.GetRMA(t, env, r.ID).OverdueAt)
	})
}

// A serial number and a tracking number that were typed wrong: the parcel under the wrong
// number says nothing any more, and both numbers are free for whom they belong to.
func TestS62_ATypedTrackingNumberIsTakenBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		first := env.Covered(t)
		second := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		ship := func(id, serial, tracking string) (replacement.RMA, error) {
			return env.ShipRMA(storetest.AgentContext, id,
				replacement.RMAShipment{Serial: serial, Carrier: "sim", Tracking: tracking})
		}
		allocated := func(c storetest.Covered) replacement.RMA {
			r, err := env.AllocateRMA(storetest.AgentContext, env.Approved(t, c).ID, "")
			require.NoError(t, err)
			return r
		}
		one, two := allocated(first), allocated(second)

		_, err := ship(one.ID, "NEW2", "T-2") // both are those of the second one
		require.NoError(t, err)
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
		delivered := env.Calendar.Now()
		_, err = env.ReceiveCarrierEvent(env.Context,
			storetest.CarrierEvent("T-2", shipping.ScanDelivered, delivered))
		require.NoError(t, err)
		require.Equal(t, rma.RMAAwaitingReturn, storetest.GetRMA(t, env, one.ID).StoredState)
		_, err = ship(two.ID, "NEW9", "T-2")
		storetest.RequireCode(t, shipping.TrackingTaken, err)

		one = takeBack(t, env, one.ID, rma.FactShipped)
		require.Equal(t, rma.RMAAllocated, one.StoredState)
		require.Nil(t, one.DeliveredAt)
		require.Equal(t, first.Room.ID, roomOf(t, env, first.Device.ID))

		two, err = ship(two.ID, "NEW2", "T-2")
		require.NoError(t, err)
		require.Equal(t, rma.RMAAwaitingReturn, two.StoredState, "what the carrier told is its own")
		require.True(t, delivered.Equal(*two.DeliveredAt))

		one, err = ship(one.ID, "NEW1", "T-1")
		require.NoError(t, err)
		require.Equal(t, rma.RMAShipped, one.StoredState)
		require.Equal(t, "T-1", one.Tracking)

		scans := env.Strings(t, `SELECT kind FROM shipment_scans WHERE taken_back ORDER BY kind`)
		require.Equal(t, []string{"DELIVERED", "LABELLED"}, scans, "kept")
		require.Empty(t, env.Tasks(t, db.TaskShipmentContradicted))
		events, _, err := env.ListCarrierEvents(storetest.AgentContext, logistics.CarrierEventFilter{})
		require.NoError(t, err)
		require.Equal(t, logistics.CarrierEventApplied, events[0].State)
		env.AuditHolds(t)
	})
}

// When something is not taken back, the answer says why, and what to do.
func TestS62_WhatCannotBeTakenBackSaysWhy(t *testing.T) {
	env, c := storetest.Carried(t, storetest.SQLite(t))
	r := booked(t, env, c)
	refused := func(code string, fact rma.RMAFact, reason string) {
		t.Helper()
		_, err := env.DoRMA(storetest.AgentContext, r.ID, replacement.ReplacementCommand{
			Name:   rma.RMATakeBack,
			Fact:   fact,
			Reason: reason,
		})
		storetest.RequireCode(t, code, err)
	}

	refused(rules.StateConflict, rma.FactDelivered, "nobody told anything")
	shippingStep(t, env, r.ID)
	refused(rules.ReasonRequired, rma.FactShipped, " ")
	refused(rules.ValidationFailed, "EATEN", "by whom")
	refused(rma.NothingToTakeBack, rma.FactDelivered, "nobody told it")

	at := env.Calendar.Now()
	telling(rma.FactDelivered)(t, env, r.ID)
	scanned(t, env, "T-out/1", shipping.ScanDelivered, at)
	refused(rma.CarrierSaysSo, rma.FactDelivered, "the carrier says so too")
	_, err := env.DoRMA(storetest.Customer(c.Account), r.ID, replacement.ReplacementCommand{
		Name:   rma.RMATakeBack,
		Fact:   rma.FactDelivered,
		Reason: "a customer",
	})
	storetest.RequireCode(t, rules.Forbidden, err)

	inspecting("SN-100", rma.OutcomeDefect)(t, env, r.ID)
	refused(rules.StateConflict, rma.FactShipped, "it is over")
}

// What people told under an earlier release is written down when the database is migrated,
// and may be taken back; what the carrier told is not among it.
func TestS62_WhatWasToldEarlierMayBeTakenBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c := storetest.Carried(t, env)
		r := booked(t, env, c)
		shippingStep(t, env, r.ID)
		scanned(t, env, "T-out/1", shipping.ScanPickedUp, env.Calendar.Now())
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
		telling(rma.FactDelivered)(t, env, r.ID)
		inspecting("SN-777", rma.OutcomeWrongUnit)(t, env, r.ID)

		require.NoError(t, env.Exec(`UPDATE rmas SET tellings = '[]'`))
		require.NoError(t, env.Exec(backfill(t, env)))

		require.Equal(t, []rma.RMAFact{
			rma.FactShipped, rma.FactDelivered, rma.FactReturnReceived, rma.FactInspected,
		}, storetest.GetRMA(t, env, r.ID).FactsToTakeBack())
		takeBack(t, env, r.ID, rma.FactInspected)
		r = takeBack(t, env, r.ID, rma.FactDelivered)
		require.Equal(t, rma.OutboundShipped, r.StoredOutbound)
		require.Equal(t, c.Room.ID, roomOf(t, env, c.Device.ID))
	})
}

// backfill is what the migration writes down of rows that are there.
func backfill(t *testing.T, env storetest.Env) string {
	t.Helper()
	dialect := "sqlite"
	if env.Postgres() {
		dialect = "postgres"
	}
	file, err := os.ReadFile("../db/migrations/" + dialect + "/00050_what_people_told.sql")
	require.NoError(t, err)
	up, _, _ := strings.Cut(string(file), "-- +goose Down")
	_, statement, found := strings.Cut(up, "-- What no parcel accounts for, people told.")
	require.True(t, found)
	return statement
}
