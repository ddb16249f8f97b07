package cover

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
)

// histories is how many random histories the normal run checks, and manyHistories how
// many with ROOMCOVER_LONG, as make test-long sets it.
const histories, manyHistories = 5_000, 100_000

func findingOf(a Answer) finding {
	orZero := func(t *time.Time) time.Time {
		if t == nil {
			return time.Time{}
		}
		return *t
	}
	x := finding{
		covered:  a.Covered,
		held:     a.Held,
		code:     a.Code,
		room:     a.RoomID,
		until:    orZero(a.Until),
		hardware: orZero(a.HardwareUntil),
		help:     orZero(a.SupportUntil),
		speed:    string(a.RMASpeed),
		policy:   a.SLAPolicy,
		langs:    strings.Join(a.Languages, " "),
		premium:  len(a.Features) > 0,
	}
	if e := a.Entitlement; e != nil {
		x.kind = string(e.Kind)
		x.id = e.ContractID + "/" + e.LicenceID
		x.version = e.TermsVersion
		x.own = e.Until
	}
	return x
}

// TestR125b_S38_CoverAgreesWithASlowSecondImplementation holds Cover against the
// oracle on random histories, all purposes in turn.
func TestR125b_S38_CoverAgreesWithASlowSecondImplementation(t *testing.T) {
	n := uint64(histories)
	if os.Getenv("ROOMCOVER_LONG") != "" {
		n = manyHistories
	}
	var seed, covered atomic.Uint64
	var seen sync.Map
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for s := seed.Add(1); s <= n && !t.Failed(); s = seed.Add(1) {
				a := checkHistory(t, s)
				seen.Store(a.Code+" "+string(a.Purpose), true)
				if a.Covered {
					covered.Add(1)
					seen.Store(a.Entitlement.Kind, true)
				}
			}
		})
	}
	workers.Wait()
	if t.Failed() {
		return
	}
	// The generator must reach every answer, else the agreement says little.
	for _, code := range []string{
		rules.NotCovered, rules.WarrantyCap, rules.ModelNotSupported, rules.NotHardware, rules.CountryNotSupported,
		rules.ProofRequired, rules.Unplaced,
	} {
		_, ok := seen.Load(code + " HARDWARE")
		require.True(t, ok, code)
	}
	for kind := range rank {
		_, ok := seen.Load(kind)
		require.True(t, ok, kind)
	}
	require.Greater(t, covered.Load(), n/4)
	require.Less(t, covered.Load(), n*3/4)
}

func checkHistory(t *testing.T, seed uint64) Answer {
	h := newHistory(seed)
	f := h.facts()
	at := h.midnight(h.from(-20, 250)).Add(time.Duration(h.IntN(24)) * time.Hour)
	purpose := []Purpose{ForHardware, ForHardware, ForTechnical, ForSetup}[h.IntN(4)]
	a := Cover(f, at, purpose)
	if want, got := newOracle(f, at).find(at, purpose), findingOf(a); want != got {
		t.Errorf("seed %d, %s at %s:\nwant %+v\ngot  %+v", seed, purpose, at.In(h.loc), want, got)
	}
	if len(a.Reasons) == 0 || a.Covered != (a.Refusal() == nil) || a.Covered != (a.Entitlement != nil) {
		t.Errorf("seed %d: an answer without its reasons", seed)
	}
	return a
}
