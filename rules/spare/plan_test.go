package spare

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func planned(t *testing.T, texts ...string) []PlannedSpare {
	t.Helper()
	var units []PlannedSpare
	for i, text := range texts {
		units = append(units, PlannedSpare{fmt.Sprint("u", i+1), spareFacts(t, text)})
	}
	return units
}

func TestS9_LossTakesTheNewestThatWasNotShippedFirst(t *testing.T) {
	units := planned(t, "ON_SITE", "SELECTION_PENDING", "ON_SITE", "APPROVED", "SHIPPED shipped", "REPLENISHING",
		"CONSUMED", "REPLENISHING shipped", "VOIDED")
	require.Equal(t, SparePlan{Void: []string{"u7"}}, PlanSpares(units, 7, spareDay))
	require.Equal(t, SparePlan{Void: []string{"u7", "u6", "u4", "u2"}}, PlanSpares(units, 4, spareDay))
	require.Equal(t, SparePlan{Void: []string{"u7", "u6", "u4", "u2"}, Recall: []string{"u3"}},
		PlanSpares(units, 3, spareDay))
	require.Equal(t, SparePlan{
		Void:   []string{"u7", "u6", "u4", "u2"},
		Recall: []string{"u3", "u1"},
		Await:  []string{"u8", "u5"},
	}, PlanSpares(units, 0, spareDay))
	require.Equal(t, SparePlan{}, PlanSpares(units, 8, spareDay))
}

func TestS9_GrowthWithdrawsRecallsBeforeItEarns(t *testing.T) {
	units := planned(t, "RECALL_REQUESTED",
		"RECALL_REQUESTED", "RECALL_REQUESTED scanned", "SHIPPED shipped pending", "RETURNED", "BILLED", "WAIVED")
	units[0].RecallDueAt, units[1].RecallDueAt = spareAt(20), spareAt(10)
	require.Equal(t, SparePlan{}, PlanSpares(units, 0, spareDay))
	require.Equal(t, SparePlan{Keep: []string{"u4"}}, PlanSpares(units, 1, spareDay))
	require.Equal(t, SparePlan{Keep: []string{"u4", "u2", "u1"}}, PlanSpares(units, 3, spareDay))
	require.Equal(t, SparePlan{Keep: []string{"u4", "u2", "u1"}, Earn: 2}, PlanSpares(units, 5, spareDay))
	require.Equal(t, SparePlan{Keep: []string{"u4", "u1"}, Earn: 1}, PlanSpares(units, 3, *spareAt(10)),
		"u2 is overdue by now")
}

// Whatever the units, the plan brings the number of live ones to the balance.
func TestSparePlanMeetsTheBalance(t *testing.T) {
	kinds := []string{
		"EARNED", "SELECTION_PENDING", "APPROVED", "SHIPPED shipped", "SHIPPED shipped pending", "ON_SITE", "CONSUMED",
		"REPLENISHING", "REPLENISHING shipped pending", "RECALL_REQUESTED", "RECALL_REQUESTED scanned", "RETURNED",
		"BILLED", "WAIVED", "VOIDED",
	}
	rapid.Check(t, func(rt *rapid.T) {
		units := planned(t, rapid.SliceOfN(rapid.SampledFrom(kinds), 0, 12).Draw(rt, "units")...)
		balance := rapid.IntRange(0, 14).Draw(rt, "balance")
		p := PlanSpares(units, balance, *spareAt(rapid.IntRange(0, 40).Draw(rt, "day")))
		live, named := 0, map[string]int{}
		for _, u := range units {
			if u.Live() {
				live++
			}
		}
		for _, ids := range [][]string{p.Keep, p.Void, p.Recall, p.Await} {
			for _, id := range ids {
				named[id]++
				require.Equal(rt, 1, named[id])
			}
		}
		require.Equal(rt, balance, live+p.Earn+len(p.Keep)-len(p.Void)-len(p.Recall)-len(p.Await))
		require.False(rt, p.Earn > 0 && len(p.Void) > 0)
	})
}
