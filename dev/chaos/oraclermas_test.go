package chaos

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"

	"roomcover.dev/roomcover/carrier/simulator"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// replaced adds replacements to a sound world: one from request to close, one that
// was backordered and waits, one that nobody decided, with the carrier's part and
// some stock.
func replaced(t *testing.T, env storetest.Env, e *Evidence) {
	t.Helper()
	depot, err := env.PutDepot(env.Context, shipping.DepotForm{
		Code:    "GRU",
		Name:    "Depot",
		Street:  "Rua A 1",
		City:    "Campinas",
		Country: "BR",
	})
	require.NoError(t, err)
	_, err = env.ReceiveStock(env.Context, logistics.StockMove{
		DepotID:   depot.ID,
		ModelCode: "RALLY-BAR",
		Quantity:  1,
		Cause:     "receipt/x/note 1",
	})
	require.NoError(t, err)
	e.Ledger.notes["note 1"] = 1

	closed := env.CoveredFor(t, "Casa 1 Ltda", "ana@casa-1.example", "SN-1")
	r := env.Approved(t, closed)
	require.Equal(t, rma.RMAAllocated, r.StoredState, "the depot has one unit")
	r, err = env.ShipRMA(storetest.Operator(), r.ID,
		replacement.RMAShipment{Serial: "NEW-1", Carrier: carrierName, Tracking: "T1"})
	require.NoError(t, err)
	e.Parcels = append(e.Parcels, simulator.Parcel{Key: r.ID + "/out/1", Tracking: "T1"})
	env.Calendar.Set(env.Calendar.Now().Add(20 * time.Hour))
	_, err = env.ReceiveCarrierEvent(env.Context, logistics.NewCarrierEvent{
		Carrier:    carrierName,
		EventID:    "T1-1",
		Tracking:   "T1",
		Kind:       "DELIVERED",
		OccurredAt: env.Calendar.Now(),
	})
	require.NoError(t, err)
	e.Webhooks = append(e.Webhooks, "T1-1")
	_, err = env.InspectRMA(storetest.Operator(), r.ID, replacement.RMAInspection{
		Serial:  "SN-1",
		Outcome: rma.OutcomeDefect,
	})
	require.NoError(t, err)
	acknowledged(e, r, rma.RMAApprove, rma.RMAShip, rma.RMAInspect)

	waiting := env.Approved(t, env.CoveredFor(t, "Casa 2 Ltda", "ana@casa-2.example", "SN-2"))
	_, err = env.BackorderRMA(storetest.Operator(), waiting.ID, replacement.RMABackorder{ExpectedOn: "2026-12-24"})
	require.NoError(t, err)
	acknowledged(e, waiting, rma.RMABackorder)
	acknowledged(e, env.Requested(t, env.CoveredFor(t, "Casa 3 Ltda", "ana@casa-3.example", "SN-3")))
}

func acknowledged(e *Evidence, r replacement.RMA, commands ...rma.RMACommand) {
	e.Ledger.rmas[r.ID] = &Replacement{ID: r.ID, Serial: r.FaultySerial, Commands: map[rma.RMACommand]int{}}
	for _, c := range commands {
		e.Ledger.rmas[r.ID].Commands[c] = 1
	}
}

func TestOracle_NamesWhatIsWrongWithReplacements(t *testing.T) {
	const closed, waiting, asked = `(SELECT id FROM rmas WHERE faulty_serial = 'SN1')`, `(SELECT id FROM rmas WHERE faulty_serial = 'SN2')`, `(SELECT id FROM rmas WHERE faulty_serial = 'SN3')`
	e := world(t, replaced)
	for _, b := range []breakage{
		{
			"another device", `UPDATE rmas SET faulty_serial = 'SNX' WHERE faulty_serial = 'SN3'`, "replacement",
			"another device",
		},
		{
			"command lost", `UPDATE audit_events SET verb = 'rma.nothing' WHERE verb = 'rma.inspected'`, "replacement",
			"command inspect was not carried out",
		},
		{
			"two open ones",
			`DROP INDEX rmas_open_device; ALTER TABLE rmas DROP CONSTRAINT rmas_device_id_of_account; UPDATE rmas SET device_id = (SELECT device_id FROM rmas WHERE id = ` + asked +
				`) WHERE id = ` + waiting,
			"replacement", "more than one open RMA",
		},
		{"two parcels", `DROP INDEX shipments_live; DROP INDEX shipments_tracking; UPDATE shipments SET state = 'IN_TRANSIT'; INSERT INTO shipments (id, account_id, direction, subject_id, booking_key, carrier,
			tracking, promised_day, state, contradicted, first_move_at, delivered_at, last_scan_at, created_at, version)
			SELECT 'shp_x', account_id, direction, subject_id, 'key x', carrier, tracking, promised_day, state, contradicted, first_move_at, delivered_at, last_scan_at, created_at, version FROM shipments`, "replacement", "more than one live outbound shipment"},
		{"closed and open", `UPDATE rmas SET closed_at = NULL WHERE id = ` +
			closed, "replacement", "the other way round"},
		{
			"licence gone",
			`UPDATE licences SET state = 'REVOKED' WHERE id = (SELECT cover_licence_id FROM rmas WHERE id = ` + asked +
				`)`,
			"replacement", "was revoked before",
		},
		{
			"faulty unit in the room",
			`UPDATE device_placements SET to_at = NULL WHERE device_id = (SELECT device_id FROM rmas WHERE id = ` +
				closed + `)`,
			"replacement", "still in a room",
		},
		{
			"new unit nowhere",
			`DELETE FROM device_placements WHERE device_id = (SELECT replacement_device_id FROM rmas WHERE id = ` +
				closed +
				`);
			UPDATE devices SET state = 'UNPLACED' WHERE id = (SELECT replacement_device_id FROM rmas WHERE id = ` +
				closed +
				`)`,
			"replacement",
			"is nowhere",
		},
		{
			"serial twice", `DROP INDEX devices_serial; UPDATE devices SET serial = 'SN1'`, "replacement",
			"one serial number",
		},
		{"asked in vain", `UPDATE operator_tasks SET state = 'OPEN' WHERE subject_id = ` +
			closed, "replacement", "that is over"},
		{"nobody asked", `UPDATE operator_tasks SET state = 'DONE' WHERE subject_id = ` +
			asked, "replacement", "nobody is asked"},
		{"fee not told", `UPDATE rmas SET billed_at = requested_at WHERE id = ` +
			closed, "replacement", "finance was not told"},
		{"fee without event", `UPDATE rmas SET billed_at = requested_at WHERE id = ` +
			closed, "audit", "not one event for each fee"},
		{
			"approved twice", `UPDATE audit_events SET verb = 'rma.approved' WHERE verb = 'rma.inspected'`, "audit",
			"rma.approved 2",
		},
		{
			"shipped twice", `UPDATE audit_events SET verb = 'rma.shipped' WHERE verb = 'rma.inspected'`, "audit",
			"shipped more often",
		},
		{"loss without event", `UPDATE rmas SET reships = 1 WHERE id = ` + closed, "audit", "declared lost"},
		{
			"step not told",
			`DELETE FROM notifications WHERE template = 'rma_update' AND params->>'step' = 'DELIVERED' AND recipient LIKE 'portaria%'`,
			"mail", "DELIVERED: 0 of 1",
		},
		{
			"step told twice",
			`UPDATE notifications SET params = '{"step":"APPROVED"}' WHERE template = 'rma_update' AND params->>'step' = 'SHIPPED'`,
			"mail", "APPROVED: 2 of 1",
		},
		{
			"step that was not taken",
			`UPDATE notifications SET params = '{"step":"WITHDRAWN"}' WHERE template = 'rma_update' AND params->>'step' = 'SHIPPED'`,
			"mail", "a step that was not taken",
		},
		{
			"told to another",
			`UPDATE notifications SET recipient = 'x@example.com' WHERE template = 'rma_update' AND params->>'step' = 'SHIPPED'`,
			"mail", "a step that was not taken",
		},
		{"timer asleep", `UPDATE rmas SET next_at = '2020-01-01' WHERE id = ` +
			waiting, "replacement", "what was due was not done"},
		{
			"promise moved",
			`UPDATE rmas SET first_promise = jsonb_set(first_promise, '{on}', '"2026-11-30"') WHERE id = ` + closed,
			"promise", `it should be`,
		},
		{
			"promise due at another time",
			`UPDATE rmas SET promise_due_at = promise_due_at + interval '1 hour' WHERE id = ` + closed, "promise",
			"is late from",
		},
		{
			"backorder's promise moved",
			`UPDATE audit_events SET details = jsonb_set(details, '{promised_on}', '"2026-12-25"') WHERE verb = 'rma.backordered'`,
			"promise", `it should be "2026-12-28"`,
		},
		{
			"event not applied", `UPDATE carrier_events SET state = 'RECEIVED', shipment_id = NULL`, "carrier",
			"was not applied",
		},
		{
			"event of a parcel we know", `UPDATE carrier_events SET state = 'UNKNOWN', shipment_id = NULL`, "carrier",
			"was not applied",
		},
		{
			"event not read", `UPDATE carrier_events SET state = 'UNREADABLE', shipment_id = NULL`, "carrier",
			"could not be read",
		},
		{
			"event without a scan", `DELETE FROM shipment_scans WHERE cause_key LIKE 'carrier/%'`, "carrier",
			"not one scan",
		},
		{"event lost", `DELETE FROM carrier_events`, "carrier", "not stored"},
		{"delivery not heard", `UPDATE rmas SET delivered_at = NULL WHERE id = ` +
			closed, "carrier", "knows nothing of it"},
		{"parcel of nobody", `UPDATE shipments SET tracking = 'T9'`, "carrier", "no such parcel"},
		{"parcel of another", `UPDATE shipments SET booking_key = 'rma_x/out/1'`, "carrier", "that of another parcel"},
		{"booking not known", `UPDATE shipments SET tracking = NULL, state = 'CREATED'`, "carrier", "does not know"},
		{
			"parcel not booked", `UPDATE shipments SET service = 'EXPRESS', state = 'CREATED'`, "carrier",
			"not booked, labelled or called off",
		},
		{
			"parcel without label", `UPDATE shipments SET service = 'EXPRESS', state = 'LABELLED'`, "carrier",
			"not booked, labelled or called off",
		},
		{"called off here alone", `UPDATE shipments SET state = 'CANCELLED'`, "carrier", "the carrier does not know"},
		{
			"told of a parcel twice",
			`INSERT INTO notifications SELECT (jsonb_populate_record(n, jsonb_build_object('id', n.id || 'x', 'dedupe_key', n.id))).* FROM notifications n WHERE params->>'step' = 'SHIPPED'`,
			"mail", "a parcel has left",
		},
		{"level wrong", `UPDATE stock_levels SET on_hand = 6`, "stock", "not the sum of its entries"},
		{"entries without level", `DELETE FROM stock_levels`, "stock", "without a level"},
		{
			"was negative",
			`UPDATE audit_events SET details = '{"model":"X","after":{"on_hand":-1,"reserved":0}}' WHERE verb = 'stock.receipt'`,
			"stock", "it was negative",
		},
		{"note twice", stockEntry("2", "RECEIPT", "receipt/y/note 1", "", ""), "stock", "stands 2 times"},
		{"note lost", `DELETE FROM stock_entries`, "stock", "stands 0 times"},
		{"set apart for nobody", stockEntry("2", "RESERVATION", "r", "rma_x", ""), "stock", "does not wait for them"},
		{"set apart for no spare", stockEntry("2",
			"RESERVATION", "r", "spu_x", ""), "stock", "for a spare that does not wait"},
		{"set apart twice", stockEntry("2", "RESERVATION", "r", "rma_x", "") +
			stockEntry("3", "RESERVATION", "s", "rma_x", ""), "stock", "more than one set"},
		{"reservation closed twice", `ALTER TABLE stock_entries DROP CONSTRAINT stock_entries_closes_id_key; ` +
			stockEntry("2", "RESERVATION", "r", "rma_x", "") + stockEntry("3", "RELEASE", "s", "rma_x", "stk_2") +
			stockEntry("4", "SHIPMENT", "t", "rma_x", "stk_2"), "stock", "closed more than once"},
		{"sent twice", stockEntry("2", "RESERVATION", "r", "rma_x", "") + stockEntry(
			"3", "RESERVATION", "s", "rma_x", "",
		) + stockEntry("4", "SHIPMENT", "t", "rma_x", "stk_2") + stockEntry("5", "SHIPMENT", "u", "rma_x", "stk_3") +
			`UPDATE stock_entries SET subject_id = ` + closed + ` WHERE subject_id = 'rma_x'`, "stock", "than parcels"},
		{"name in a replacement", `UPDATE rmas SET fault = 'Ana Qzxvulio says so'`, "personal data", "rmas"},
		{
			"address at the carrier", `UPDATE carrier_events SET raw = 'Rua Qzxvulio 7'`, "personal data",
			"carrier_events",
		},
	} {
		t.Run(b.name, func(t *testing.T) { requireFound(t, broken(t, e, b), b.check, b.want) })
	}
}

// stockEntry writes another line into the ledger of stock.
func stockEntry(id, kind, cause, subject, closes string) string {
	reference := "NULL"
	if closes != "" {
		reference = "'" + closes + "'"
	}
	return `INSERT INTO stock_entries SELECT 'stk_` + id + `', depot_id, model_code, '` + kind + `', 1, 0, 0, '` +
		cause + `', '` + subject + `', ` + reference +
		`, '', '', created_at FROM stock_entries WHERE cause_key = 'receipt/x/note 1'; `
}

func TestOracle_NamesWhatIsWrongAtTheCarrier(t *testing.T) {
	for name, b := range map[string]struct {
		breakIt     func(e *Evidence)
		check, want string
	}{
		"replacement lost": {func(e *Evidence) {
			e.Ledger.rmas["rma_x"] = &Replacement{ID: "rma_x"}
		}, "replacement", "does not exist"},
		"booked twice": {func(e *Evidence) {
			e.Parcels = append(e.Parcels, simulator.Parcel{Key: e.Parcels[0].Key, Tracking: "T2"})
		}, "carrier", "2 bookings"},
		"booked for nothing": {func(e *Evidence) {
			e.Parcels = append(e.Parcels, simulator.Parcel{Key: "rma_x/out/1", Tracking: "T2"})
		}, "carrier", "booking of no shipment"},
		"webhook lost": {func(e *Evidence) {
			e.Webhooks = append(e.Webhooks, "T1-2")
		}, "carrier", "thanked for a webhook"},
		"workflow twice": {func(e *Evidence) {
			e.Runs = append(e.Runs, runOf(e, "rma/", enums.WORKFLOW_EXECUTION_STATUS_RUNNING))
		}, "workflow", "workflows run"},
		"task failed": {func(e *Evidence) {
			e.Runs[0].Failed = []string{"NonDeterministicError"}
		}, "workflow", "NonDeterministicError"},
		"workflow failed": {func(e *Evidence) {
			e.Runs = append(e.Runs, runOf(e, "rma/", enums.WORKFLOW_EXECUTION_STATUS_FAILED))
		}, "workflow", "ended as Failed"},
	} {
		t.Run(name, func(t *testing.T) {
			e := world(t, replaced)
			b.breakIt(&e)
			requireFound(t, e, b.check, b.want)
		})
	}
}

// runOf is another run of the first workflow of a kind that still runs.
func runOf(e *Evidence, kind string, status enums.WorkflowExecutionStatus) WorkflowRun {
	for _, r := range e.Runs {
		if len(r.WorkflowID) > len(kind) && r.WorkflowID[:len(kind)] == kind &&
			r.Status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
			r.Status = status
			return r
		}
	}
	return WorkflowRun{}
}

func TestOracle_FindsNothingInAWorldOfReplacements(t *testing.T) {
	found, err := Judge(t.Context(), world(t, replaced))
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestS20_PromisedDayOfTheOracle(t *testing.T) {
	brazil := workdays{
		off:  map[string]bool{"SAT": true, "SUN": true},
		free: map[string]bool{"2026-09-07": true, "2027-01-01": true},
	}
	zone, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	for name, c := range map[string]struct{ approved, speed, want string }{
		"V6":               {"2026-09-04 14:00", "NBD", "2026-09-08"},
		"at the cut-off":   {"2026-09-04 15:00", "NBD", "2026-09-08"},
		"V7":               {"2026-09-04 15:01", "NBD", "2026-09-09"},
		"V8":               {"2026-12-31 10:00", "NBD", "2027-01-04"},
		"on a Sunday":      {"2026-09-06 10:00", "NBD", "2026-09-09"},
		"three days":       {"2026-09-01 10:00", "3BD", "2026-09-04"},
		"no day for speed": {"2026-09-01 10:00", "STANDARD", ""},
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", c.approved, zone)
		require.NoError(t, err)
		require.Equal(t, c.want, promisedDay(brazil, at, zone, c.speed), name)
	}
}
