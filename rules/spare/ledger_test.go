package spare

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/rulestest"
)

// units makes n Select licences of a parent.
func unitsOf(parent, prefix string, n int) []CountedLicence {
	var all []CountedLicence
	for i := range n {
		all = append(all, CountedLicence{
			ID:            fmt.Sprint(prefix, i),
			ParentOrgID:   parent,
			Service:       catalogue.ServiceSelect,
			State:         rules.LicenceAvailable,
			ContractState: rules.ContractPendingStart,
		})
	}
	return all
}

// grow recounts after each order and returns the ledger.
func grow(t *testing.T, orders ...int) []SpareEntry {
	var ledger []SpareEntry
	var all []CountedLicence
	for i, n := range orders {
		order := fmt.Sprint("ord_", i+1)
		all = append(all, unitsOf("org", order, n)...)
		for range 2 { // the workflow is replayed: nothing more is granted
			count := CountLicences(all, rulestest.Noon(t, "2026-06-01"))["org"]
			if e, changed := RecountSpares(count, 50, SpareBalance(ledger), SpareByOrder, order); changed {
				ledger = append(ledger, e)
			}
		}
	}
	return ledger
}

func TestR81a_R81b_GrantedByTheOrderThatCrosses(t *testing.T) {
	require.Empty(t, grow(t, 40))
	require.Equal(t, []SpareEntry{{1, SpareByOrder, "ord_2"}}, grow(t, 40, 40))
	require.Equal(t, []SpareEntry{{1, SpareByOrder, "ord_2"}, {1, SpareByOrder, "ord_3"}}, grow(t, 40, 40, 20))
	require.Equal(t, []SpareEntry{{3, SpareByOrder, "ord_1"}}, grow(t, 150))
}

func TestR80_ThresholdIsNotPerOrder(t *testing.T) {
	require.Equal(t, []SpareEntry{{1, SpareByOrder, "ord_2"}}, grow(t, 49, 1))
	require.Equal(t, []SpareEntry{{1, SpareByOrder, "ord_2"}}, grow(t, 30, 30))
}

func TestR81c_WhatCounts(t *testing.T) {
	at := rulestest.Noon(t, "2026-06-01")
	end := rulestest.Midnight(t, "2027-01-01")
	base := CountedLicence{
		ID:            "l",
		ParentOrgID:   "org",
		Service:       catalogue.ServiceSelect,
		State:         rules.LicenceAvailable,
		ContractState: rules.ContractActive,
		ContractEnd:   &end,
	}
	for _, c := range []struct {
		name   string
		change func(*CountedLicence)
		at     time.Time
		want   int
	}{
		{"available", func(*CountedLicence) {}, at, 1},
		{"assigned", func(l *CountedLicence) { l.State = rules.LicenceAssigned }, at, 1},
		{"not started", func(l *CountedLicence) {
			l.ContractState = rules.ContractPendingStart
			l.ContractEnd = nil
		}, at, 1},
		{"suspended", func(l *CountedLicence) { l.ContractState = rules.ContractSuspended }, at, 1},
		{"the last moment", func(*CountedLicence) {}, end.Add(-1), 1},
		{"over, sweep or not", func(*CountedLicence) {}, end, 0},
		{"expired", func(l *CountedLicence) { l.State = rules.LicenceExpired }, at, 0},
		{"revoked", func(l *CountedLicence) { l.State = rules.LicenceRevoked }, at, 0},
		{"contract expired", func(l *CountedLicence) { l.ContractState = rules.ContractExpired }, at, 0},
		{"contract cancelled", func(l *CountedLicence) { l.ContractState = rules.ContractCancelled }, at, 0},
		{"SyncPlus", func(l *CountedLicence) { l.Service = catalogue.ServiceSyncPlus }, at, 0},
		{"extended warranty", func(l *CountedLicence) { l.Service = catalogue.ServiceExtWarranty }, at, 0},
		{"renews itself", func(l *CountedLicence) { l.Renews = "l" }, at, 1},
	} {
		l := base
		c.change(&l)
		require.Equal(t, c.want, CountLicences([]CountedLicence{l}, c.at)["org"], c.name)
	}
}

func TestR82a_ParentsAreCountedOverTheirSubsidiaries(t *testing.T) {
	all := append(unitsOf("org", "br", 30), unitsOf("org", "us", 25)...)
	all = append(all, unitsOf("other", "x", 49)...)
	counts := CountLicences(all, rulestest.Noon(t, "2026-06-01"))
	require.Equal(t, map[string]int{"org": 55, "other": 49}, counts)
	require.Equal(t, 1, SparesEarned(counts["org"], 50))
	require.Equal(t, 0, SparesEarned(counts["other"], 50))
}

func TestS4_50LicencesRenewedEarlyStillEarnOneSpare(t *testing.T) {
	end := rulestest.Midnight(t, "2026-07-01")
	old, renewal := unitsOf("org", "old", 50), unitsOf("org", "new", 50)
	for i := range old {
		old[i].ContractEnd = &end
		old[i].ContractState = rules.ContractActive
		renewal[i].Renews = old[i].ID
	}
	all := append(renewal, old...)
	for _, at := range []time.Time{rulestest.Noon(t, "2026-06-01"), end.Add(-1), end, rulestest.Noon(t, "2027-01-01")} {
		require.Equal(t, 50, CountLicences(all, at)["org"], at)
	}
	all[0].Renews = all[1].Renews // two renewals of one licence: one of them is new
	require.Equal(t, 51, CountLicences(all, rulestest.Noon(t, "2026-06-01"))["org"])
	all[0].ParentOrgID = "other" // split off
	require.Equal(t, map[string]int{"org": 50, "other": 1}, CountLicences(all, rulestest.Noon(t, "2026-06-01")))
}

func TestS4_CountIsThatOfRunningChains(t *testing.T) {
	at := rulestest.Noon(t, "2026-06-01")
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "n")
		all := unitsOf("org", "l", n)
		covered := map[string]bool{}
		for i := range all {
			if !rapid.Bool().Draw(t, "running") {
				all[i].State = rules.LicenceExpired
			}
			if i > 0 && rapid.Bool().Draw(t, "renews") {
				all[i].Renews = all[rapid.IntRange(0, i-1).Draw(t, "which")].ID
			}
		}
		running, doubled := 0, 0
		for _, l := range all {
			if !l.InForce(at) {
				continue
			}
			running++
			for _, o := range all {
				if o.ID == l.Renews && o.InForce(at) && !covered[o.ID] {
					covered[o.ID] = true
					doubled++
				}
			}
		}
		shuffled := rapid.Permutation(all).Draw(t, "order")
		require.Equal(t, running-doubled, CountLicences(shuffled, at)["org"])
	})
}

func TestS9_CancellingRecountsTheSpares(t *testing.T) {
	ledger := grow(t, 60)
	e, changed := RecountSpares(40, 50, SpareBalance(ledger), SpareByCancellation, "can_1")
	require.True(t, changed)
	require.Equal(t, SpareEntry{-1, SpareByCancellation, "can_1"}, e)
	ledger = append(ledger, e)
	require.Equal(t, 0, SpareBalance(ledger))
	_, changed = RecountSpares(40, 50, 0, SpareByCancellation, "can_1")
	require.False(t, changed, "again changes nothing")
	e, _ = RecountSpares(60, 50, SpareBalance(ledger), SpareByOrder, "ord_9")
	require.Equal(t, SpareEntry{1, SpareByOrder, "ord_9"}, e, "bought again")
}

func TestS27_MergeGrantsOnlyGrowth(t *testing.T) {
	m := MergeSpares("org_b", "org_a", 0, 0, 60, 50)
	require.Empty(t, m.From)
	require.Equal(t, []SpareEntry{{1, SpareByMerge, "org_b"}}, m.Into, "30 and 30 earn one")

	m = MergeSpares("org_b", "org_a", 1, 2, 150+50, 50) // 50 and 150: one not yet granted
	require.Equal(t, []SpareEntry{{-1, SpareByTransfer, "org_a"}}, m.From)
	require.Equal(t, []SpareEntry{{1, SpareByTransfer, "org_b"}, {1, SpareByMerge, "org_b"}}, m.Into)

	m = MergeSpares("org_b", "org_a", 1, 1, 120, 50)
	require.Equal(t, []SpareEntry{{1, SpareByTransfer, "org_b"}}, m.Into, "no growth, no grant")
	require.Equal(t, 2, 1+SpareBalance(m.Into))
}

func TestS27_SplitShrinksAsCancellingDoes(t *testing.T) {
	kept, split := SplitSpares("org_a", "org_b", 30, 30, 1, 0, 50)
	require.Equal(t, []SpareEntry{{-1, SpareBySplit, "org_b"}}, kept)
	require.Empty(t, split)
	kept, split = SplitSpares("org_a", "org_b", 50, 100, 3, 0, 50)
	require.Equal(t, []SpareEntry{{-2, SpareBySplit, "org_b"}}, kept)
	require.Equal(t, []SpareEntry{{2, SpareBySplit, "org_a"}}, split)
	kept, split = SplitSpares("org_a", "org_b", 100, 100, 3, 1, 50) // to a parent that has one already
	require.Equal(t, []SpareEntry{{-1, SpareBySplit, "org_b"}}, kept)
	require.Equal(t, []SpareEntry{{1, SpareBySplit, "org_a"}}, split)
}
