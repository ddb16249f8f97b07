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
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

// spareWorld is what follows from what is known of a spare unit, without names and ids that
// differ from one database to the next.
type spareWorld struct {
	State   spare.SpareState
	Closed  bool
	Timer   spare.SpareTimerKind
	Facts   []string
	Devices []string
	Stock   []string
	Parcels []string
	Tasks   []string
	Live    int
}

func spareWorldOf(t *testing.T, env storetest.Env, c storetest.Covered, id string) spareWorld {
	t.Helper()
	u := storetest.UnitOf(t, env, id)
	w := spareWorld{
		State:  u.State,
		Closed: u.ClosedAt != nil,
		Timer:  u.NextTimer,
		Devices: env.Strings(t, `SELECT serial || ' ' || state FROM devices
			WHERE state <> 'RETIRED' ORDER BY 1`),
		Stock: env.Strings(t, `SELECT model_code || ' ' || on_hand || ' ' || reserved FROM stock_levels`),
		Parcels: env.Strings(t, `SELECT direction || ' ' || state || ' ' || service
			FROM shipments WHERE booking_key NOT LIKE '%taken_back%' AND state <> 'CANCELLED'
				AND cancel_asked_at IS NULL ORDER BY 1`),
		Tasks: env.Strings(t, `SELECT kind FROM operator_tasks WHERE state = 'OPEN' ORDER BY 1`),
	}

	for name, at := range map[string]*time.Time{
		"shipped": u.ShippedAt, "picked up": u.PickedUpAt, "on site": u.OnSiteAt,
		"recall requested": u.RecallRequestedAt, "recall scanned": u.RecallScannedAt,
		"returned": u.ReturnedAt, "billed": u.BilledAt, "waived": u.WaivedAt,
	} {
		if at != nil {
			w.Facts = append(w.Facts, name+" "+at.UTC().String())
		}
	}
	// When we noticed that something was due may differ, and so may the days that people are
	// owed who were not reminded; not whether.
	for name, at := range map[string]*time.Time{
		"due": u.RecallDueAt, "asked": u.FeeAskedAt, "voided": u.VoidedAt,
	} {
		if at != nil {
			w.Facts = append(w.Facts, name)
		}
	}
	w.Facts = append(w.Facts,
		fmt.Sprintf("reminders %d, pending %v", u.RemindersSent, u.RecallPending),
		"serial "+u.Serial, "parcel "+u.Carrier+strings.ReplaceAll(u.Tracking, id, ""))
	slices.Sort(w.Facts)

	for _, other := range env.Units(t, c.Account) {
		if other.Live() {
			w.Live++
		}
	}
	return w
}

// spareStep does something with a spare unit.
type spareStep func(t *testing.T, env storetest.Env, c storetest.Covered, id string)

func tellingSpare(fact spare.SpareFact) spareStep {
	return func(t *testing.T, env storetest.Env, _ storetest.Covered, id string) {
		_, err := env.DoSpare(storetest.AgentContext, id, replacement.SpareUnitCommand{
			Name: spare.SpareTell,
			Fact: fact,
		})
		require.NoError(t, err)
	}
}

func shippingSpare(serial string) spareStep {
	return func(t *testing.T, env storetest.Env, _ storetest.Covered, id string) {
		_, err := env.ShipSpare(storetest.AgentContext, id, replacement.Parcel{Serial: serial})
		require.NoError(t, err)
	}
}

func losingLicences(t *testing.T, env storetest.Env, c storetest.Covered, _ string) {
	storetest.LoseLicences(t, env, c)
}

func receivingSpare(t *testing.T, env storetest.Env, _ storetest.Covered, id string) {
	_, err := env.ReceiveSpare(storetest.AgentContext, id)
	require.NoError(t, err)
}

// billedSpare lets the recall pass and confirms its fee.
func billedSpare(t *testing.T, env storetest.Env, _ storetest.Covered, id string) {
	storetest.RunSpareUntil(t, env, id, env.Calendar.Now().AddDate(0, 0, 40))
	_, err := env.BillSpare(storetest.AgentContext, id, "")
	require.NoError(t, err)
}

// usedAndReplenished has the customer use the unit, so that another one is on its way.
func usedAndReplenished(t *testing.T, env storetest.Env, c storetest.Covered, id string) {
	_, err := env.UseSpare(storetest.Customer(c.Account), env.Approved(t, c).ID, id)
	require.NoError(t, err)
}

func takeBackSpare(
	t *testing.T, env storetest.Env, id string, fact spare.SpareFact,
) replacement.SpareUnit {
	t.Helper()
	u, err := env.DoSpare(storetest.AgentContext, id, replacement.SpareUnitCommand{
		Name:   spare.SpareTakeBack,
		Fact:   fact,
		Reason: "It was another one.",
	})
	require.NoError(t, err)
	return u
}

// The courses that a spare has taken before somebody tells what is not true.
var spareBeforeTelling = map[string][]spareStep{
	"agreed":    nil,
	"shipped":   {shippingSpare("SP1")},
	"picked up": {shippingSpare("SP1"), tellingSpare(spare.SparePickedUp)},
	"on site":   {shippingSpare("SP1"), tellingSpare(spare.SpareDelivered)},
	"under way without entitlement": {
		shippingSpare("SP1"), losingLicences,
	},
	"recalled": {
		shippingSpare("SP1"), tellingSpare(spare.SpareDelivered), losingLicences,
	},
	"recalled and on its way back": {
		shippingSpare("SP1"), tellingSpare(spare.SpareDelivered), losingLicences,
		tellingSpare(spare.SpareRecallScanned),
	},
	"billed": {
		shippingSpare("SP1"), tellingSpare(spare.SpareDelivered), losingLicences, billedSpare,
	},
	"replenishing": {
		shippingSpare("SP1"), tellingSpare(spare.SpareDelivered), usedAndReplenished,
	},
	"replenished and shipped": {
		shippingSpare("SP1"), tellingSpare(spare.SpareDelivered), usedAndReplenished,
		shippingSpare("SP2"),
	},
}

// What people tell or type, and what it is taken back as.
var spareUntruths = map[string]struct {
	fact spare.SpareFact
	tell spareStep
}{
	"shipped":   {spare.FactShipped, shippingSpare("SP9")},
	"picked up": {spare.SparePickedUp, tellingSpare(spare.SparePickedUp)},
	"delivered": {spare.SpareDelivered, tellingSpare(spare.SpareDelivered)},
	"sent back": {spare.SpareRecallScanned, tellingSpare(spare.SpareRecallScanned)},
	"come back": {spare.SpareRecallReceived, tellingSpare(spare.SpareRecallReceived)},
	"received":  {spare.SpareRecallReceived, receivingSpare},
}

// sparesBegin prepares a database with a spare that went through the steps.
func sparesBegin(
	t *testing.T, env storetest.Env, carried bool, steps []spareStep,
) (storetest.Env, storetest.Covered, string) {
	t.Helper()
	if carried {
		env = env.WithCarrier(t, "sim")
	}
	c, u := env.Spare(t)
	storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 4)
	u = env.Agreed(t, c, u)
	if carried {
		storetest.BookParcels(t, env, u.ID)
	}
	for _, step := range steps {
		step(t, env, c, u.ID)
		env.Calendar.Set(env.Calendar.Now().Add(time.Minute))
	}
	env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
	return env, c, u.ID
}

// spareMayBeSaid reports whether something can be told or typed, and would be news.
func spareMayBeSaid(u replacement.SpareUnit, name string, fact spare.SpareFact) bool {
	may := func(c spare.SpareCommand) bool {
		return spare.MaySpare(c, rules.OperatorAgent, u.SpareFacts, u.StateSince) == nil
	}
	switch {
	case name == "shipped":
		return may(spare.SpareShip)
	case name == "received":
		return may(spare.SpareReceive)
	}
	known, err := spare.LearnSpare(u.SpareFacts, fact)
	return err == nil && !known && len(u.Standing(fact)) == 0
}

// The state after "something told, taken back" is the state without it: state, days, device,
// stock, parcels and tasks. Each untruth in each state, taken back at once, and after days in
// which what followed from it happened, a recall and its fee among it.
func TestS62_WhatIsTakenBackOfASpareLeavesNothingBehind(t *testing.T) {
	told := 0
	each := rand.IntN(10) // a tenth of the cases in each run, others in the next
	for _, course := range slices.Sorted(maps.Keys(spareBeforeTelling)) {
		steps := spareBeforeTelling[course]
		for _, name := range slices.Sorted(maps.Keys(spareUntruths)) {
			untruth := spareUntruths[name]
			for _, meanwhile := range []string{"at once", "days later", "entitlement lost meanwhile"} {
				for _, carried := range []bool{false, true} {
					if each++; each%storetest.Sized(10, 1) != 0 {
						continue
					}
					t.Run(fmt.Sprintf("%s/%s/%s/%v", course, name, meanwhile, carried), func(t *testing.T) {
						with, cWith, id := sparesBegin(t, storetest.SQLite(t), carried, steps)
						u := storetest.UnitOf(t, with, id)
						if !spareMayBeSaid(u, name, untruth.fact) {
							return
						}
						if meanwhile == "entitlement lost meanwhile" && !u.Live() {
							return
						}
						told++
						without, cWithout, plain := sparesBegin(t, storetest.SQLite(t), carried, steps)
						untruth.tell(t, with, cWith, id)

						both := func(do func(env storetest.Env, c storetest.Covered, id string)) {
							do(with, cWith, id)
							do(without, cWithout, plain)
						}
						if meanwhile == "entitlement lost meanwhile" {
							both(func(env storetest.Env, c storetest.Covered, _ string) {
								storetest.LoseLicences(t, env, c)
							})
						}
						if meanwhile != "at once" {
							both(func(env storetest.Env, _ storetest.Covered, id string) {
								storetest.RunSpareUntil(t, env, id, env.Calendar.Now().AddDate(0, 0, 40))
							})
						}
						may := func(env storetest.Env, id string) bool {
							return spare.MaySpare(spare.SpareBill, rules.OperatorAgent,
								storetest.UnitOf(t, env, id).SpareFacts, env.Calendar.Now()) == nil
						}
						if may(with, id) && !may(without, plain) {
							_, err := with.BillSpare(storetest.AgentContext, id, "")
							require.NoError(t, err)
						}

						require.Contains(t, storetest.UnitOf(t, with, id).FactsToTakeBack(), untruth.fact)
						takeBackSpare(t, with, id, untruth.fact)
						both(func(env storetest.Env, _ storetest.Covered, id string) {
							storetest.RunSpareUntil(t, env, id, env.Calendar.Now().AddDate(0, 0, 80))
						})

						require.Equal(t, spareWorldOf(t, without, cWithout, plain), spareWorldOf(t, with, cWith, id))
						storetest.Balanced(t, with)
						with.AuditHolds(t)

						version := storetest.UnitOf(t, with, id).Version
						require.Equal(t, version, takeBackSpare(t, with, id, untruth.fact).Version, "again: nothing")
					})
				}
			}
		}
	}
	require.Greater(t, told, storetest.Sized(3, 60))
}

// Whatever is told, taken back and told again is as if it had been told right at once: random
// facts, with what the customer buys and loses between them.
func TestS62_ToldTakenBackAndToldAgainIsToldRightAtOnce(t *testing.T) {
	names := []string{"shipped", "picked up", "delivered", "sent back", "come back"}
	property := func(t *testing.T, fresh func(testing.TB) storetest.Env) {
		most, runs := storetest.Sized(3, 40), 0
		rapid.Check(t, func(rt *rapid.T) {
			if runs++; runs > most {
				return
			}
			wrong := map[string]bool{}
			for _, name := range names {
				wrong[name] = rapid.Bool().Draw(rt, name+" wrong")
			}
			upTo := rapid.IntRange(1, len(names)).Draw(rt, "facts")
			loses := rapid.IntRange(2, len(names)).Draw(rt, "licences are lost after")
			carried := rapid.Bool().Draw(rt, "with a carrier")

			// Both go on at the same time, in databases of their own.
			course := func(corrected bool) spareWorld {
				env, c, id := sparesBegin(t, fresh(t), carried, nil)
				for i, name := range names[:upTo] {
					u := storetest.UnitOf(t, env, id)
					if spareMayBeSaid(u, name, spareUntruths[name].fact) {
						if corrected && wrong[name] {
							spareUntruths[name].tell(t, env, c, id)
							takeBackSpare(t, env, id, spareUntruths[name].fact)
						}
						spareUntruths[name].tell(t, env, c, id)
					}
					env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
					if i+1 == loses {
						storetest.LoseLicences(t, env, c)
					}
				}
				storetest.Balanced(t, env)
				env.AuditHolds(t)
				return spareWorldOf(t, env, c, id)
			}
			require.Equal(rt, course(false), course(true))
		})
	}
	t.Run("sqlite", func(t *testing.T) { property(t, storetest.SQLite) })
	t.Run("postgres", func(t *testing.T) { property(t, storetest.Postgres) })
}

// What has left the house is told again: the mail that says what was wrong, and finance that
// the fee is withdrawn.
func TestS62_ATakenBackArrivalOfASpareWithdrawsItsFee(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, c, id := sparesBegin(t, env, false, spareBeforeTelling["billed"])
		u := storetest.UnitOf(t, env, id)
		require.Equal(t, spare.SpareBilled, u.State)
		require.Equal(t, licensing.DeviceLost, deviceState(t, env, u.DeviceID))

		u = takeBackSpare(t, env, id, spare.SpareDelivered)
		require.Equal(t, spare.SpareShipped, u.State)
		require.True(t, u.RecallPending, "it is recalled when it arrives")
		require.Nil(t, u.ClosedAt)
		require.Equal(t, licensing.DeviceUnplaced, deviceState(t, env, u.DeviceID))
		require.Equal(t, []string{`{"why":"withdrawn"}`}, env.Strings(t, `SELECT REPLACE(CAST(payload AS text), ' ', '')
			FROM outbox_events WHERE kind = 'event.fee_credited'`))

		var corrected []map[string]any
		for _, m := range env.Mails(t, rules.TemplateSpare) {
			if m.Params["step"] == "CORRECTED" {
				corrected = append(corrected, m.Params)
			}
		}
		require.Len(t, corrected, 2, "the administrator and the site")
		require.Equal(t, "DELIVERED", corrected[0]["wrong"])
		require.Equal(t, "SHIPPED", corrected[0]["holds"])
		require.Equal(t, true, corrected[0]["fee_withdrawn"])

		// The right one counts, with days of its own, and its fee is another one.
		tellingSpare(spare.SpareDelivered)(t, env, c, id)
		u = storetest.UnitOf(t, env, id)
		require.Equal(t, spare.SpareRecallRequested, u.State)
		require.True(t, u.RecallDueAt.After(env.Calendar.Now().AddDate(0, 0, 29)))
		billedSpare(t, env, c, id)
		require.Equal(t, 2, env.Count(t, `SELECT COUNT(*) FROM outbox_events WHERE kind = 'event.fee_billed'`))

		// One that is told to have come back is credited; taken back, it is billed again.
		receivingSpare(t, env, c, id)
		require.Equal(t, spare.SpareReturned, storetest.UnitOf(t, env, id).State)
		u = takeBackSpare(t, env, id, spare.SpareRecallReceived)
		require.Equal(t, spare.SpareBilled, u.State)
		require.NotNil(t, u.ClosedAt)
		require.Equal(t, licensing.DeviceLost, deviceState(t, env, u.DeviceID))
		require.Equal(t, 3, env.Count(t, `SELECT COUNT(*) FROM outbox_events WHERE kind = 'event.fee_billed'`))
		require.Equal(t, 2, env.Count(t, `SELECT COUNT(*) FROM outbox_events WHERE kind = 'event.fee_credited'`))
		env.AuditHolds(t)
	})
}

// A serial number and a tracking number that were typed wrong: the parcel under the wrong
// number says nothing any more, and both numbers are free for whom they belong to.
func TestS62_ATypedTrackingNumberOfASpareIsTakenBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.Spare(t)
		first := env.Agreed(t, c, u)
		other, u2 := env.SpareFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		second := env.Agreed(t, other, u2)
		ship := func(id, serial, tracking string) (replacement.SpareUnit, error) {
			return env.ShipSpare(storetest.AgentContext, id,
				replacement.Parcel{Serial: serial, Carrier: "post", Tracking: tracking})
		}

		_, err := ship(first.ID, "SP-2", "TRK-2") // both are those of the second one
		require.NoError(t, err)
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
		delivered := env.Calendar.Now()
		carrierSays(t, env, "post", "TRK-2", "DELIVERED", delivered)
		require.Equal(t, spare.SpareOnSite, storetest.UnitOf(t, env, first.ID).State)
		_, err = ship(second.ID, "SP-9", "TRK-2")
		storetest.RequireCode(t, shipping.TrackingTaken, err)

		first = takeBackSpare(t, env, first.ID, spare.FactShipped)
		require.Equal(t, spare.SpareApproved, first.State)
		require.Nil(t, first.OnSiteAt)
		require.Empty(t, first.Serial)

		second, err = ship(second.ID, "SP-2", "TRK-2")
		require.NoError(t, err)
		require.Equal(t, spare.SpareOnSite, second.State, "what the carrier told is its own")
		require.True(t, delivered.Equal(*second.OnSiteAt))

		first, err = ship(first.ID, "SP-1", "TRK-1")
		require.NoError(t, err)
		require.Equal(t, spare.SpareShipped, first.State)
		require.Equal(t, []string{"SP1", "TRK-1"}, []string{first.Serial, first.Tracking})
		require.Empty(t, env.Tasks(t, db.TaskShipmentContradicted))
		env.AuditHolds(t)
	})
}

// The carrier brought the parcel that the service booked; only the serial number was typed
// wrong. The right one is on site at once.
func TestS62_ASerialOfASpareIsTypedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c, id := sparesBegin(t, env, true, []spareStep{shippingSpare("SP9")})
		storetest.Scanned(t, env, id, "spare/1", shipping.ScanPickedUp)
		storetest.Scanned(t, env, id, "spare/1", shipping.ScanDelivered)
		onSite := storetest.UnitOf(t, env, id)
		require.Equal(t, spare.SpareOnSite, onSite.State)

		u := takeBackSpare(t, env, id, spare.FactShipped)
		require.Equal(t, spare.SpareApproved, u.State, "nobody knows what is in the parcel")
		shippingSpare("SP1")(t, env, c, id)
		u = storetest.UnitOf(t, env, id)
		require.Equal(t, spare.SpareOnSite, u.State)
		require.Equal(t, "SP1", u.Serial)
		require.True(t, onSite.OnSiteAt.Equal(*u.OnSiteAt))
		require.Equal(t, licensing.DeviceRetired, deviceState(t, env, onSite.DeviceID))
		require.Equal(t, licensing.DeviceSpareOnSite, deviceState(t, env, u.DeviceID))
		require.Len(t, storetest.ParcelsOf(t, env, id), 1, "no other parcel is booked")
		storetest.Balanced(t, env)
		env.AuditHolds(t)
	})
}

// A unit that nobody is entitled to any more and that has left under another serial number is
// not voided: it is shipped again, and recalled when it arrives.
func TestS62_ASerialOfARecalledSpareIsTypedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		steps []spareStep
		back  spare.SpareState // once the shipment is taken back
		again spare.SpareState // and once it is shipped under the right serial
	}{
		"nobody says that it left": {
			steps: []spareStep{shippingSpare("SP9"), losingLicences},
			back:  spare.SpareVoided,
		},
		"picked up": {
			steps: []spareStep{
				shippingSpare("SP9"), losingLicences, tellingSpare(spare.SparePickedUp),
			},
			back:  spare.SpareApproved,
			again: spare.SpareShipped,
		},
		"delivered, and recalled": {
			steps: []spareStep{
				shippingSpare("SP9"), tellingSpare(spare.SpareDelivered), losingLicences,
			},
			back:  spare.SpareApproved,
			again: spare.SpareRecallRequested,
		},
		"delivered, and billed": {
			steps: []spareStep{
				shippingSpare("SP9"), losingLicences, tellingSpare(spare.SpareDelivered), billedSpare,
			},
			back:  spare.SpareApproved,
			again: spare.SpareRecallRequested,
		},
	} {
		t.Run(name, func(t *testing.T) {
			env, covered, id := sparesBegin(t, storetest.SQLite(t), false, c.steps)
			require.Equal(t, c.back, takeBackSpare(t, env, id, spare.FactShipped).State)
			if c.again == "" {
				return
			}
			shippingSpare("SP1")(t, env, covered, id)
			u := storetest.UnitOf(t, env, id)
			require.Equal(t, c.again, u.State)
			require.Equal(t, "SP1", u.Serial)
			require.Equal(t, c.again == spare.SpareShipped, u.RecallPending)

			// Without anything that says that it left it is voided after all.
			takeBackSpare(t, env, id, spare.FactShipped)
			for _, fact := range []spare.SpareFact{spare.SparePickedUp, spare.SpareDelivered} {
				if len(storetest.UnitOf(t, env, id).Standing(fact)) > 0 {
					u = takeBackSpare(t, env, id, fact)
				}
			}
			require.Equal(t, spare.SpareVoided, u.State)
			storetest.Balanced(t, env)
			env.AuditHolds(t)
		})
	}
}

// When something is not taken back, the answer says why, and what to do.
func TestS62_WhatCannotBeTakenBackOfASpareSaysWhy(t *testing.T) {
	env, c, id := sparesBegin(t, storetest.SQLite(t), true, nil)
	refused := func(code string, fact spare.SpareFact, reason string) {
		t.Helper()
		_, err := env.DoSpare(storetest.AgentContext, id, replacement.SpareUnitCommand{
			Name:   spare.SpareTakeBack,
			Fact:   fact,
			Reason: reason,
		})
		storetest.RequireCode(t, code, err)
	}

	refused(rules.StateConflict, spare.SpareDelivered, "nobody told anything")
	shippingSpare("SP1")(t, env, c, id)
	refused(rules.ReasonRequired, spare.FactShipped, " ")
	refused(rules.ValidationFailed, "EATEN", "by whom")
	refused(rma.NothingToTakeBack, spare.SpareDelivered, "nobody told it")

	at := env.Calendar.Now()
	tellingSpare(spare.SpareDelivered)(t, env, c, id)
	storetest.Scanned(t, env, id, "spare/1", shipping.ScanDelivered)
	require.True(t, at.Equal(env.Calendar.Now()))
	refused(rma.CarrierSaysSo, spare.SpareDelivered, "the carrier says so too")
	_, err := env.DoSpare(storetest.Customer(c.Account), id, replacement.SpareUnitCommand{
		Name:   spare.SpareTakeBack,
		Fact:   spare.SpareDelivered,
		Reason: "a customer",
	})
	storetest.RequireCode(t, rules.Forbidden, err)

	usedAndReplenished(t, env, c, id)
	refused(rules.StateConflict, spare.SpareDelivered, "it was used, and another one follows")
}

// A parcel back that people are to hand in goes with the arrival that had it asked for, and
// comes again; and an operator is asked again about the fee of a unit that is not back.
func TestS62_AHandedInRecallOfASpareIsTakenBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c, id := sparesBegin(t, env, false, nil)
		_, err := env.ShipSpare(storetest.AgentContext, id,
			replacement.Parcel{Serial: "SP-1", Carrier: "post", Tracking: "TRK-1"})
		require.NoError(t, err)
		tellingSpare(spare.SpareDelivered)(t, env, c, id)
		storetest.LoseLicences(t, env, c)
		recalls := func() (states []string) {
			return env.Strings(t, `SELECT state FROM shipments WHERE direction = 'RECALL'
				ORDER BY booking_key`)
		}
		require.Equal(t, []string{"CREATED"}, recalls())

		takeBackSpare(t, env, id, spare.SpareDelivered)
		require.Equal(t, []string{"CANCELLED"}, recalls())
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
		tellingSpare(spare.SpareDelivered)(t, env, c, id)
		require.Equal(t, []string{"CANCELLED", "CREATED"}, recalls())

		storetest.RunSpareUntil(t, env, id, env.Calendar.Now().AddDate(0, 0, 40))
		require.Equal(t, 1, unitTasks(t, env, db.TaskSpareFee, id))
		receivingSpare(t, env, c, id)
		require.Zero(t, unitTasks(t, env, db.TaskSpareFee, id))
		require.Equal(t, []string{"CANCELLED", "CANCELLED"}, recalls())
		u := takeBackSpare(t, env, id, spare.SpareRecallReceived)
		require.Equal(t, spare.SpareRecallRequested, u.State)
		require.Equal(t, []string{"CANCELLED", "CANCELLED", "CREATED"}, recalls())
		require.Equal(t, 1, unitTasks(t, env, db.TaskSpareFee, id))
		require.Equal(t, licensing.DeviceSpareOnSite, deviceState(t, env, u.DeviceID))
		env.AuditHolds(t)
	})
}

// A unit that the customer has put into a room has arrived, whatever people told.
func TestS62_ASpareInARoomIsNotTakenBack(t *testing.T) {
	env, c, id := sparesBegin(t, storetest.SQLite(t), false, []spareStep{shippingSpare("SP1")})
	u := storetest.UnitOf(t, env, id)
	_, err := env.PlaceDevice(storetest.Customer(c.Account), *u.DeviceID, c.Room.ID, "")
	require.NoError(t, err)
	tellingSpare(spare.SpareDelivered)(t, env, c, id)

	for _, fact := range []spare.SpareFact{spare.FactShipped, spare.SpareDelivered} {
		_, err := env.TakeBackSpareFact(storetest.AgentContext, id, fact, "it was another one")
		storetest.RequireCode(t, rules.StateConflict, err)
	}
	require.Equal(t, spare.SpareOnSite, storetest.UnitOf(t, env, id).State)
	require.Equal(t, c.Room.ID, roomOf(t, env, *u.DeviceID))
}

// What was told of a parcel says nothing of the next one, and what was told of a recall that
// was withdrawn nothing of the next recall.
func TestS62_OnlyThePresentParcelOfASpareIsTakenBack(t *testing.T) {
	env, c, id := sparesBegin(t, storetest.SQLite(t), false, spareBeforeTelling["on site"])
	require.Equal(t, []spare.SpareFact{spare.FactShipped, spare.SpareDelivered},
		storetest.UnitOf(t, env, id).FactsToTakeBack())
	usedAndReplenished(t, env, c, id)
	require.Empty(t, storetest.UnitOf(t, env, id).FactsToTakeBack())
	shippingSpare("SP2")(t, env, c, id)
	require.Equal(t, []spare.SpareFact{spare.FactShipped}, storetest.UnitOf(t, env, id).FactsToTakeBack())
	u := takeBackSpare(t, env, id, spare.FactShipped)
	require.Equal(t, spare.SpareReplenishing, u.State)
	require.Len(t, u.Tellings, 4, "kept")
}

// What people told under an earlier release is written down when the database is migrated, and
// may be taken back; what the carrier told is not among it.
func TestS62_WhatWasToldOfASpareEarlierMayBeTakenBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c, id := sparesBegin(t, env, true, []spareStep{shippingSpare("SP1")})
		storetest.Scanned(t, env, id, "spare/1", shipping.ScanPickedUp)
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
		tellingSpare(spare.SpareDelivered)(t, env, c, id)
		storetest.LoseLicences(t, env, c)
		receivingSpare(t, env, c, id)

		require.NoError(t, env.Exec(`UPDATE spare_units SET tellings = '[]'`))
		require.NoError(t, env.Exec(spareBackfill(t, env)))
		require.Equal(t, []spare.SpareFact{spare.SpareRecallReceived},
			storetest.UnitOf(t, env, id).FactsToTakeBack())
		takeBackSpare(t, env, id, spare.SpareRecallReceived)
		require.Equal(t, []spare.SpareFact{spare.FactShipped, spare.SpareDelivered},
			storetest.UnitOf(t, env, id).FactsToTakeBack())
		u := takeBackSpare(t, env, id, spare.SpareDelivered)
		require.Equal(t, spare.SpareShipped, u.State)
	})
}

// spareBackfill is what the migration writes down of rows that are there.
func spareBackfill(t *testing.T, env storetest.Env) string {
	t.Helper()
	dialect := "sqlite"
	if env.Postgres() {
		dialect = "postgres"
	}
	file, err := os.ReadFile(
		"../db/migrations/" + dialect + "/00057_what_people_told_of_spares.sql")
	require.NoError(t, err)
	up, _, _ := strings.Cut(string(file), "-- +goose Down")
	_, statement, found := strings.Cut(up, "-- What no parcel accounts for, people told.")
	require.True(t, found)
	return statement
}
