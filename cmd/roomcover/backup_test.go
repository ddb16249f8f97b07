package main

import (
	"encoding/hex"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/pgserver"
)

// tool is a program of PostgreSQL, run as docs/operations.md says, by the superuser.
func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	require.NoError(t, err)
	require.NotEmpty(t, found, name)
	out, err := exec.Command(slices.Max(found), args...).CombinedOutput()
	require.NoError(t, err, "%s: %s", name, out)
}

// The walk of docs/operations.md, "Backup" and "Restore", with the real tools: the database
// is dumped, lost and restored, its audit holds, its role is held by row-level security, and
// everything under way is told to go on.
func TestBackupIsRestoredAsTheGuideSays(t *testing.T) {
	env := storetest.Postgres(t)
	env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-2"))
	events := env.Count(t, "SELECT count(*) FROM audit_events")

	dump := filepath.Join(t.TempDir(), "roomcover.dump")
	tool(t, "pg_dump", "-Fc", "-f", dump, asSuperuser(t, env.DSN, ""))

	restored := emptyDatabase(t, env.DSN)
	tool(t, "pg_restore", "--exit-on-error", "-d", asSuperuser(t, restored, ""), dump)

	key := []string{"ROOMCOVER_KEY=" + hex.EncodeToString(storetest.Key)}
	for _, step := range [][]string{{"migrate"}, {"audit", "verify"}} {
		p := launch(t, restored, key, step...)
		require.Equal(t, exitDone, p.exitCode(), p.output())
		if step[0] == "audit" {
			require.Contains(t, p.output(), strconv.Itoa(events)+" events")
		}
	}

	p := launch(t, restored, nil, "restart", "--json")
	require.Equal(t, exitDone, p.exitCode(), p.output())
	require.NotContains(t, p.output(), `"told": 0`)

	// The owner of the tables is held by their policies again: no scope, no rows.
	rows := filepath.Join(t.TempDir(), "rows")
	tool(t, "psql", "-d", pgserver.Owner(restored), "-At", "-o", rows, "-c", "SELECT count(*) FROM accounts")
	text, err := os.ReadFile(rows)
	require.NoError(t, err)
	require.Equal(t, "0\n", string(text))
}

// asSuperuser is the address of a database for the server's superuser; of another database
// where one is named.
func asSuperuser(t *testing.T, address, database string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	u.User = url.User("postgres")
	if database != "" {
		u.Path = "/" + database
	}
	return u.String()
}

// emptyDatabase makes an empty database on the server of another one, as
// deploy/postgres-init.sh does, and returns its address for the service's role.
func emptyDatabase(t *testing.T, beside string) string {
	t.Helper()
	u, err := url.Parse(beside)
	require.NoError(t, err)
	name := "empty_" + strings.TrimPrefix(u.Path, "/")
	admin := asSuperuser(t, beside, "postgres")
	tool(t, "createdb", "--maintenance-db", admin, "-O", "roomcover", name)
	tool(t, "psql", "-d", asSuperuser(t, beside, name), "-f", "../../deploy/postgres-roles.sql")
	t.Cleanup(func() { tool(t, "dropdb", "--maintenance-db", admin, "--force", name) })
	u.Path = "/" + name
	return u.String()
}
