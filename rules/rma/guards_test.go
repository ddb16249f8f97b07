package rma

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
)

// The warehouse says what is in a parcel that the carrier has already, once, and not after
// the faulty unit was inspected.
func TestShipIsSaidOfAParcelThatTheCarrierHas(t *testing.T) {
	taken := func(change func(*RMAFacts)) RMAFacts {
		f := RMAFacts{
			RequestedAt: rmaDay,
			ApprovedAt:  &rmaDay,
			AllocatedAt: &rmaDay,
			PickedUpAt:  &rmaDay,
		}
		change(&f)
		return f
	}
	for name, x := range map[string]struct {
		facts RMAFacts
		may   bool
	}{
		"picked up":              {taken(func(*RMAFacts) {}), true},
		"delivered":              {taken(func(f *RMAFacts) { f.DeliveredAt = &rmaDay }), true},
		"never set aside":        {taken(func(f *RMAFacts) { f.AllocatedAt = nil }), false},
		"said before":            {taken(func(f *RMAFacts) { f.ShippedAt = &rmaDay }), false},
		"inspected by now":       {taken(func(f *RMAFacts) { f.DeliveredAt, f.InspectedAt = &rmaDay, &rmaDay }), false},
		"a spare took its place": {taken(func(f *RMAFacts) { f.PickedUpAt, f.SwappedAt = nil, &rmaDay }), false},
	} {
		err := MayRMA(RMAShip, rules.OperatorAgent, x.facts, rmaDay.Add(time.Hour))
		require.Equal(t, x.may, err == nil, "%s: %v", name, err)
	}
}

// S25: what is wrong with a typed address is said beside what else is wrong, and alone as
// wrong input.
func TestS25_AWrongAddressBesideOtherRefusals(t *testing.T) {
	wrong := []rules.FieldError{{Pointer: "/ship_to/address/city", Code: rules.Required}}
	codes := func(err error) (code string, fields []string) {
		var refusal *rules.Error
		require.True(t, errors.As(err, &refusal))
		for _, f := range refusal.Fields {
			fields = append(fields, f.Code)
		}
		return refusal.Code, fields
	}

	_, err := MayRequestRMA(sound(func(q *RMARequest) { q.SiteWrong = wrong }))
	code, fields := codes(err)
	require.Equal(t, rules.ValidationFailed, code)
	require.Equal(t, []string{rules.Required}, fields)

	_, err = MayRequestRMA(sound(func(q *RMARequest) {
		q.OpenRMA = true
		q.SiteWrong = wrong
	}))
	code, fields = codes(err)
	require.Equal(t, RMAOpen, code)
	require.Equal(t, []string{RMAOpen, rules.Required}, fields)
}

// The bounds of what a tenant may ask for, at their edges.
func TestR74_TheBoundsOfARequest(t *testing.T) {
	undecided := func(n int, role rules.Role) error {
		_, err := MayRequestRMA(sound(func(q *RMARequest) { q.Role, q.Undecided = role, n }))
		return err
	}
	require.NoError(t, undecided(MaxUndecided-1, rules.CustomerAdmin))
	require.Error(t, undecided(MaxUndecided, rules.CustomerAdmin))
	require.NoError(t, undecided(MaxUndecided, rules.OperatorAgent))
	require.NoError(t, undecided(MaxUndecided, "SYSTEM"))

	for pieces, may := range map[int]bool{0: false, 1: true, MaxAccessories: true, MaxAccessories + 1: false} {
		_, err := MayRequestRMA(accessory(func(q *RMARequest) { q.Quantity = pieces }))
		require.Equal(t, may, err == nil, pieces)
	}

	_, err := MayRequestRMA(accessory(func(q *RMARequest) {
		q.Cover = cover.Answer{Code: rules.NotCovered, Reasons: []cover.Reason{{Code: cover.ReasonSerialRequired}}}
	}))
	require.Equal(t, SerialMissing, rules.CodeOf(err))
	_, err = MayRequestRMA(accessory(func(q *RMARequest) {
		q.Cover = cover.Answer{Code: rules.NotCovered, Reasons: []cover.Reason{{Code: rules.NotCovered}}}
	}))
	require.Equal(t, rules.NotCovered, rules.CodeOf(err))
}

// S62: of two inspections the last one is taken back alone, of a fact that was told twice both
// are; and a shipment that was declared lost is none to take back.
func TestS62_WhatStandsAfterSomethingIsTakenBack(t *testing.T) {
	f := RMAFacts{RequestedAt: rmaDay, ShippedAt: &rmaDay}
	for _, fact := range []RMAFact{FactInspected, FactDelivered} {
		for range 2 {
			f = f.Hear(Telling[RMAFact]{Fact: fact, At: rmaDay, ToldAt: rmaDay})
		}
		f = f.Hear(Telling[RMAFact]{Fact: fact, ToldAt: rmaDay, TakesBack: true})
	}
	require.Len(t, f.Standing(FactInspected), 1)
	require.Empty(t, f.Standing(FactDelivered))
	require.NoError(t, f.CheckTakeBack(FactInspected))
	require.Equal(t, NothingToTakeBack, rules.CodeOf(f.CheckTakeBack(FactDelivered)))

	f = f.Hear(Telling[RMAFact]{Fact: FactShipped, At: rmaDay, ToldAt: rmaDay})
	require.NoError(t, f.CheckTakeBack(FactShipped))
	f.Reships++
	require.Equal(t, NothingToTakeBack, rules.CodeOf(f.CheckTakeBack(FactShipped)))
	f.Reships--
	f.ShippedAt = nil
	require.Equal(t, NothingToTakeBack, rules.CodeOf(f.CheckTakeBack(FactShipped)))
}
