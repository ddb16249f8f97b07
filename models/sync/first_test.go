package sync_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/sync"
)

// The first of many are those that stand first when all are put in order, whatever order they came
// in and however many are asked for.
func TestFirst_IsTheHeadOfAllInOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		all := make([]sync.Proposal, random.IntN(40))
		for i := range all {
			all[i] = sync.Proposal{
				ID:         fmt.Sprintf("syp_%03d", i),
				Name:       fmt.Sprintf("Sala %d", random.IntN(5)),
				PlaceGroup: fmt.Sprintf("/BR/%d/", random.IntN(4)),
				Mapped:     random.IntN(3) > 0,
			}
		}
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		wanted := func(p *sync.Proposal) bool { return p.Mapped }

		var head []sync.Proposal
		for i := range all {
			if wanted(&all[i]) {
				head = append(head, all[i])
			}
		}
		slices.SortFunc(head, func(a, b sync.Proposal) int { return a.Compare(&b) })
		most := random.IntN(12)
		head = head[:min(len(head), most)]

		first := sync.First(most, all, wanted)
		require.Len(t, first, len(head))
		for i := range head {
			require.Equal(t, head[i].ID, first[i].ID)
		}
	}
}
