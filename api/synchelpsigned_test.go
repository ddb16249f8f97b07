package api_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
	"roomcover.dev/roomcover/signing"
)

// signer is the connection of an account, and a key by which its programs sign.
func (h *house) signer(c storetest.Covered) (connectionID string, key []byte) {
	h.t.Helper()
	ctx := storetest.Customer(c.Account)
	connection, err := h.Sync.ConnectionOf(ctx, c.Account)
	require.NoError(h.t, err)
	key, err = h.Sync.NewSecret(ctx, c.Account, fmt.Sprint(time.Now().UnixNano()), "")
	require.NoError(h.t, err)
	return connection.ID, key
}

// signedHeaders are those of a request that is signed.
func signedHeaders(id string, body []byte, at time.Time, keys ...[]byte) []string {
	timestamp, signatures := signing.SignStandard(id, body, at, keys...)
	return []string{
		signing.StandardID, id,
		signing.StandardTimestamp, timestamp,
		signing.StandardSignature, signatures,
	}
}

// A program without a token signs its click: once 201, then the same ticket, and nothing at all for
// whoever has no secret of that connection.
func TestR43c_ASignedClickIsOneTicket(t *testing.T) {
	h := sqlite(t)
	acme := h.Covered(t)
	beta := h.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-9")
	h.Synced(t, beta)
	room := h.Synced(t, acme)
	connection, key := h.signer(acme)
	theirs, theirKey := h.signer(beta)

	program := client{house: h}
	const path = "/v1/integrations/sync/help-requests"
	to := func(connection string) string { return path + "?connection=" + connection }
	body := []byte(`{"room_id":"` + acme.Room.ID + `","text":"It is dark."}`)
	asks := func(id string) answer {
		return program.send("POST", to(connection), body,
			signedHeaders(id, body, time.Now(), key)...)
	}

	// It is refused as with a token, and asked again under the same name once it is down.
	problem(t, asks("msg_1"), 409, "ROOM_HEALTHY")
	room.Goes(t, health.DeviceOffline)

	now := time.Now()
	good := signedHeaders("msg_1", body, now, key)
	forged := bytes.Repeat([]byte("k"), 32)
	for name, c := range map[string]struct {
		to      string
		body    []byte
		headers []string
		code    string
	}{
		"forged": {to(connection), body, signedHeaders("msg_1", body, now, forged), "WEBHOOK_SIGNATURE_INVALID"},
		"six minutes ago": {to(connection), body, signedHeaders("msg_1", body, now.Add(-6*time.Minute), key),
			"WEBHOOK_TOO_OLD"},
		"in six minutes": {to(connection), body, signedHeaders("msg_1", body, now.Add(6*time.Minute), key),
			"WEBHOOK_IN_FUTURE"},
		"another body": {to(connection), append(body[:len(body):len(body)], ' '), good,
			"WEBHOOK_SIGNATURE_INVALID"},
		"what is no JSON either": {to(connection), []byte("{"), good, "WEBHOOK_SIGNATURE_INVALID"},
		"another id": {to(connection), body, append(good[:6:6], signing.StandardID, "msg_2"),
			"WEBHOOK_SIGNATURE_INVALID"},
		"without an id": {to(connection), body, good[2:], "WEBHOOK_SIGNATURE_INVALID"},
		"without a time": {to(connection), body, append(good[:2:2], good[4:]...),
			"WEBHOOK_TIMESTAMP_MISSING"},
		"without a signature": {to(connection), body, good[:4], "WEBHOOK_SIGNATURE_MISSING"},
		"by another connection's secret": {to(connection), body, signedHeaders("msg_1", body, now, theirKey),
			"WEBHOOK_SIGNATURE_INVALID"},
		"to another connection": {to(theirs), body, good, "WEBHOOK_SIGNATURE_INVALID"},
		"to no connection":      {to("syc_none"), body, good, "WEBHOOK_SIGNATURE_INVALID"},
		"without the address":   {path, body, good, "UNAUTHENTICATED"},
		"elsewhere":             {"/v1/tickets?connection=" + connection, body, good, "UNAUTHENTICATED"},
	} {
		got := program.send("POST", c.to, c.body, c.headers...)
		require.Equal(t, 401, got.Status, name)
		problem(t, got, 401, c.code)
	}
	// A token makes up for no signature.
	reader := h.customer(acme.Account, rules.CustomerReadOnly)
	problem(t, reader.send("POST", to(connection), body), 401, "WEBHOOK_TIMESTAMP_MISSING")
	require.Zero(t, h.Count(t, "SELECT count(*) FROM tickets"))
	require.Zero(t, h.Count(t, "SELECT count(*) FROM idempotency_keys"), "a refusal holds no key")

	// The first is 201; replayed octet for octet, or signed anew, it is the same answer.
	first := program.send("POST", to(connection), body, good...)
	opened := as[api.TicketDetail](t, first, 201)
	require.Equal(t, 1, opened.Severity)
	require.Empty(t, opened.Entries)
	for _, again := range []answer{program.send("POST", to(connection), body, good...), asks("msg_1")} {
		require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
		require.Equal(t, opened.ID, as[api.TicketDetail](t, again, 201).ID)
	}
	again := as[api.TicketDetail](t, asks("msg_2"), 200)
	require.Equal(t, opened.ID, again.ID)
	require.Empty(t, again.Entries, "what people write is nothing for a program's secret")
	require.Equal(t, 1, again.Severity)
	other := []byte(`{"room_id":"` + acme.Room.ID + `"}`)
	problem(t, program.send("POST", to(connection), other,
		signedHeaders("msg_1", other, time.Now(), key)...), 409, rules.IdempotencyConflict)
	long := string(bytes.Repeat([]byte("m"), 129))
	problem(t, asks(long), 400, "IDEMPOTENCY_KEY_INVALID")
	require.Equal(t, []string{connection}, h.Strings(t, "SELECT opened_by FROM tickets"))

	// It may what a reader of the account may, and no more.
	foreign := []byte(`{"room_id":"` + beta.Room.ID + `"}`)
	problem(t, program.send("POST", to(connection), foreign,
		signedHeaders("msg_3", foreign, time.Now(), key)...), 404, rules.NotFound)
	named := []byte(`{"account_id":"` + beta.Account + `","room_id":"` + beta.Room.ID + `"}`)
	problem(t, program.send("POST", to(connection), named,
		signedHeaders("msg_4", named, time.Now(), key)...), 404, rules.NotFound)

	// Killed between the ticket and its answer: the next attempt waits, and then finds the ticket.
	require.NoError(t, h.Exec("UPDATE idempotency_keys SET status = 0 WHERE key = 'msg_1'"))
	problem(t, asks("msg_1"), 409, rules.IdempotencyConflict)
	require.NoError(t, h.Exec(
		"UPDATE idempotency_keys SET created_at = '2020-01-01 00:00:00+00:00' WHERE key = 'msg_1'"))
	require.Equal(t, opened.ID, as[api.TicketDetail](t, asks("msg_1"), 200).ID)
	require.Equal(t, 1, h.Count(t, "SELECT count(*) FROM tickets"))

	// Two secrets: either signs until it is ended, and both together do.
	_, next := h.signer(acme)
	ctx := storetest.Customer(acme.Account)
	by := func(id string, keys ...[]byte) answer {
		return program.send("POST", to(connection), body,
			signedHeaders(id, body, time.Now(), keys...)...)
	}
	require.Equal(t, 200, by("msg_5", next).Status)
	require.Equal(t, 200, by("msg_6", key).Status)
	require.Equal(t, 200, by("msg_7", key, next).Status)
	standing, err := h.Sync.StandingOf(ctx, acme.Account, "")
	require.NoError(t, err)
	for _, one := range standing.Secrets {
		require.NoError(t, h.Sync.EndSecret(ctx, acme.Account, one.ID, ""))
		if one.ID == standing.Secrets[0].ID {
			require.NotEqual(t, by("msg_8", key).Status, by("msg_8", next).Status, "one is left")
		}
	}
	problem(t, by("msg_9", key, next), 401, "WEBHOOK_SIGNATURE_INVALID")

	_, last := h.signer(acme)
	require.Equal(t, 200, by("msg_10", last).Status)
	require.NoError(t, h.Sync.Disconnect(ctx, acme.Account, ""))
	problem(t, by("msg_11", last), 401, "WEBHOOK_SIGNATURE_INVALID")
	require.NotContains(t, h.Log.String(), "It is dark.")
}
