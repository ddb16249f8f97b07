package rma

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/rules/rulestest"
)

// rmaArrow is a change of state: from and to.
type rmaArrow[S ~string] struct{ From, To S }

// arrowsSeen are the changes of the three states of an RMA that were seen.
type arrowsSeen struct {
	overall  map[rmaArrow[RMAState]]bool
	outbound map[rmaArrow[OutboundState]]bool
	back     map[rmaArrow[ReturnState]]bool
}

func noArrows() arrowsSeen {
	return arrowsSeen{
		overall:  map[rmaArrow[RMAState]]bool{},
		outbound: map[rmaArrow[OutboundState]]bool{},
		back:     map[rmaArrow[ReturnState]]bool{},
	}
}

func (seen arrowsSeen) note(before, after RMAFacts, then, now time.Time) {
	noteArrow(seen.overall, before.State(then), after.State(now))
	noteArrow(seen.outbound, before.Outbound(), after.Outbound())
	noteArrow(seen.back, before.Return(then), after.Return(now))
}

func noteArrow[S ~string](seen map[rmaArrow[S]]bool, from, to S) {
	if from != to {
		seen[rmaArrow[S]{from, to}] = true
	}
}

// effect is what one step adds to the facts; what it does after one another, such as
// receiving and inspecting a unit, passes through a state each.
type effect []func(f *RMAFacts, at *time.Time)

// commandEffects are the ways in which each command may end.
var commandEffects = map[RMACommand][]effect{
	RMAApprove:   {{func(f *RMAFacts, at *time.Time) { f.ApprovedAt = at }}},
	RMAReject:    {{func(f *RMAFacts, at *time.Time) { f.RejectedAt = at }}},
	RMAAppeal:    {{func(f *RMAFacts, at *time.Time) { f.AppealedAt = at }}},
	RMAWithdraw:  {{func(f *RMAFacts, at *time.Time) { f.WithdrawnAt = at }}},
	RMAUseSpare:  {{func(f *RMAFacts, at *time.Time) { f.SwappedAt = at }}},
	RMAAllocate:  {{allocated}},
	RMABackorder: {{func(f *RMAFacts, at *time.Time) { f.BackorderedAt = at }}},
	RMAShip:      {{func(f *RMAFacts, at *time.Time) { f.ShippedAt = at }}},
	RMAReship:    {{declaredLost}, {declaredLost, allocated}}, // a depot may have another one
	RMAReceive:   {{received}},
	RMAInspect: {
		{received, inspectedAs(OutcomeDefect)},
		{received, inspectedAs(OutcomeDamage)},
		{received, inspectedAs(OutcomeWrongUnit)},
	},
	RMAKeepUnit: {{func(f *RMAFacts, at *time.Time) { f.NoReturnAt = at }}},
	RMABill:     {{billed}},
	RMAWaive:    {{func(f *RMAFacts, at *time.Time) { f.WaivedAt = at }}},
}

func allocated(f *RMAFacts, at *time.Time) { f.AllocatedAt = at }

func declaredLost(f *RMAFacts, _ *time.Time) {
	f.Reships++
	f.AllocatedAt = nil
	f.BackorderedAt = nil
	f.ShippedAt = nil
	f.PickedUpAt = nil
}

func received(f *RMAFacts, at *time.Time) { *f = f.With(FactReturnReceived, *at) }

// inspectedAs is an inspection; after a wrong unit the customer's days begin again.
func inspectedAs(outcome RMAOutcome) func(*RMAFacts, *time.Time) {
	return func(f *RMAFacts, at *time.Time) {
		if f.InspectedAt != nil {
			return // refused: the unit was inspected
		}
		*f = f.Inspected("SN1", "SN1", outcome, *at)
		if outcome == OutcomeWrongUnit {
			f.ReturnDueAt, f.FeeConfirmAt = nil, nil
		}
	}
}

func billed(f *RMAFacts, at *time.Time) {
	if f.DamageOpen() {
		f.DamageBilledAt = at
		return
	}
	f.BilledAt = at
}

// stepsOf lists what somebody may do with an RMA, or what may happen to it, at an
// instant, in its regular order: a command, what the carrier tells of a parcel that it
// has, or a day that ends.
func stepsOf(f RMAFacts, at time.Time) []effect {
	var steps []effect
	happens := func(may bool, what func(*RMAFacts, *time.Time)) {
		if may {
			steps = append(steps, effect{what})
		}
	}
	done := f.Outbound().Done()
	for c, ways := range commandEffects {
		ahead := (c == RMAReceive || c == RMAInspect) && !done // sent back before the replacement came
		if !ahead && MayRMA(c, "SYSTEM", f, at) == nil {
			steps = append(steps, ways...)
		}
	}
	tells := func(fact RMAFact) func(*RMAFacts, *time.Time) {
		return func(f *RMAFacts, at *time.Time) { *f = f.With(fact, *at) }
	}
	out, booked := f.Outbound(), f.AllocatedAt != nil
	happens(out == OutboundShipped || out == OutboundWithdrawn && f.ShippedAt != nil, tells(FactPickedUp))
	happens(out == OutboundShipped || out == OutboundSwapped && booked, tells(FactDelivered))
	happens(done && f.InspectedAt == nil, tells(FactReturnScanned))
	happens(f.outstanding() && f.ReturnDueAt == nil, func(f *RMAFacts, at *time.Time) {
		f.ReturnDueAt = at
	})
	happens(f.outstanding() && f.ReturnDueAt != nil && f.FeeConfirmAt == nil, func(f *RMAFacts, at *time.Time) {
		f.FeeConfirmAt = at
	})
	return steps
}

// likeness is all that the derivation and the commands look at: two histories of one
// likeness go on alike.
func likeness(f RMAFacts, now time.Time) string {
	known := func(at *time.Time) bool { return at != nil }
	return fmt.Sprint(f.State(now), f.Outbound(), f.Return(now), f.Fee(), f.Outcome, f.Reships,
		known(f.RejectedAt), known(f.AppealedAt), known(f.ApprovedAt), known(f.WithdrawnAt), known(f.SwappedAt),
		known(f.BackorderedAt), known(f.AllocatedAt), known(f.ShippedAt), known(f.PickedUpAt), known(f.DeliveredAt),
		known(f.ReturnScannedAt), known(f.ReturnReceivedAt), known(f.WrongUnitAt), known(f.InspectedAt),
		known(f.NoReturnAt), known(f.BilledAt), known(f.DamageBilledAt), known(f.WaivedAt),
		known(f.ReturnDueAt), known(f.FeeConfirmAt), After(f.RejectedAt, f.AppealedAt),
		After(f.ReturnReceivedAt, f.WrongUnitAt), After(f.ReturnScannedAt, f.WrongUnitAt),
		After(f.ReturnLastScannedAt, f.WrongUnitAt),
		After(f.WrongUnitAt, f.DeliveredAt), After(f.WrongUnitAt, f.SwappedAt))
}

// everyCourse takes an RMA through every course of regular steps.
func everyCourse() (seen arrowsSeen, courses int) {
	type place struct {
		facts RMAFacts
		at    time.Time
	}
	seen = noArrows()
	first := place{RMAFacts{RequestedAt: rmaDay}, rmaDay}
	known := map[string]bool{likeness(first.facts, first.at): true}

	for ahead := []place{first}; len(ahead) > 0; ahead = ahead[1:] {
		for _, step := range stepsOf(ahead[0].facts, ahead[0].at.Add(time.Hour)) {
			f, at := ahead[0].facts, ahead[0].at
			for _, change := range step {
				before, then := f, at
				at = at.Add(time.Hour)
				when := at
				change(&f, &when)
				seen.note(before, f, then, at)
			}
			if l := likeness(f, at); !known[l] {
				known[l] = true
				ahead = append(ahead, place{f, at})
			}
		}
	}
	return seen, len(known)
}

func TestRMAArrowsAreThoseOfEveryCourse(t *testing.T) {
	seen, courses := everyCourse()
	require.Greater(t, courses, 5000)
	require.Equal(t, namedArrows(RMAStates()), seen.overall)
	require.Equal(t, namedArrows(OutboundStates()), seen.outbound)
	require.Equal(t, namedArrows(ReturnStates()), seen.back)
}

// namedArrows are the arrows of the tables, the one to the first state aside.
func namedArrows[S rulestest.Movable[S]](states []S) map[rmaArrow[S]]bool {
	arrows := map[rmaArrow[S]]bool{}
	for _, from := range states {
		for _, to := range states {
			if from.CanBecome(to) {
				arrows[rmaArrow[S]{from, to}] = true
			}
		}
	}
	return arrows
}

// Facts come twice, late and in any order: then an RMA takes several arrows at once, and
// never goes where no arrow leads.
func TestRMAFactsInAnyOrderFollowTheArrows(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		seen := noArrows()
		f := RMAFacts{RequestedAt: rmaDay}
		now := rmaDay

		for range rapid.IntRange(1, 25).Draw(r, "steps") {
			before, then := f, now
			now = now.Add(time.Hour)
			facts, steps := toldOf(f), stepsOf(f, now)

			if len(facts) > 0 && rapid.IntRange(0, 2).Draw(r, "told") == 0 {
				minutes := rapid.IntRange(0, int(now.Sub(rmaDay).Minutes())).Draw(r, "minutes")
				at := rmaDay.Add(time.Duration(minutes) * time.Minute)
				f = f.With(rapid.SampledFrom(facts).Draw(r, "fact"), at)
			} else if len(steps) > 0 {
				for _, change := range steps[rapid.IntRange(0, len(steps)-1).Draw(r, "step")] {
					at := now
					change(&f, &at)
				}
			}
			seen.note(before, f, then, now)
		}

		requireReachable(r, seen.overall)
		requireReachable(r, seen.outbound)
		requireReachable(r, seen.back)
	})
}

// toldOf lists what may be told of an RMA at any time: of a parcel that was booked, and
// of a unit that was asked back.
func toldOf(f RMAFacts) []RMAFact {
	var facts []RMAFact
	if f.AllocatedAt != nil {
		facts = append(facts, FactPickedUp, FactDelivered)
	}
	if f.ApprovedAt != nil || f.Outbound().Done() {
		facts = append(facts, FactReturnScanned, FactReturnReceived)
	}
	return facts
}

func requireReachable[S interface {
	rulestest.Movable[S]
	CanReach(S) bool
}](t require.TestingT, seen map[rmaArrow[S]]bool) {
	for a := range seen {
		require.True(t, a.From.CanReach(a.To), "%s to %s", a.From, a.To)
	}
}

// The steps of RULES 2, and the further ones that commands and late facts make.
func TestRMAMoves(t *testing.T) {
	rulestest.ExpectMoves[RMAState](
		t,
		`>REQUESTED REQUESTED>APPROVED+REJECTED+WITHDRAWN+AWAITING_RETURN REJECTED>REQUESTED
		WITHDRAWN>SHIPPED APPROVED>ALLOCATED+BACKORDERED+WITHDRAWN+AWAITING_RETURN
		BACKORDERED>ALLOCATED+WITHDRAWN+AWAITING_RETURN ALLOCATED>SHIPPED+WITHDRAWN+AWAITING_RETURN
		SHIPPED>AWAITING_RETURN+APPROVED+WITHDRAWN
		AWAITING_RETURN>RETURN_IN_TRANSIT+RETURN_RECEIVED+OVERDUE+NO_RETURN_REQUIRED
		OVERDUE>RETURN_IN_TRANSIT+RETURN_RECEIVED+NON_RETURN_BILLED+NO_RETURN_REQUIRED
		RETURN_IN_TRANSIT>RETURN_RECEIVED
		RETURN_RECEIVED>CLOSED+INSPECTED+AWAITING_RETURN+NON_RETURN_BILLED+NO_RETURN_REQUIRED
		INSPECTED>CLOSED NON_RETURN_BILLED>RETURN_IN_TRANSIT+RETURN_RECEIVED+NO_RETURN_REQUIRED
		NO_RETURN_REQUIRED>RETURN_IN_TRANSIT+RETURN_RECEIVED+INSPECTED+CLOSED`,
	)
}
