package chaos

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"roomcover.dev/roomcover/rules"
)

// answers holds every acknowledged order against the database: it is there,
// once, under the id of every answer.
func answers(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	for key, s := range e.Ledger.orders {
		var id, hash string
		var number sql.NullString
		err := e.Rows.QueryRowContext(ctx,
			`SELECT id, payload_hash, vendor_order_no
			FROM orders
			WHERE reseller_id = $1 AND po_number = $2`,
			key.ResellerID, key.PO).Scan(&id, &hash, &number)
		if errors.Is(err, sql.ErrNoRows) {
			report(s.Answers[0].ID, "the acknowledged order does not exist")
			continue
		}
		if err != nil {
			return err
		}

		if hash != s.Form.Hash() {
			report(id, "the stored order is not the one that was acknowledged")
		}

		created := 0
		for _, a := range s.Answers {
			if a.ID != id || a.PONumber != key.PO ||
				(a.VendorOrderNo != "" && a.VendorOrderNo != number.String) {
				report(id, "an answer names another order: %s %s", a.ID, a.VendorOrderNo)
			}
			if a.Status == 201 {
				created++
			}
		}

		if created > 1 {
			report(id, "%d answers say that the order was created", created)
		}
	}

	return nil
}

// decisions holds every acknowledged decision against the order. One that was accepted and
// came back to review, because its account was opened meanwhile, is decided anew, by a
// person or by the end of its time (S15).
func decisions(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	for id, accepted := range e.Ledger.decisions {
		var state string
		var returned bool
		err := e.Rows.QueryRowContext(ctx, `
			SELECT o.state, EXISTS (
				SELECT 1
				FROM audit_events a
				JOIN audit_events r ON r.object_id = a.object_id AND r.seq > a.seq
				WHERE a.object_id = o.id
					AND a.verb = 'order.accepted' AND r.verb = 'order.needs_review'
			)
			FROM orders o
			WHERE o.id = $1`, id).Scan(&state, &returned)
		if err != nil {
			return err
		}
		if returned && accepted {
			continue
		}

		if accepted == (state == string(rules.OrderRejected)) ||
			state == string(rules.OrderNeedsReview) {
			report(id, "the order is %s, decided was accept=%t", state, accepted)
		}
	}

	for _, r := range e.Ledger.reissues {
		var supersedes sql.NullString
		err := e.Rows.QueryRowContext(ctx, `SELECT supersedes_id FROM invitations WHERE id = $1`,
			r.New).Scan(&supersedes)
		if errors.Is(err, sql.ErrNoRows) || supersedes.String != r.Old {
			report(r.New, "the acknowledged reissue is not there")
		} else if err != nil {
			return err
		}
	}

	return nil
}

// cancellations holds every wish to cancel against the database.
func cancellations(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	for _, c := range e.Ledger.cancellations {
		ids, err := column(ctx, e.Rows,
			`SELECT id FROM order_cancellations WHERE order_id = $1 AND reason = $2`,
			c.OrderID, c.Marker)
		if err != nil {
			return err
		}

		switch {
		case c.Acknowledged != "" && c.Quantity > 0 && !slices.Contains(ids, c.Acknowledged):
			report(c.OrderID, "the acknowledged cancellation %s is not there", c.Acknowledged)
		case c.Acknowledged != "" && c.Quantity == 0:
			all, err := column(ctx, e.Rows,
				`SELECT id FROM order_cancellations WHERE order_id = $1`, c.OrderID)
			if err != nil {
				return err
			}

			if !slices.Contains(all, c.Acknowledged) {
				report(c.OrderID, "the acknowledged cancellation %s is not there", c.Acknowledged)
			}
		case c.Refused && len(ids) > 0 && c.Quantity > 0:
			report(c.OrderID, "a refused cancellation was carried out")
		}
	}

	return nil
}

func column(ctx context.Context, db Facts, query string, args ...any) ([]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}

	return out, rows.Err()
}
