package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
)

func TestWrittenTablesOfAStatement(t *testing.T) {
	for sql, want := range map[string][]string{
		`SELECT * FROM "orders" WHERE id = 'x' FOR UPDATE`:                           nil,
		`SELECT 'DELETE FROM rooms' FROM "orders"`:                                   nil,
		`INSERT INTO "rooms" ("id") VALUES ('UPDATE devices SET it''s')`:             {"rooms"},
		"INSERT INTO `rooms` (`id`) VALUES (1) ON CONFLICT (`id`) DO UPDATE SET n=1": {"rooms"},
		"INSERT OR IGNORE INTO rooms SELECT * FROM devices":                          {"rooms"},
		`UPDATE "public"."rooms" SET name = (SELECT name FROM orgs)`:                 {"rooms"},
		"\n\tUPDATE devices AS d SET n = 1 FROM accounts WHERE d.id = accounts.id":   {"devices"},
		`DELETE FROM ONLY rooms WHERE id IN (SELECT room_id FROM devices)`:           {"rooms"},
		`WITH a AS (SELECT 1 FROM rooms FOR NO KEY UPDATE) SELECT * FROM a`:          nil,
		`WITH a AS (UPDATE rooms SET n=1 RETURNING id), -- UPDATE orders
			b AS (INSERT INTO "devices" SELECT * FROM a)
			DELETE FROM licences`: {"rooms", "devices", "licences"},
	} {
		require.Equal(t, want, writtenTables(sql), sql)
	}
}

func TestWriterInAFile(t *testing.T) {
	for file, want := range map[string]frame{
		"/elsewhere/gorm.io/gorm/finisher_api.go": {},
		root + "models/order/intake.go":           {ours: true, writer: "order"},
		root + "models/db/tx.go":                  {ours: true, writer: "db"},
		root + "portal/save.go":                   {ours: true, writer: "portal"},
		root + "models/order/intake_test.go":      {ours: true},
		root + "models/storetest/rmas.go":         {ours: true},
		root + "dev/chaos/lose.go":                {ours: true},
	} {
		require.Equal(t, want, frameIn(file), file)
	}
}

// TestForeignWriteIsFound gives a table to another domain and writes it as ever: what
// holds every other test to the rule does fail.
func TestForeignWriteIsFound(t *testing.T) {
	Each(t, func(t *testing.T, env Env) {
		var found []string
		env.Statements.fail = func(foreign string) { found = append(found, foreign) }
		moved := map[string]string{}
		for table, owner := range owners() {
			moved[table] = owner
		}
		moved["orgs"] = "order"
		env.Statements.owners = moved

		_, err := env.PutOrg(env.Context, account.OrgChange{
			Kind: account.OrgReseller,
			Name: "Nordwind",
		})
		require.NoError(t, err)

		require.Len(t, found, 1)
		require.Contains(t, found[0], "account writes the table orgs, which belongs to order")
	})
}

func TestEveryTableHasAnOwner(t *testing.T) {
	require.Equal(t, "order", owners()["orders"])
	require.Equal(t, "db", owners()["audit_events"])
	require.Greater(t, len(owners()), 40)
}
