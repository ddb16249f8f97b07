package spare

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// spareTold reads a state, as spareFacts does, of a unit of which people told the facts on the
// days that follow them: shipped, arrived, recalled and returned where they say so.
func spareTold(t *testing.T, text string, facts ...SpareFact) SpareFacts {
	t.Helper()
	f := spareFacts(t, text)
	for i, fact := range facts {
		at := spareAt(i + 1)
		f = f.Hear(rma.Telling[SpareFact]{Fact: fact, At: *at, ToldAt: *at})
		switch fact {
		case FactShipped:
			f.ShippedAt = at
		case SparePickedUp:
			f.PickedUpAt = at
		case SpareDelivered:
			f.OnSiteAt = at
		case SpareRecallScanned:
			f.RecallScannedAt = at
		case SpareRecallReceived:
			f.ReturnedAt = at
		}
	}
	return f
}

// What may be taken back in each state, and in which state the unit is without it.
func TestS62_WhatMayBeTakenBackOfASpareAndWhereItLeads(t *testing.T) {
	outward := []SpareFact{FactShipped, SparePickedUp, SpareDelivered}
	whole := append(outward, SpareRecallScanned, SpareRecallReceived)
	for name, c := range map[string]struct {
		facts   SpareFacts
		want    map[SpareFact]SpareState
		pending bool // it is recalled when it arrives, once its arrival is taken back
	}{
		"nothing told": {facts: spareTold(t, "APPROVED")},
		"picked up": {
			facts: spareTold(t, "APPROVED", SparePickedUp),
			want:  map[SpareFact]SpareState{SparePickedUp: SpareApproved},
		},
		"picked up, not entitled": {
			facts: spareTold(t, "APPROVED pending", SparePickedUp),
			want:  map[SpareFact]SpareState{SparePickedUp: SpareVoided},
		},
		"shipped": {
			facts: spareTold(t, "SHIPPED", FactShipped),
			want:  map[SpareFact]SpareState{FactShipped: SpareApproved},
		},
		"shipped, not entitled": {
			facts: spareTold(t, "SHIPPED pending", FactShipped),
			want:  map[SpareFact]SpareState{FactShipped: SpareVoided},
		},
		"shipped and picked up, not entitled": {
			facts: spareTold(t, "SHIPPED pending", FactShipped, SparePickedUp),
			want: map[SpareFact]SpareState{
				FactShipped:   SpareApproved,
				SparePickedUp: SpareShipped,
			},
		},
		"on site": {
			facts: spareTold(t, "ON_SITE", outward...),
			want: map[SpareFact]SpareState{
				FactShipped:    SpareApproved,
				SparePickedUp:  SpareOnSite,
				SpareDelivered: SpareShipped,
			},
		},
		"recalled": {
			facts: spareTold(t, "RECALL_REQUESTED", outward...),
			want: map[SpareFact]SpareState{
				FactShipped:    SpareApproved,
				SparePickedUp:  SpareRecallRequested,
				SpareDelivered: SpareShipped,
			},
			pending: true,
		},
		"on its way back": {
			facts: spareTold(t, "RECALL_REQUESTED", whole[:4]...),
			want:  map[SpareFact]SpareState{SpareRecallScanned: SpareRecallRequested},
		},
		"back": {
			facts: func() SpareFacts {
				f := spareTold(t, "RECALL_REQUESTED", whole...)
				f.State = SpareReturned
				return f
			}(),
			want: map[SpareFact]SpareState{
				SpareRecallScanned:  SpareReturned,
				SpareRecallReceived: SpareRecallRequested,
			},
		},
		"back, and billed before": {
			facts: func() SpareFacts {
				f := spareTold(t, "RECALL_REQUESTED", whole...)
				f.State, f.BilledAt = SpareReturned, spareAt(40)
				return f
			}(),
			want: map[SpareFact]SpareState{
				SpareRecallScanned:  SpareReturned,
				SpareRecallReceived: SpareBilled,
			},
		},
		"used":   {facts: spareTold(t, "CONSUMED", outward...)},
		"waived": {facts: spareTold(t, "WAIVED", outward...)},
		"the next one": {
			facts: func() SpareFacts {
				f := spareTold(t, "ON_SITE", outward...)
				f.State, f.ConsumedAt, f.Parcels = SpareReplenishing, spareAt(9), 1
				f.ShippedAt, f.PickedUpAt, f.OnSiteAt = nil, nil, nil
				return f
			}(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := c.facts
			var may []SpareFact
			for _, fact := range whole {
				if _, ok := c.want[fact]; ok {
					may = append(may, fact)
				}
			}
			require.Equal(t, may, f.FactsToTakeBack())
			require.Equal(t, len(may) > 0,
				MaySpare(SpareTakeBack, rules.OperatorAgent, f, spareDay) == nil)

			for _, fact := range may {
				without := f.TakeBack(fact, CarrierFacts{}, *spareAt(50))
				require.Equal(t, c.want[fact], without.State, fact)
				require.True(t, without.TakenBack(fact), fact)
				require.Equal(t, rma.NothingToTakeBack, rules.CodeOf(without.CheckTakeBack(fact)), fact)
				require.Equal(t, f.Live(), without.Live(), "%s: the balance stays", fact)
				require.Equal(t, without.State == SpareVoided, without.VoidedAt != nil, fact)
				require.Len(t, without.Tellings, len(f.Tellings)+1, "kept")
				if fact == SpareDelivered || fact == FactShipped && without.State != SpareVoided {
					require.Equal(t, c.pending || f.RecallPending, without.RecallPending, fact)
					require.Nil(t, without.RecallDueAt, fact)
				}
			}
		})
	}
}

// What the carrier says itself stays.
func TestS62_TheCarriersWordOfASpareStays(t *testing.T) {
	f := spareTold(t, "ON_SITE", FactShipped, SparePickedUp, SpareDelivered)
	carrier := CarrierFacts{PickedUpAt: spareAt(20), DeliveredAt: spareAt(21)}
	without := f.TakeBack(SpareDelivered, carrier, *spareAt(50))
	require.Equal(t, SpareOnSite, without.State)
	require.Equal(t, spareAt(21), without.OnSiteAt)

	without = without.TakeBack(FactShipped, carrier, *spareAt(51))
	require.Equal(t, SpareApproved, without.State, "nobody knows what is in the parcel")
	require.NotNil(t, without.PickedUpAt)
	require.True(t, without.UnderWay())
	require.Equal(t, spareAt(2), without.Untracked().PickedUpAt, "as people told it")
}

// A recall that was withdrawn says nothing of the next one.
func TestS62_WhatWasToldOfARecallIsOfThatRecall(t *testing.T) {
	f := spareTold(t, "RECALL_REQUESTED", FactShipped, SpareDelivered, SpareRecallScanned)
	require.Equal(t, []SpareFact{SpareRecallScanned}, f.FactsToTakeBack())
	f.RecallRequestedAt, f.RecallScannedAt = spareAt(10), nil
	require.Empty(t, f.Standing(SpareRecallScanned))
	require.Equal(t, []SpareFact{FactShipped, SpareDelivered}, f.FactsToTakeBack())

	var refused []string
	for _, fact := range []SpareFact{SparePickedUp, SpareRecallScanned, "EATEN"} {
		refused = append(refused, rules.CodeOf(f.CheckTakeBack(fact)))
	}
	require.Equal(t, strings.Repeat(rma.NothingToTakeBack+" ", 3), strings.Join(refused, " ")+" ")
}
