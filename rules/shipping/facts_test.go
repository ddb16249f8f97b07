package shipping

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var scanDay = time.Date(2026, 9, 4, 12, 0, 0, 0, time.UTC)

// scansOf reads "PICKED_UP@1 DELIVERED@20": kind and hours after scanDay.
func scansOf(t *testing.T, text string) (out []Scan) {
	t.Helper()
	for _, word := range strings.Fields(text) {
		kind, hours, _ := strings.Cut(word, "@")
		after, err := time.ParseDuration(hours + "h")
		require.NoError(t, err)
		require.True(t, ScanKind(kind).Valid(), kind)
		out = append(out, Scan{Kind: ScanKind(kind), At: scanDay.Add(after)})
	}
	return out
}

// permute calls fn with every order of the scans.
func permute(scans []Scan, fn func([]Scan)) {
	var walk func(k int)
	walk = func(k int) {
		if k == len(scans) {
			fn(scans)
			return
		}
		for i := k; i < len(scans); i++ {
			scans[k], scans[i] = scans[i], scans[k]
			walk(k + 1)
			scans[k], scans[i] = scans[i], scans[k]
		}
	}
	walk(0)
}

// Each arrow of the table of shipments, by the scans that lead over it, in every
// order of arrival.
func TestShipmentProgressByScans(t *testing.T) {
	for text, want := range map[string]struct {
		state        ShipmentState
		contradicted bool
	}{
		"":                                    {ShipmentCreated, false},
		"CANCELLED@1":                         {ShipmentCancelled, false},
		"LABELLED@0":                          {ShipmentLabelled, false},
		"LABELLED@0 CANCELLED@1":              {ShipmentCancelled, false},
		"LABELLED@0 PICKED_UP@2":              {ShipmentPickedUp, false},
		"LABELLED@0 EXCEPTION@1":              {ShipmentException, false},
		"PICKED_UP@2 EXCEPTION@3":             {ShipmentException, false},
		"PICKED_UP@2 EXCEPTION@2":             {ShipmentException, false},
		"LABELLED@0 PICKED_UP@2 IN_TRANSIT@5": {ShipmentInTransit, false},
		// a clock is wrong; the parcel does not go back
		"IN_TRANSIT@5 PICKED_UP@9": {ShipmentInTransit, false},
		"IN_TRANSIT@5":             {ShipmentInTransit, false}, // scans are missing
		"LABELLED@0 PICKED_UP@2 IN_TRANSIT@5 DELIVERED@20": {ShipmentDelivered, false},
		"DELIVERED@20":                          {ShipmentDelivered, false},
		"IN_TRANSIT@5 EXCEPTION@6":              {ShipmentException, false},
		"IN_TRANSIT@5 EXCEPTION@6 IN_TRANSIT@8": {ShipmentInTransit, false},
		"LABELLED@0 EXCEPTION@1 PICKED_UP@3":    {ShipmentInTransit, false},
		"EXCEPTION@6 PICKED_UP@9":               {ShipmentInTransit, false},
		"EXCEPTION@6 DELIVERED@9":               {ShipmentDelivered, false},
		"EXCEPTION@6 DELIVERED@5":               {ShipmentDelivered, false},
		"EXCEPTION@6 LOST@100":                  {ShipmentLost, false},
		"EXCEPTION@6 RETURNED_TO_SENDER@100":    {ShipmentReturnedToSender, false},
		"LOST@100 IN_TRANSIT@120":               {ShipmentLost, false},
		"LOST@100 DELIVERED@120":                {ShipmentDelivered, true},
		"RETURNED_TO_SENDER@90 DELIVERED@20":    {ShipmentDelivered, true},
		"RETURNED_TO_SENDER@90 LOST@20":         {ShipmentReturnedToSender, true},
		"CANCELLED@1 PICKED_UP@2":               {ShipmentCancelled, true},
		"CANCELLED@1 EXCEPTION@2":               {ShipmentCancelled, false},
		"CANCELLED@1 DELIVERED@20":              {ShipmentDelivered, true},
	} {
		scans := scansOf(t, text)
		permute(append(scans, scans[:min(2, len(scans))]...), func(order []Scan) { // two of them twice
			p := ProgressOf(order)
			require.Equal(t, want.state, p.State, text)
			require.Equal(t, want.contradicted, p.Contradicted, text)
		})
	}
}

func TestS22_FirstMoveIsTheCarriersFirstScan(t *testing.T) {
	p := ProgressOf(scansOf(t, "DELIVERED@20 IN_TRANSIT@5 LABELLED@0 PICKED_UP@2 IN_TRANSIT@7 DELIVERED@21"))
	require.Equal(t, scanDay.Add(2*time.Hour), *p.FirstMoveAt)
	require.Equal(t, scanDay.Add(20*time.Hour), *p.DeliveredAt)
	require.Equal(t, scanDay.Add(21*time.Hour), *p.LastScanAt)
	p = ProgressOf(scansOf(t, "LABELLED@0 EXCEPTION@1 LOST@9"))
	require.Nil(t, p.FirstMoveAt, "nobody saw the carrier take it")
	require.Nil(t, p.DeliveredAt)
	require.Nil(t, ProgressOf(nil).LastScanAt)
}

func scanGenerator() *rapid.Generator[Scan] {
	return rapid.Custom(func(t *rapid.T) Scan {
		return Scan{
			Kind: rapid.SampledFrom(ScanKinds()).Draw(t, "kind"),
			At:   scanDay.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "hours")) * time.Hour),
		}
	})
}

func TestShipmentProgressIgnoresOrderAndRepetition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scans := rapid.SliceOfN(scanGenerator(), 0, 12).Draw(t, "scans")
		want := ProgressOf(scans)
		again := append(
			append([]Scan{}, scans...),
			rapid.SliceOfN(rapid.SampledFrom(append(scans, Scan{})), 0, 5).Draw(t, "twice")...,
		)
		again = removeZero(again)
		require.Equal(t, want, ProgressOf(rapid.Permutation(again).Draw(t, "order")))
	})
}

func removeZero(scans []Scan) (out []Scan) {
	for _, s := range scans {
		if s.Kind != "" {
			out = append(out, s)
		}
	}
	return out
}

// As scans come in, the state goes along the arrows only, unless a later one
// corrects an end that was told too early; and no end is ever taken back.
func TestShipmentProgressFollowsTheArrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scans := rapid.SliceOfN(scanGenerator(), 1, 12).Draw(t, "scans")
		for i := range scans {
			before, after := ProgressOf(scans[:i]), ProgressOf(scans[:i+1])
			if before.State == after.State {
				continue
			}
			if !before.State.Live() {
				require.True(t, after.Contradicted, "%s to %s", before.State, after.State)
				require.False(t, after.State.Live(), "%s to %s", before.State, after.State)
				continue
			}
			late := after.State == ShipmentCancelled
			require.True(t, before.State.CanReach(after.State) || late && after.Contradicted ||
				before.State == ShipmentException && late, "%s to %s", before.State, after.State)
		}
	})
}

func TestUnknownScansAreNone(t *testing.T) {
	require.False(t, ScanKind("").Valid())
	require.False(t, ScanKind("CREATED").Valid())
	require.False(t, ScanKind("delivered").Valid())
	require.Len(t, ScanKinds(), 8)
}

// A scan whose instant cannot be true is kept and not acted on, until the carrier reports
// the same with one that can; the order of arrival does not matter.
func TestS62_ImpossibleScansContradictUntilTheyAreCorrected(t *testing.T) {
	lastYear := scanDay.AddDate(-1, 0, 0)
	wrong := func(kind ScanKind) Scan { return Scan{Kind: kind, At: lastYear, Contradicted: true} }
	for name, c := range map[string]struct {
		wrong        []Scan
		text         string
		state        ShipmentState
		contradicted bool
	}{
		"delivered a year ago":       {[]Scan{wrong(ScanDelivered)}, "LABELLED@0", ShipmentLabelled, true},
		"and corrected":              {[]Scan{wrong(ScanDelivered)}, "LABELLED@0 DELIVERED@9", ShipmentDelivered, false},
		"picked up a year ago":       {[]Scan{wrong(ScanPickedUp)}, "LABELLED@0", ShipmentLabelled, true},
		"picked up, by now arrived":  {[]Scan{wrong(ScanPickedUp)}, "LABELLED@0 DELIVERED@9", ShipmentDelivered, false},
		"another kind says nothing":  {[]Scan{wrong(ScanLost)}, "LABELLED@0 IN_TRANSIT@3", ShipmentInTransit, true},
		"nothing else is known":      {[]Scan{wrong(ScanDelivered)}, "", ShipmentCreated, true},
		"told after the right one":   {[]Scan{wrong(ScanInTransit)}, "IN_TRANSIT@3", ShipmentInTransit, false},
		"several, one not corrected": {[]Scan{wrong(ScanInTransit), wrong(ScanLost)}, "IN_TRANSIT@3", ShipmentInTransit, true},
	} {
		permute(append(scansOf(t, c.text), c.wrong...), func(order []Scan) {
			p := ProgressOf(order)
			require.Equal(t, c.state, p.State, name)
			require.Equal(t, c.contradicted, p.Contradicted, name)
			for _, at := range []*time.Time{p.FirstMoveAt, p.DeliveredAt, p.LastScanAt} {
				require.True(t, at == nil || at.After(lastYear), name)
			}
		})
	}
}
