package chaos

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

// spared adds spares to a sound world: one lies on site, one was used and waits for
// the approval, one is to be chosen.
func spared(t *testing.T, env storetest.Env, _ *Evidence) {
	t.Helper()
	lies, u := env.SpareFor(t, "Casa 1 Ltda", "ana@casa-1.example", "SN-1")
	env.OnSite(t, env.Agreed(t, lies, u), "SP-1")
	used, u := env.SpareFor(t, "Casa 2 Ltda", "ana@casa-2.example", "SN-2")
	u = env.OnSite(t, env.Agreed(t, used, u), "SP-2")
	_, err := env.UseSpare(storetest.Customer(used.Account), env.Requested(t, used).ID, u.ID)
	require.NoError(t, err)
	env.SpareFor(t, "Casa 3 Ltda", "ana@casa-3.example", "SN-3")
}

func TestOracle_FindsNothingInAWorldOfSpares(t *testing.T) {
	found, err := Judge(t.Context(), world(t, spared))
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestOracle_NamesWhatIsWrongWithSpares(t *testing.T) {
	const lies, used, asked = `(SELECT id FROM spare_units WHERE state = 'ON_SITE')`, `(SELECT id FROM spare_units WHERE state = 'CONSUMED')`, `(SELECT id FROM spare_units WHERE state = 'SELECTION_PENDING')`
	e := world(t, spared)
	for _, b := range []breakage{
		{"unit lost", `UPDATE spare_units SET closed_at = created_at WHERE id = ` +
			asked, "spare", "0 live, 1 in the ledger"},
		{"ledger wrong", `UPDATE spare_ledger SET delta = 2`, "spare", "1 live, 2 in the ledger"},
		{"licences gone", `UPDATE licences SET state = 'REVOKED'`, "spare", "0 licences"},
		{"two parcels", parcel("1", used) + parcel("2", used), "spare", "more than one live parcel"},
		{
			"used twice",
			`UPDATE rmas SET device_id = NULL; INSERT INTO rmas SELECT (jsonb_populate_record(r, '{"id":"rma_x","number":"RMA-XXXXX"}')).* FROM rmas r`,
			"spare", "used for two replacements",
		},
		{
			"used by nobody", `UPDATE audit_events SET verb = 'spare.nothing' WHERE verb = 'spare.consumed'`, "spare",
			"knows nothing of it",
		},
		{"used none", `UPDATE rmas SET spare_unit_id = NULL`, "spare", "used no unit"},
		{
			"device elsewhere",
			`UPDATE devices SET state = 'UNPLACED' WHERE id = (SELECT device_id FROM spare_units WHERE id = ` + lies +
				`)`,
			"spare", "does not lie on site",
		},
		{"closed and open", `UPDATE spare_units SET closed_at = created_at WHERE id = ` +
			lies, "spare", "the other way round"},
		{"nobody chooses", `UPDATE operator_tasks SET state = 'DONE' WHERE subject_id = ` +
			asked, "spare", "not exactly one task"},
		{"asked in vain", `UPDATE spare_units SET closed_at = created_at WHERE id = ` +
			asked, "spare", "one that is over"},
		{"fee not told", `UPDATE spare_units SET billed_at = created_at WHERE id = ` +
			lies, "spare", "finance was not told"},
		{
			"earned without event", `UPDATE audit_events SET verb = 'spare.nothing' WHERE verb = 'spare.earned'`,
			"audit", "spare.earned 0",
		},
		{
			"agreed twice", `UPDATE audit_events SET verb = 'spare.agreed' WHERE verb = 'spare.on_site'`, "audit",
			"spare.agreed 2",
		},
		{"voided without event", `UPDATE spare_units SET voided_at = created_at WHERE id = ` +
			lies, "audit", "spare.voided 0"},
		{
			"step not told",
			`DELETE FROM notifications WHERE template = 'spare_update' AND params->>'step' = 'SHIPPED'`, "mail",
			"SHIPPED: 0 of 1",
		},
		{"timer asleep", `UPDATE spare_units SET next_at = '2020-01-01', next_timer = 'RECALL_DUE' WHERE id = ` +
			used, "replacement", "what was due was not done"},
		{"name in a unit", `UPDATE spare_units SET last_error = 'Ana Qzxvulio'`, "personal data", "spare_units"},
	} {
		t.Run(b.name, func(t *testing.T) { requireFound(t, broken(t, e, b), b.check, b.want) })
	}
}

// parcel writes a live parcel of a spare.
func parcel(id, unit string) string {
	return `DROP INDEX IF EXISTS shipments_live; INSERT INTO shipments (id, account_id, direction, subject_id, booking_key, carrier, promised_day, state, contradicted, created_at, version)
		SELECT 'shp_` + id + `', account_id, 'SPARE', id, 'key ` + id +
		`', 'x', NULL, 'CREATED', false, created_at, 1 FROM spare_units WHERE id = ` + unit + `; `
}
