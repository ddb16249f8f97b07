package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

// The budgets of an ordinary RMA, from request to close.
func TestBudgetOfAnOrdinaryRMA(t *testing.T) {
	h := golden(t, "rma_ordinary")
	t.Logf("events %d, bytes %d, actions %d", len(h.Events), proto.Size(h), actions(h.Events))
	require.LessOrEqual(t, len(h.Events), 60)
	require.LessOrEqual(t, proto.Size(h), 15<<10)
	require.LessOrEqual(t, actions(h.Events), 18)
}
