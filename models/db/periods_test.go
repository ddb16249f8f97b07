package db_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

// Where one thing may stand in one place at a time, the database itself refuses that two
// periods overlap, also in what is over. Versions of models and of countries' terms may: of
// several the one counts that came into effect last.
func TestPeriodsNeverOverlap(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		room, other := env.Room(t, *o.AccountID, "Sala 1"), env.Room(t, *o.AccountID, "Sala 2")
		third := env.Room(t, *o.AccountID, "Sala 3")
		device := env.Device(t, room, "SN-100", "RALLY-BAR", "2026-01-31")
		licences := env.Licences(t, o)

		placement := fmt.Sprintf(`
			INSERT INTO device_placements (id, account_id, device_id, room_id, placed_by, from_at, to_at)
			VALUES ('%%s', '%s', '%s', '%s', 'usr', '%%s', '%%s')`, room.AccountID, device.ID, room.ID)
		assignment := func(licence, room string) string {
			return fmt.Sprintf(`
				INSERT INTO licence_assignments (id, account_id, licence_id, room_id, service_type,
					end_reason, assigned_by, acknowledged_by, from_at, to_at)
				VALUES ('%%s', '%s', '%s', '%s', 'SELECT', 'MOVED', 'usr', '', '%%s', '%%s')`,
				*o.AccountID, licence, room)
		}
		attachment := func(licence, serial string) string {
			return fmt.Sprintf(`
				INSERT INTO warranty_attachments (id, account_id, licence_id, serial, end_reason,
					attached_by, from_at, to_at)
				VALUES ('%%s', '%s', '%s', '%s', 'RELEASED', 'usr', '%%s', '%%s')`,
				*o.AccountID, licence, serial)
		}
		for _, c := range []struct{ of, table, row, rival string }{
			{"device", "device_placements", placement, placement},
			{"licence", "licence_assignments", assignment(licences[0].ID, room.ID),
				assignment(licences[0].ID, other.ID)},
			{"room", "licence_assignments", assignment(licences[1].ID, third.ID),
				assignment(licences[2].ID, third.ID)},
			{"unit", "warranty_attachments", attachment(licences[3].ID, "SN-1"),
				attachment(licences[3].ID, "SN-2")},
			{"serial", "warranty_attachments", attachment(licences[4].ID, "SN-3"),
				attachment(licences[5].ID, "SN-3")},
		} {
			t.Run(c.of, func(t *testing.T) {
				write := func(row, id, from, to string) error {
					const at = "%s 00:00:00+00:00"
					return env.Exec(fmt.Sprintf(row, c.of+id, fmt.Sprintf(at, from), fmt.Sprintf(at, to)))
				}
				require.NoError(t, write(c.row, "1", "2020-01-01", "2020-02-01"))
				for _, overlap := range [][2]string{
					{"2020-01-15", "2020-03-01"},
					{"2019-12-01", "2020-01-02"},
					{"2020-01-10", "2020-01-20"},
					{"2019-01-01", "2021-01-01"},
				} {
					require.ErrorContains(t, write(c.rival, "2", overlap[0], overlap[1]), "_"+apart(env, c.of))
				}
				open := strings.NewReplacer("'%s')", "NULL)", "'MOVED'", "''", "'RELEASED'", "''").Replace(c.rival)
				err := env.Exec(fmt.Sprintf(open, c.of+"5", "2020-01-31 00:00:00+00:00"))
				require.ErrorContains(t, err, "_"+apart(env, c.of), "one that lasts")
				require.NoError(t, write(c.rival, "3", "2020-02-01", "2020-03-01"), "one after the other")
				require.NoError(t, write(c.rival, "4", "2020-01-10", "2020-01-10"), "it never stood")
				err = env.Exec(fmt.Sprintf("UPDATE %s SET from_at = '2020-01-31 00:00:00+00:00' WHERE id = '%s3'",
					c.table, c.of))
				require.ErrorContains(t, err, "_"+apart(env, c.of))
			})
		}
	})
}

// What an earlier release let overlap can be ended: the database refuses what would overlap
// more, not the way out.
func TestAnOverlapOfAnEarlierReleaseCanBeEnded(t *testing.T) {
	env := storetest.Postgres(t)
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	licences := env.Licences(t, o)
	attach := func(id, licence, from, to, why string) error {
		return env.Exec(fmt.Sprintf(`
			INSERT INTO warranty_attachments (id, account_id, licence_id, serial, end_reason,
				attached_by, from_at, to_at)
			VALUES ('%s', '%s', '%s', 'SN-1', '%s', 'usr', '%s', %s)`,
			id, *o.AccountID, licence, why, from, to))
	}
	require.NoError(t, attach("1", licences[0].ID, "2020-01-01", "'2020-02-01'", "RELEASED"))
	require.NoError(t, env.Exec("ALTER TABLE warranty_attachments DISABLE TRIGGER USER"))
	require.NoError(t, attach("2", licences[1].ID, "2020-01-15", "NULL", ""))
	require.NoError(t, env.Exec("ALTER TABLE warranty_attachments ENABLE TRIGGER USER"))

	require.ErrorContains(t, env.Exec("UPDATE warranty_attachments SET from_at = '2020-01-10' WHERE id = '2'"),
		"warranty_attachments_apart")
	require.NoError(t, env.Exec(`
		UPDATE warranty_attachments SET to_at = '2020-03-01', end_reason = 'RELEASED' WHERE id = '2'`))
}

// apart ends the name of what keeps periods apart.
func apart(env storetest.Env, of string) string {
	if env.DSN != "" && of == "room" {
		return "one_per_room"
	}
	return "apart"
}
