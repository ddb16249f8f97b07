package million

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

// Large are the tables that grow with the orders.
var Large = []string{
	"orders", "order_lines", "service_contracts", "licences", "licence_assignments", "rooms",
	"devices", "device_placements", "rmas", "shipments", "shipment_scans", "carrier_events",
	"notifications", "outbox_events", "audit_events", "order_refusals", "invitations",
}

// Scans are the tables and indexes that PostgreSQL would read for a statement, a line each, if
// what is left out were dear.
func Scans(t testing.TB, env storetest.Env, statement string, without ...string) string {
	t.Helper()
	pool, err := env.Pool()
	require.NoError(t, err)
	tx, err := pool.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	for _, setting := range without {
		_, err = tx.Exec("SET LOCAL " + setting + " = off")
		require.NoError(t, err)
	}

	rows, err := tx.Query("EXPLAIN (COSTS OFF) " + statement)
	require.NoError(t, err, statement)
	defer rows.Close()
	var out strings.Builder
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		if _, scan, ok := strings.Cut(line, "->  "); ok {
			line = scan
		}
		if !strings.Contains(line, "Scan") {
			continue
		}
		for _, word := range []string{" using ", " on "} {
			if kind, name, ok := strings.Cut(line, word); ok {
				name, _, _ = strings.Cut(name, " ")
				out.WriteString(kind + word + name + "\n")
				break
			}
		}
	}
	require.NoError(t, rows.Err())
	return out.String()
}
