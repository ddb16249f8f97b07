package rma

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
)

// What may be told in which state: a parcel exists once a unit is allocated, and a unit
// comes back once somebody asked for it.
func TestS62_OnlyWhatCanHaveHappenedMayBeTold(t *testing.T) {
	out := []RMAFact{FactPickedUp, FactDelivered}
	back := []RMAFact{FactReturnScanned, FactReturnReceived}
	both := append(append([]RMAFact{}, out...), back...)
	for text, want := range map[string][]RMAFact{
		"":                                   nil,
		"rejected@1":                         nil,
		"rejected@1 appealed@2":              nil,
		"withdrawn@1":                        nil,
		"approved@1":                         back,
		"approved@1 withdrawn@2":             nil,
		"approved@1 backordered@2":           back,
		"approved@1 allocated@2":             both,
		"approved@1 allocated@2 withdrawn@3": out, // the carrier may have it
		"approved@1 allocated@2 shipped@3":   both,
		"approved@1 allocated@2 delivered@4": both,
		"swapped@1":                          back,
		"approved@1 allocated@2 swapped@3":   both,
		"approved@1 allocated@2 delivered@3 nofault@9": both, // told again, it changes nothing
	} {
		f := rmaHistory(t, text)
		require.Equal(t, want, f.FactsToTell(), text)

		for _, fact := range both {
			err := f.CheckTold(fact, time.Time{}, rmaAt(30))
			require.Equal(t, !f.MayBeTold(fact), rules.CodeOf(err) == rules.StateConflict, "%s %s", text, fact)
		}
	}
	require.False(t, RMAFacts{}.MayBeTold("DANCED"))
}

// An instant that a person types and that cannot be true is refused by its field.
func TestS62_InstantsThatCannotBeTrueAreRefused(t *testing.T) {
	f := rmaHistory(t, "approved@5 allocated@6 shipped@7")
	for _, c := range []struct {
		fact RMAFact
		at   time.Time
		code string
	}{
		{FactDelivered, rmaAt(8), ""},
		{FactDelivered, time.Time{}, ""},
		{FactPickedUp, rmaAt(5), ""},
		{FactDelivered, rmaAt(4), rules.TooEarly},
		{FactPickedUp, rmaAt(-2000), rules.TooEarly},
		{FactDelivered, rmaAt(11), rules.InTheFuture},
		{FactReturnScanned, rmaAt(1), ""},
		{FactReturnScanned, rmaAt(-1), rules.TooEarly},
		{FactReturnReceived, rmaAt(40), rules.InTheFuture},
	} {
		err := f.CheckTold(c.fact, c.at, rmaAt(10))
		if c.code == "" {
			require.NoError(t, err, "%s %s", c.fact, c.at)
			continue
		}
		require.Equal(t, rules.ValidationFailed, rules.CodeOf(err))
		require.Equal(t, "/at", err.(*rules.Error).Fields[0].Pointer)
		require.Equal(t, c.code, err.(*rules.Error).Fields[0].Code)
	}
}

// An instant that was taken before instants were checked gives way to the right one.
func TestS62_TheRightInstantReplacesAnImpossibleOne(t *testing.T) {
	f := rmaHistory(t, "approved@5 shipped@7")
	lastYear := rmaAt(-365)
	f.DeliveredAt, f.PickedUpAt, f.ReturnScannedAt = &lastYear, &lastYear, &lastYear

	f = f.With(FactDelivered, rmaAt(9)).With(FactPickedUp, rmaAt(8)).With(FactReturnScanned, rmaAt(10))
	require.Equal(t, rmaAt(9), *f.DeliveredAt)
	require.Equal(t, rmaAt(8), *f.PickedUpAt)
	require.Equal(t, rmaAt(10), *f.ReturnScannedAt)
	require.Equal(t, rmaAt(9), *f.With(FactDelivered, rmaAt(12)).DeliveredAt, "the first one that can be true")
}
