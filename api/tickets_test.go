package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules"
)

// What operators note, decide among themselves and give as reasons is in their own answers, and
// in no customer's: neither who has taken the ticket, nor that somebody has, nor who did it.
func TestS42_CustomersReadNothingThatIsOperatorsOwn(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	path := "/v1/tickets/" + h.OpenedTicket(t, c).ID
	const canary = "canary"

	h.Lead.post(path+"/notes", map[string]any{"text": canary})
	command := func(name string, body map[string]any) {
		require.Equal(t, 200, h.Lead.post(path+"/commands/"+name, body).Status)
	}
	command("assign", map[string]any{"assignee_id": "me", "team": canary})
	command("set_severity", map[string]any{"severity": 1, "reason": canary})

	desk := as[api.TicketDetail](t, h.Lead.get(path), 200)
	require.Len(t, desk.Notes, 1)
	require.Equal(t, canary, desk.Desk.Team)
	customer := h.customer(c.Account, rules.CustomerAdmin)
	answers := []answer{
		customer.get(path),
		customer.get("/v1/tickets"),
		customer.post(path+"/messages", map[string]any{"text": "Is somebody there?"}),
	}
	for _, a := range answers {
		require.Equal(t, 200, a.Status)
		require.NotContains(t, string(a.Body), canary)
		require.NotContains(t, string(a.Body), desk.Desk.AssigneeID)
	}

	theirs := as[api.TicketDetail](t, customer.get(path), 200)
	require.Equal(t, 1, theirs.Severity)
	require.Nil(t, theirs.Desk)
	require.Empty(t, theirs.Notes)
	for _, e := range theirs.Entries {
		if e.Event != nil {
			require.Empty(t, e.Event.Actor)
			require.NotEqual(t, "ASSIGNED", string(e.Event.Kind))
		}
	}
	problem(t, customer.post(path+"/notes", map[string]any{"text": "x"}), 403, rules.Forbidden)
}
