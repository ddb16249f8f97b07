package workflows_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	sdklog "go.temporal.io/sdk/log"
	sdkworker "go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/proto"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/worker"
)

// The budgets of an ordinary RMA, from request to close.
func TestBudgetOfAnOrdinaryRMA(t *testing.T) {
	h := golden(t, "rma_ordinary")
	t.Logf("events %d, bytes %d, actions %d", len(h.Events), proto.Size(h), actions(h.Events))
	require.LessOrEqual(t, len(h.Events), 60)
	require.LessOrEqual(t, proto.Size(h), 15<<10)
	require.LessOrEqual(t, actions(h.Events), 18)
}

// rma_longest is the one whose replay is measured: no other golden history is longer.
func TestTheLongestRMAIsTheLongestHistory(t *testing.T) {
	longest := golden(t, "rma_longest")
	t.Logf("events %d, bytes %d, actions %d", len(longest.Events), proto.Size(longest), actions(longest.Events))
	for _, f := range goldenFiles(t) {
		h := golden(t, strings.TrimSuffix(filepath.Base(f), ".json"))
		require.LessOrEqual(t, len(h.Events), len(longest.Events), f)
	}
}

// BenchmarkReplayOfTheLongestRMA is what a worker does that has to take over the
// workflow; the budget is 50 ms.
func BenchmarkReplayOfTheLongestRMA(b *testing.B) {
	d, h := storetest.SQLite(b).Domains, golden(b, "rma_longest")
	log := sdklog.NewStructuredLogger(quiet)
	for b.Loop() {
		r := sdkworker.NewWorkflowReplayer()
		worker.RegisterWorkflows(r, d.DB.Clock())
		require.NoError(b, r.ReplayWorkflowHistory(log, h))
	}
}
