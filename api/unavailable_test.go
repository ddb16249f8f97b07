package api_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/pgserver"
)

// unavailable holds an answer of a service that cannot work at present to its form.
func unavailable(t *testing.T, a answer) {
	t.Helper()
	problem(t, a, 503, "SERVICE_UNAVAILABLE")
	require.Equal(t, "10", a.Header.Get("Retry-After"))
	require.NotContains(t, string(a.Body), "SQL")
}

func TestAFullDiskAnswers503AndIsNotReady(t *testing.T) {
	h := sqlite(t)
	pool, err := h.Pool()
	require.NoError(t, err)
	pool.SetMaxOpenConns(1)
	var pages int
	require.NoError(t, pool.QueryRow("PRAGMA page_count").Scan(&pages))
	require.NoError(t, pool.QueryRow(fmt.Sprintf("PRAGMA max_page_count = %d", pages)).Scan(&pages))

	require.Equal(t, 503, h.Seller.get("/readyz").Status)
	last := answer{Status: 201}
	for i := 0; last.Status == 201 && i < 200; i++ {
		last = h.Seller.order(storetest.Form(storetest.PO(i)))
	}
	unavailable(t, last)
	require.Equal(t, 200, h.Seller.get("/v1/orders").Status, "what only reads goes on")
	require.Equal(t, 200, h.Seller.get("/healthz").Status, "to restart the process would not help")
}

// TestADatabaseThatIsDownAnswers503 asks by each way: a token, a body, a key that is sent
// again, and the public list.
func TestADatabaseThatIsDownAnswers503(t *testing.T) {
	server, err := pgserver.Start(true)
	if err != nil {
		t.Skip("SKIPPED: PostgreSQL is not installed; install the package postgresql to run this")
	}
	defer server.Stop()
	env := storetest.PostgresOn(t, server)
	h := open(t, env)
	require.Equal(t, 200, h.Lead.get("/readyz").Status)
	require.Equal(t, 200, h.Lead.get("/v1/orders").Status)

	server.Kill()
	unavailable(t, h.Lead.get("/v1/orders"))
	unavailable(t, h.Seller.order(storetest.Form("PO-1")))
	unavailable(t, h.Lead.send("POST", "/v1/tokens", "{}", "Idempotency-Key", "a-key"))
	require.Equal(t, 503, h.Lead.get("/readyz").Status)
	require.Equal(t, 200, h.Lead.get("/healthz").Status)

	require.NoError(t, server.Start(true))
	require.Equal(t, 200, h.Lead.get("/readyz").Status)
	require.Equal(t, 201, h.Seller.order(storetest.Form("PO-1")).Status, "and goes on by itself")
}
