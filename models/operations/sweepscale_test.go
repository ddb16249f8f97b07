package operations_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
)

// seedContracts adds n contracts to the only one, of an account that nothing is due for: those that
// wait start later, those that run end between tomorrow and five years from now and
// were reminded of already, a tenth is over for long.
func seedContracts(t *testing.T, env storetest.Env, n int) {
	numbers := fmt.Sprintf("WITH k(i) AS (SELECT generate_series(1, %d)) ", n)
	require.NoError(
		t,
		env.Exec("INSERT INTO order_lines (id, order_id, position, sku, service_type, term_years, quantity) "+numbers+
			"SELECT 'lin_' || i, order_id, i + 1, sku, service_type, term_years, quantity FROM order_lines, k"),
	)
	now := env.Calendar.Now().Format("2006-01-02 15:04:05Z07:00")
	require.NoError(
		t,
		env.Exec(`INSERT INTO service_contracts (id, account_id, order_id, order_line_id, type, state, quantity, term_years,
			time_zone, fallback_start_at, start_at, end_at, start_reason, reminded_days, created_at) `+numbers+`, d AS (
			SELECT i, CASE WHEN i % 10 = 0 THEN 'EXPIRED' WHEN i % 10 = 1 THEN 'PENDING_START' ELSE 'ACTIVE' END AS state,
				CASE WHEN i % 10 = 0 THEN -30 - i % 900 ELSE 1 + i % 1800 END AS days FROM k)
		SELECT 'con_' || d.i, c.account_id, c.order_id, 'lin_' || d.i, 'SELECT', d.state, 1, 1, c.time_zone, timestamptz '`+
			now+`' + interval '30 days',
			CASE WHEN d.state <> 'PENDING_START' THEN timestamptz '`+now+
			`' + d.days * interval '1 day' - interval '1 year' END,
			CASE WHEN d.state <> 'PENDING_START' THEN timestamptz '`+now+`' + d.days * interval '1 day' END, '',
			CASE WHEN d.days < 1 THEN 0 WHEN d.days <= 8 THEN 7 WHEN d.days <= 31 THEN 30 WHEN d.days <= 61 THEN 60 WHEN d.days <= 91 THEN 90 ELSE -1 END, c.created_at
		FROM d, service_contracts c`),
	)
	require.NoError(t, env.Exec("ANALYZE"))
}

// The budget: a sweep over 100,000 contracts with nothing to do.
func TestS3_S5_ASweepOver100000ContractsWithNothingToDo(t *testing.T) {
	env := storetest.Postgres(t)
	env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.OrderForm("PO-1", "Acme Ltda", "Rua A, 1", 1))
	const n = 100_000
	seedContracts(t, env, n)
	require.Equal(t, n+1, env.Count(t, "SELECT count(*) FROM service_contracts"))
	env.Statements.Reset()
	require.Equal(t, operations.Sweep{}, storetest.SweepOnce(t, env))
	asked := env.Statements.List()
	require.LessOrEqual(t, len(asked), 20)
	looked := 0
	for _, query := range asked {
		if !strings.Contains(query, `FROM "service_contracts"`) {
			continue
		}
		looked++
		plan := strings.Join(env.Strings(t, "EXPLAIN (ANALYZE, TIMING OFF) "+query), "\n")
		t.Log(plan)
		require.NotContains(t, plan, "Seq Scan", query)
		require.NotContains(t, plan, "service_contracts_pkey", "it would read every contract:\n"+plan)
	}
	require.Equal(t, 3, looked, "one look for each step")
}
