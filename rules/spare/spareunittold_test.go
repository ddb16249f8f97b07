package spare

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
)

// What each fact means in each state: new, known already, or impossible. A carrier
// may tell of a parcel before the warehouse does, and of one that arrived once more.
func TestSpareFactsByState(t *testing.T) {
	arrived := func(f SpareFacts) SpareFacts {
		f.ShippedAt = spareAt(0)
		f.OnSiteAt = spareAt(1)
		return f
	}
	for _, c := range []struct {
		facts SpareFacts
		want  map[SpareFact]string
	}{
		{spareFacts(t, "EARNED"), nil},
		{spareFacts(t, "SELECTION_PENDING chosen"), nil},
		{spareFacts(t, "VOIDED"), nil},
		{spareFacts(t, "APPROVED"), map[SpareFact]string{SparePickedUp: "new"}},
		{spareFacts(t, "REPLENISHING"), map[SpareFact]string{SparePickedUp: "new"}},
		{spareFacts(t, "SHIPPED shipped"), map[SpareFact]string{SparePickedUp: "new", SpareDelivered: "new"}},
		{spareFacts(t, "REPLENISHING shipped"), map[SpareFact]string{SparePickedUp: "new", SpareDelivered: "new"}},
		{arrived(spareFacts(t, "ON_SITE")), map[SpareFact]string{SparePickedUp: "known", SpareDelivered: "known"}},
		{arrived(spareFacts(t, "CONSUMED")), map[SpareFact]string{SparePickedUp: "known", SpareDelivered: "known"}},
		{arrived(spareFacts(t, "RECALL_REQUESTED")), map[SpareFact]string{
			SparePickedUp:       "known",
			SpareDelivered:      "known",
			SpareRecallScanned:  "new",
			SpareRecallReceived: "new",
		}},
		{spareFacts(t, "BILLED"), map[SpareFact]string{SpareRecallScanned: "new", SpareRecallReceived: "new"}},
		{spareFacts(t, "RETURNED"), map[SpareFact]string{SpareRecallScanned: "known", SpareRecallReceived: "known"}},
		{spareFacts(t, "WAIVED"), nil},
	} {
		for _, fact := range []SpareFact{
			SparePickedUp, SpareDelivered, SpareRecallScanned, SpareRecallReceived, "EATEN",
		} {
			known, err := LearnSpare(c.facts, fact)
			got := map[bool]string{true: "known", false: "new"}[known]
			if err != nil {
				require.Equal(t, rules.StateConflict, rules.CodeOf(err))
				got = ""
			}
			require.Equal(t, c.want[fact], got, "%s in %s", fact, c.facts.State)
		}
	}
	require.False(t, SpareFact("EATEN").Valid())
	require.True(t, SpareRecallScanned.Valid())
}
