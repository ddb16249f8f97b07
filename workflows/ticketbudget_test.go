package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

// The budgets of an ordinary ticket, opened, answered, resolved and closed, with ten messages.
// What is written to it costs its workflow nothing but the mails, which are one for all that
// happens within two minutes; each further mail is ten events and two actions.
func TestBudgetOfAnOrdinaryTicket(t *testing.T) {
	h := golden(t, "ticket_ordinary")
	t.Logf("events %d, bytes %d, actions %d", len(h.Events), proto.Size(h), actions(h.Events))
	require.LessOrEqual(t, len(h.Events), 45)
	require.LessOrEqual(t, proto.Size(h), 10<<10)
	require.LessOrEqual(t, actions(h.Events), 12)
}
