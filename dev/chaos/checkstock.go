package chaos

import "context"

// stockQueries are the checks of the ledger of stock: every level is the sum of its
// entries, never less than nothing, and what is reserved is what somebody waits for.
func stockQueries() []query {
	return []query{
		{"stock", "a level is not the sum of its entries", `SELECT l.depot_id || '/' || l.model_code, l.on_hand || '/' || l.reserved || ' of ' || coalesce(sum(e.on_hand_delta), 0) || '/' || coalesce(sum(e.reserved_delta), 0)
			FROM stock_levels l LEFT JOIN stock_entries e ON e.depot_id = l.depot_id AND e.model_code = l.model_code GROUP BY l.depot_id, l.model_code, l.on_hand, l.reserved
			HAVING l.on_hand <> coalesce(sum(e.on_hand_delta), 0) OR l.reserved <> coalesce(sum(e.reserved_delta), 0)`},
		{"stock", "entries stand without a level", `SELECT DISTINCT e.depot_id, e.model_code FROM stock_entries e LEFT JOIN stock_levels l ON l.depot_id = e.depot_id AND l.model_code = e.model_code WHERE l.depot_id IS NULL`},
		{"stock", "it was negative, or more was promised than there was", `SELECT a.id, a.details->>'model' FROM audit_events a WHERE a.verb LIKE 'stock.%'
			AND ((a.details->'after'->>'on_hand')::int < 0 OR (a.details->'after'->>'reserved')::int < 0 OR (a.details->'after'->>'reserved')::int > (a.details->'after'->>'on_hand')::int)`},
		{"stock", "a reservation was closed more than once", `SELECT closes_id, count(*)::text FROM stock_entries WHERE closes_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1`},
		{"stock", "units are set apart for one that does not wait for them", `SELECT e.id, e.subject_id FROM stock_entries e LEFT JOIN rmas r ON r.id = e.subject_id AND r.state = 'ALLOCATED'
			WHERE e.kind = 'RESERVATION' AND e.subject_id LIKE 'rma_%' AND r.id IS NULL AND NOT EXISTS (SELECT 1 FROM stock_entries c WHERE c.closes_id = e.id)`},
		{"stock", "a unit is set apart for a spare that does not wait for it", `SELECT e.id, e.subject_id FROM stock_entries e LEFT JOIN spare_units u ON u.id = e.subject_id AND u.state IN ('APPROVED','REPLENISHING') AND u.shipped_at IS NULL
			WHERE e.kind = 'RESERVATION' AND e.subject_id LIKE 'spu_%' AND u.id IS NULL AND NOT EXISTS (SELECT 1 FROM stock_entries c WHERE c.closes_id = e.id)`},
		{"stock", "more than one set of units is set apart for one", `SELECT e.subject_id, count(*)::text FROM stock_entries e WHERE e.kind = 'RESERVATION' AND NOT EXISTS (SELECT 1 FROM stock_entries c WHERE c.closes_id = e.id)
			GROUP BY 1 HAVING count(*) > 1`},
		{"stock", "more units were sent for one than parcels", `SELECT r.id, count(e.id)::text FROM rmas r JOIN stock_entries e ON e.subject_id = r.id AND e.kind = 'SHIPMENT' GROUP BY r.id, r.reships, r.shipped_at, r.withdrawn_at
			HAVING count(e.id) > r.reships + 1`},
	}
}

// notes holds every acknowledged delivery note and count against the ledger: it
// stands there once.
func notes(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	for reference, quantity := range e.Ledger.notes {
		found, err := column(ctx, e.DB, `SELECT quantity::text FROM stock_entries WHERE cause_key LIKE '%/' || $1`, reference)
		if err != nil {
			return err
		}
		if len(found) != 1 {
			report(reference, "the acknowledged entry of %d units stands %d times", quantity, len(found))
		}
	}
	return nil
}
