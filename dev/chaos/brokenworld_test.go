package chaos

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest/pgserver"
)

// broken breaks a world by SQL, in a transaction that the test's end rolls back. The
// chain of the audit is verified on a connection of its own, for which the world is
// made anew.
func broken(t *testing.T, e Evidence, b breakage) Evidence {
	t.Helper()
	sql := "ALTER TABLE audit_events DISABLE TRIGGER USER; " + b.sql
	if b.check == "audit chain" {
		e = soundWorld(t)
		db, err := OpenDB(pgserver.Owner(e.DSN))
		require.NoError(t, err)
		defer db.Close()
		_, err = db.ExecContext(t.Context(), sql)
		require.NoError(t, err)
		return e
	}
	db, err := OpenDB(pgserver.Owner(e.DSN))
	require.NoError(t, err)
	tx, err := db.BeginTx(context.Background(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback(); _ = db.Close() })
	_, err = tx.ExecContext(t.Context(), sql)
	require.NoError(t, err)
	e.Rows = tx
	e.Locked = true
	return e
}

// breakage is one corruption by SQL and what the oracle must say of it.
type breakage struct{ name, sql, check, want string }

// requireFound expects a check to name what is wrong; the others are not asked.
func requireFound(t *testing.T, e Evidence, name, want string) {
	t.Helper()
	found := append([]Violation(nil), e.Ledger.faults...)
	for _, c := range checks() {
		if c.name != name {
			continue
		}
		require.NoError(t, c.run(context.Background(), e, func(subject, what string, args ...any) {
			found = append(found, Violation{c.name, subject, fmt.Sprintf(what, args...)})
		}))
	}
	for _, v := range found {
		if v.Check == name && strings.Contains(v.What, want) {
			return
		}
	}
	require.Fail(t, "not named", "%s: %s, among %v", name, want, found)
}
