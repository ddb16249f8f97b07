package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

// The budgets of a spare unit: from earned to on site, and each use with its
// replenishment, cost no more than an ordinary RMA.
func TestBudgetOfASpareUnit(t *testing.T) {
	for _, name := range []string{"spare_on_site", "spare_replenished"} {
		h := golden(t, name)
		t.Logf("%s: events %d, bytes %d, actions %d", name, len(h.Events), proto.Size(h), actions(h.Events))
		require.LessOrEqual(t, len(h.Events), 60, name)
		require.LessOrEqual(t, proto.Size(h), 15<<10, name)
		require.LessOrEqual(t, actions(h.Events), 18, name)
	}
}
