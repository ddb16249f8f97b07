package entitlement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

// Keys by which a row of one account may point to what another one has, or to what has none
// yet.
var acrossAccounts = map[string]string{
	"service_contracts.order_id": "an order has its customer at the end of its fulfilment",
	"contact_questions.order_id": "an order has its customer only when it is decided",
	"invitations.order_id":       "an order has its customer only when it is decided",
	"inbox_items.mail_id":        "an operator finds whose an item is after its mail has come",
	"device_claims.device_id":    "the claimed device is another customer's: that is the question",
	"delegations.partner_org_id": "a partner acts in the account of another: that is what it is for",
}

// pointers are the foreign keys between tables that both belong to accounts, as
// table.column → table; those that say the account too stand in together.
func pointers(t *testing.T, env storetest.Env) (all, together map[string]string) {
	t.Helper()
	all, together = map[string]string{}, map[string]string{}
	for _, line := range env.Strings(t, `
		SELECT concat_ws(' ', c.conrelid::regclass, c.confrelid::regclass,
			(SELECT string_agg(a.attname, ' ' ORDER BY a.attname = 'account_id' DESC)
			FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)))
		FROM pg_constraint c
		WHERE c.contype = 'f'
			AND c.convalidated
			AND EXISTS (SELECT 1 FROM pg_attribute a
				WHERE a.attrelid = c.conrelid AND a.attname = 'account_id')
			AND EXISTS (SELECT 1 FROM pg_attribute a
				WHERE a.attrelid = c.confrelid AND a.attname = 'account_id')`) {
		word := strings.Fields(line)
		column := word[0] + "." + word[len(word)-1]
		all[column] = word[1]
		if len(word) == 4 && word[2] == "account_id" {
			together[column] = word[1]
		}
	}
	return all, together
}

// R109 and its relatives: the database itself keeps the rows of one account together.
func TestR109_NoRowPointsIntoAnotherAccount(t *testing.T) {
	env := storetest.Postgres(t)
	w := twoAccounts(t, env)
	all, together := pointers(t, env)
	require.Greater(t, len(together), 15)

	for column, parent := range all {
		if acrossAccounts[column] != "" {
			require.NotContains(t, together, column, "it has a key after all")
			continue
		}
		assert.Contains(t, together, column, "no key holds it to its account")

		child, name, _ := strings.Cut(column, ".")
		a, b := *w.a.AccountID, *w.b.AccountID
		if env.Count(t, of(child, a)) == 0 || env.Count(t, of(parent, b)) == 0 {
			t.Errorf("%s: there is no row to try it with", column)
			continue
		}
		err := env.Exec(fmt.Sprintf(
			`SET roomcover.scope = 'system';
			UPDATE %s SET %s = (SELECT max(id) FROM %s WHERE account_id = '%s')
			WHERE ctid = (SELECT min(ctid) FROM %s WHERE account_id = '%s')`,
			child, name, parent, b, child, a))
		// Where the row would stand twice, too, the database says that first.
		assert.ErrorContains(t, err, "(SQLSTATE 23", column)
	}

	// SQLite has a trigger for each: it adds no foreign key to a table that is there.
	triggers := storetest.SQLite(t).Strings(t, "SELECT name FROM sqlite_master WHERE type = 'trigger'")
	for column := range together {
		for _, when := range []string{"insert", "update"} {
			require.True(t, slices.Contains(triggers,
				strings.ReplaceAll(column, ".", "_")+"_of_account_on_"+when), column)
		}
	}
}

func of(table, account string) string {
	return fmt.Sprintf("SELECT count(*) FROM %s WHERE account_id = '%s'", table, account)
}

func TestR109_ALicenceCoversNoForeignRoom(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		a := env.Fulfilled(t, seller, storetest.FormFor("PO-1", "Acme Ltda", "ana.souza@acme.example"))
		b := env.Fulfilled(t, seller, storetest.FormFor("PO-2", "Beta SA", "bia@beta.example"))
		ours := env.Assigned(t, env.Licences(t, a)[0], env.Room(t, *a.AccountID, "Sala 1"))
		foreign := env.Room(t, *b.AccountID, "Sala 2")

		err := env.Exec(fmt.Sprintf("UPDATE licence_assignments SET room_id = '%s' WHERE id = '%s'",
			foreign.ID, ours.ID))
		require.ErrorContains(t, err, "licence_assignments")
		err = env.Exec(fmt.Sprintf(`
			INSERT INTO licence_assignments (id, account_id, licence_id, room_id, service_type,
				from_at, end_reason, assigned_by, acknowledged_by)
			VALUES ('lia_x', '%s', '%s', '%s', 'SELECT', '2026-01-01', '', '', '')`,
			*b.AccountID, env.Licences(t, a)[1].ID, foreign.ID))
		require.ErrorContains(t, err, "licence_assignments")
		require.Equal(t, 1, env.Count(t, of("licence_assignments", *a.AccountID)))
	})
}
