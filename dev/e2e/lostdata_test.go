//go:build long

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/pgserver"
)

// The walk of docs/operations.md, "Loss of Temporal": its data are gone while serve and
// worker run. Without a restart of either, what was under way has its workflow again, and
// new orders are fulfilled. It waits for the workers' next look, which takes minutes: only
// make test-long builds it.
func TestTemporalThatLosesItsDataIsPutBack(t *testing.T) {
	database := storetest.PostgresDSN(t)
	roomcover, dev := build(t)
	port := free(t, 5)
	data := t.TempDir()
	temporal := func() *process {
		p := start(t, os.Environ(), dev, "temporal", "--data", data, "--temporal-port", port[0],
			"--temporal-ui-port", "0")
		require.Eventually(t, func() bool { return strings.Contains(p.out.String(), "Temporal ready") },
			patience, 50*time.Millisecond)
		return p
	}
	server := temporal()
	start(t, os.Environ(), dev, "smtp", "--data", t.TempDir(), "--smtp-port", port[1], "--mails-port", port[2])

	env := append(os.Environ(),
		"ROOMCOVER_DATABASE_URL="+database, "ROOMCOVER_OWNER_DATABASE_URL="+pgserver.Owner(database),
		"ROOMCOVER_KEY="+strings.Repeat("0123456789abcdef", 4),
		"ROOMCOVER_PUBLIC_URL=http://127.0.0.1:"+port[3], "ROOMCOVER_LISTEN=127.0.0.1:"+port[3],
		"ROOMCOVER_WORKER_METRICS_LISTEN=127.0.0.1:"+port[4],
		"ROOMCOVER_TEMPORAL_ADDRESS=127.0.0.1:"+port[0], "ROOMCOVER_SMTP_HOST=127.0.0.1",
		"ROOMCOVER_SMTP_PORT="+port[1], "ROOMCOVER_SMTP_TLS=none",
		"ROOMCOVER_SMTP_MESSAGE_ID_DOMAIN=roomcover.example")
	command(t, env, roomcover, "migrate")
	command(t, env, roomcover, "org", "set", "Revenda Sul", "--kind", "reseller", "--authorised-from", "2020-01-01")
	command(t, env, roomcover, "org", "set", "Distribuidora Norte", "--kind", "distributor", "--authorised-from",
		"2020-01-01")
	seller := secret(command(t, env, roomcover, "token", "create", "--org", "Revenda Sul", "--label", "orders"))
	serve := start(t, env, roomcover, "serve")
	work := start(t, env, roomcover, "worker")
	awaitOK(t, "http://127.0.0.1:"+port[3]+"/readyz")
	awaitOK(t, "http://127.0.0.1:"+port[4]+"/readyz")

	orders := "http://127.0.0.1:" + port[3] + "/v1/orders"
	before := post(t, orders, seller)
	require.Eventually(t, func() bool { return arrived(port[2], "pedidos@revendasul.example") == 1 },
		patience, 100*time.Millisecond)

	require.NoError(t, server.cmd.Process.Kill())
	<-server.ended
	require.NoError(t, os.RemoveAll(filepath.Join(data, "temporal")))
	temporal()

	c, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:" + port[0], Namespace: "roomcover"})
	require.NoError(t, err)
	defer c.Close()
	require.Eventually(t, func() bool {
		d, err := c.DescribeWorkflowExecution(t.Context(), "order/"+before, "")
		return err == nil && d.WorkflowExecutionInfo.Status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	}, 2*patience, time.Second, "the order has its workflow again")

	after := postOther(t, orders, seller)
	require.Eventually(t, func() bool { return arrived(port[2], "pedidos@revendasul.example") == 2 },
		patience, 100*time.Millisecond, "order %s is fulfilled", after)
	require.Zero(t, serve.stop(t))
	require.Zero(t, work.stop(t))
}

// postOther sends the same order under another number.
func postOther(t *testing.T, url, token string) string {
	t.Helper()
	return postOrder(t, url, token, func(order string) string {
		return strings.Replace(order, `"PO-`, `"PO-OTHER-`, 1)
	})
}
