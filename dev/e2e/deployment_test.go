// Package e2e runs the released commands as separate processes, as a
// deployment does: on a real PostgreSQL server, a Temporal server and an SMTP
// server of their own.
package e2e

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/pgserver"
)

func TestMain(m *testing.M) { storetest.Main(m) }

type mails struct {
	Total int
	Mails []struct {
		To      []string
		Subject string
	}
}

func TestOrderOnTwoServesAndTwoWorkersEndsInMailsAndAllStopWithCode0(t *testing.T) {
	database := storetest.PostgresDSN(t)
	roomcover, dev := build(t)
	port := free(t, 7)
	temporal := port[0]
	smtp := port[1]
	page := port[2]

	server := start(t, os.Environ(), dev, "temporal", "--data", t.TempDir(), "--temporal-port", temporal,
		"--temporal-ui-port", "0")
	catcher := start(t, os.Environ(), dev, "smtp", "--data", t.TempDir(), "--smtp-port", smtp, "--mails-port", page)
	require.Eventually(t, func() bool {
		return strings.Contains(server.out.String(), "Temporal ready")
	}, patience, 50*time.Millisecond)

	traced := collect(t)
	env := append(os.Environ(), "OTEL_EXPORTER_OTLP_ENDPOINT="+traced.url,
		"ROOMCOVER_DATABASE_URL="+database, "ROOMCOVER_OWNER_DATABASE_URL="+pgserver.Owner(database),
		"ROOMCOVER_KEY="+hex.EncodeToString(storetest.Key), // of the audit in the template
		"ROOMCOVER_PUBLIC_URL=http://127.0.0.1:"+port[3],
		"ROOMCOVER_TEMPORAL_ADDRESS=127.0.0.1:"+temporal, "ROOMCOVER_SMTP_HOST=127.0.0.1", "ROOMCOVER_SMTP_PORT="+smtp,
		"ROOMCOVER_SMTP_TLS=none",
		"ROOMCOVER_SMTP_MESSAGE_ID_DOMAIN=roomcover.example", "ROOMCOVER_URL=http://127.0.0.1:"+port[4])
	command(t, env, roomcover, "config", "check")
	command(t, env, roomcover, "migrate")
	command(t, env, roomcover, "org", "set", "Revenda Sul", "--kind", "reseller", "--authorised-from", "2020-01-01")
	command(t, env, roomcover, "org", "set", "Distribuidora Norte", "--kind", "distributor", "--authorised-from",
		"2020-01-01")
	seller := secret(command(t, env, roomcover, "token", "create", "--org", "Revenda Sul", "--label", "order system"))
	operator := secret(command(t, env, roomcover, "token", "create", "--org", "operator", "--label", "night shift"))

	var running []*process
	for _, p := range port[3:5] {
		running = append(running, start(t, append(env, "ROOMCOVER_LISTEN=127.0.0.1:"+p), roomcover, "serve"))
		awaitOK(t, "http://127.0.0.1:"+p+"/readyz")
	}
	for _, p := range port[5:7] {
		running = append(
			running, start(t, append(env, "ROOMCOVER_WORKER_METRICS_LISTEN=127.0.0.1:"+p), roomcover, "worker"),
		)
		awaitOK(t, "http://127.0.0.1:"+p+"/readyz")
	}

	order := post(t, "http://127.0.0.1:"+port[3]+"/v1/orders", seller)
	for to, want := range map[string]int{
		"ana.souza@acme.example":     2,
		"pedidos@revendasul.example": 1,
		"orders@norte.example":       1,
	} {
		require.Eventually(t, func() bool {
			return arrived(page, to) == want
		}, patience, 100*time.Millisecond, "%d mails to %s", want, to)
	}

	asOperator := append(env, "ROOMCOVER_TOKEN="+operator)
	require.Eventually(t, func() bool {
		out := command(t, asOperator, roomcover, "ps")
		return strings.Contains(out, order) && strings.Contains(out, "can be canceled until") &&
			strings.Contains(out, "Waiting for the invited person") && strings.Contains(out, "3 under way, 0 overdue")
	}, patience, 200*time.Millisecond)
	require.Contains(t, command(t, asOperator, roomcover, "task", "--kind", "PROCESS_STUCK"),
		"Nothing needs an operator.")
	require.Contains(t, command(t, env, roomcover, "audit", "verify"), "The audit holds")

	for _, p := range append(running, catcher, server) {
		require.Zero(t, p.stop(t), p.name)
	}
	traced.requireOneTrace(t)
}

// secret is the last line of what token create says.
func secret(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return lines[len(lines)-1]
}

// post sends the example of the README and returns the order's id.
func post(t *testing.T, url, token string) string {
	t.Helper()
	return postOrder(t, url, token, func(order string) string { return order })
}

func postOrder(t *testing.T, url, token string, change func(string) string) string {
	t.Helper()
	text, err := os.ReadFile("../../examples/order.json")
	require.NoError(t, err)
	body := strings.NewReader(change(string(text)))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, body)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	var order struct{ ID string }
	require.NoError(t, json.NewDecoder(res.Body).Decode(&order))
	require.Equal(t, http.StatusCreated, res.StatusCode)
	return order.ID
}

// arrived counts the mails to an address.
func arrived(port, to string) int {
	text, ok := ask("http://127.0.0.1:" + port + "/api/mails?to=" + to)
	var list mails
	if !ok || json.Unmarshal([]byte(text), &list) != nil {
		return 0
	}
	return list.Total
}
