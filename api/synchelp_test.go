package api_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
)

// A program beside the customer's Sync asks: once 201, then the same ticket, and never for a room
// that is healthy or somebody else's.
func TestR43c_OneClickByTheAPI(t *testing.T) {
	h := sqlite(t)
	acme := h.Covered(t)
	room := h.Synced(t, acme)
	reader := h.customer(acme.Account, rules.CustomerReadOnly)
	const path = "/v1/integrations/sync/help-requests"
	body := map[string]any{"room_id": acme.Room.ID}

	problem(t, reader.post(path, body), 409, ticket.RoomHealthy)
	problem(t, reader.post(path, map[string]any{}), 422, rules.ValidationFailed)
	problem(t, reader.post(path, map[string]any{"link": "v1.e30.00"}), 404, rules.NotFound)
	room.Goes(t, health.DeviceOffline)

	look, err := h.Tickets.LookAtHelp(storetest.ReadOnly(acme.Account), "", acme.Room.ID)
	require.NoError(t, err)
	var clicks sync.WaitGroup
	for range 8 {
		clicks.Go(func() { reader.post(path, body) })
	}
	clicks.Wait()
	require.Equal(t, 1, h.Count(t, "SELECT count(*) FROM tickets"))
	same := as[api.TicketDetail](t, reader.post(path, map[string]any{"link": look.Link}), 200)
	require.Equal(t, 1, same.Severity)
	require.NotEmpty(t, same.Entries, "a member reads what is said in it")
	problem(t, reader.post(path, map[string]any{"room_id": acme.Room.ID, "link": look.Link}), 422,
		rules.ValidationFailed)
	sum := sha256.Sum256([]byte(same.Snapshot.Content))
	require.Equal(t, hex.EncodeToString(sum[:]), same.Snapshot.SHA256)
	var then ticket.RoomFacts
	require.NoError(t, json.Unmarshal([]byte(same.Snapshot.Content), &then))
	require.Equal(t, *acme.Device.Serial, then.Devices[0].Serial)
	require.Equal(t, health.DeviceOffline, then.Devices[0].Status)

	// Later changes in Sync do not alter it.
	room.Goes(t, health.DeviceOnline)
	again := as[api.TicketDetail](t, reader.get("/v1/tickets/"+same.ID), 200)
	require.Equal(t, same.Snapshot, again.Snapshot)

	beta := h.customer(h.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-9").Account,
		rules.CustomerAdmin)
	problem(t, beta.post(path, body), 404, rules.NotFound)
	problem(t, beta.post(path, map[string]any{"link": look.Link}), 404, rules.NotFound)
}
