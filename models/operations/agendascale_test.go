package operations_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
)

// copies adds n rows like the only one of a table, with the columns that are given
// anew.
func copies(t *testing.T, env storetest.Env, table, where string, n int, anew map[string]string) {
	var names, values []string
	for _, column := range env.Strings(
		t,
		"SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '"+table+"'",
	) {
		names = append(names, column)
		value := "x." + column
		if v, ok := anew[column]; ok {
			value = v
		}
		values = append(values, value)
	}
	require.NoError(t, env.Exec(fmt.Sprintf(
		"INSERT INTO %s (%s) SELECT %s FROM generate_series(1, %d) AS k(i), (SELECT * FROM %s WHERE %s LIMIT 1) x",
		table, strings.Join(names, ", "), strings.Join(values, ", "), n, table, where,
	)))
}

// What is over costs nothing: 50,000 orders and invitations of the past, and an
// agenda that reads none of them.
func TestAgendaDoesNotReadWhatIsOver(t *testing.T) {
	env := storetest.Postgres(t)
	c := env.Covered(t)
	env.Shipped(t, c)
	const n = 50_000
	copies(t, env, "orders", "id = '"+c.Order.ID+"'", n, map[string]string{
		"id":                "'ord_' || i",
		"po_number":         "'PO-' || i",
		"po_key":            "'po-' || i",
		"vendor_order_no":   "'SO-' || i",
		"cancellable_until": "x.cancellable_until - interval '100 days'",
	})
	copies(t, env, "invitations", "state = 'ACCEPTED'", n, map[string]string{
		"id":         "'inv_' || i",
		"token_hash": "'h' || i",
		"email":      "'p' || i || '@acme.example'",
		"state":      "'EXPIRED'",
	})
	copies(t, env, "operator_tasks",
		"kind = 'ASSIGN_CSM'", n, map[string]string{"id": "'tsk_' || i", "dedupe_key": "'k' || i", "state": "'DONE'"})
	require.NoError(t, env.Exec("ANALYZE"))
	env.Calendar.Set(env.Calendar.Now().Add(48 * time.Hour))
	env.Statements.Reset()
	a, err := env.Agenda(env.Context, operations.AgendaQuery{})
	require.NoError(t, err)
	asked := env.Statements.List()
	require.Len(t, asked, 2)
	require.NotEmpty(t, a.Late.Items)
	for _, query := range asked {
		for _, step := range env.Strings(t, "EXPLAIN (ANALYZE, TIMING OFF) "+query) {
			for _, table := range []string{"orders", "invitations", "operator_tasks"} {
				require.False(t,
					strings.Contains(step, "Seq Scan on "+table+" ") && !strings.Contains(step, "never executed"), step)
			}
		}
	}
	env.Statements.Reset()
	for range 3 {
		env.Shipped(t, env.CoveredFor(t, storetest.Company(len(env.Statements.List())), "p@acme.example",
			fmt.Sprint("SN-9", len(env.Statements.List()))))
	}
	env.Statements.Reset()
	_, err = env.Agenda(env.Context, operations.AgendaQuery{})
	require.NoError(t, err)
	require.Len(t, env.Statements.List(), 2, "however much is under way")
}
