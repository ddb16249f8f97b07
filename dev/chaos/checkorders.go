package chaos

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"roomcover.dev/roomcover/rules"
)

// queries are the checks of the facts against each other. An order has ended
// when nothing is left that the service does by itself.
func queries() []query {
	return []query{
		{"order", "the order exists more than once", `SELECT po_number, count(*)::text FROM orders GROUP BY reseller_id, po_number HAVING count(*) > 1`},
		{"order", "the order has not ended", `SELECT id, state FROM orders WHERE state NOT IN ('NEEDS_REVIEW','REJECTED','FULFILLED','PARTIALLY_CANCELLED','CANCELLED')`},
		{"order", "an accepted order has no vendor's number", `SELECT id, state FROM orders WHERE (vendor_order_no IS NULL) = (state NOT IN ('NEEDS_REVIEW','REJECTED','RECEIVED'))`},
		{"order", "one vendor's number names several orders", `SELECT vendor_order_no, count(*)::text FROM orders WHERE vendor_order_no IS NOT NULL GROUP BY 1 HAVING count(*) > 1`},
		{"review", "an order in review has no open task", `SELECT id, state FROM orders o WHERE state = 'NEEDS_REVIEW' AND NOT EXISTS (SELECT 1 FROM operator_tasks t WHERE t.kind = 'REVIEW_ORDER' AND t.subject_id = o.id AND t.state = 'OPEN')`},
		{"review", "a decided order still has an open task", `SELECT o.id, o.state FROM orders o JOIN operator_tasks t ON t.kind = 'REVIEW_ORDER' AND t.subject_id = o.id AND t.state = 'OPEN' WHERE o.state <> 'NEEDS_REVIEW'`},
		{"account", "a customer has several accounts", `SELECT max(id), count(DISTINCT account_id)::text FROM orders WHERE account_id IS NOT NULL GROUP BY payload->'end_customer'->>'company', payload->'end_customer'->'address' HAVING count(DISTINCT account_id) > 1`},
		{"contract", "not one contract for each line", `SELECT l.id, count(c.id)::text FROM order_lines l JOIN orders o ON o.id = l.order_id LEFT JOIN service_contracts c ON c.order_line_id = l.id
			GROUP BY l.id, o.state HAVING count(c.id) <> CASE WHEN o.state IN ('FULFILLED','PARTIALLY_CANCELLED','CANCELLED') THEN 1 ELSE 0 END`},
		{"contract", "the contract is not what the line ordered", `SELECT c.id, l.sku FROM service_contracts c JOIN order_lines l ON l.id = c.order_line_id JOIN orders o ON o.id = l.order_id
			WHERE c.quantity <> l.quantity OR c.type <> l.service_type OR c.term_years <> l.term_years OR c.order_id <> l.order_id OR c.account_id IS DISTINCT FROM o.account_id`},
		{"contract", "a contract belongs to no line", `SELECT c.id, c.order_line_id FROM service_contracts c LEFT JOIN order_lines l ON l.id = c.order_line_id WHERE l.id IS NULL`},
		{"licence", "the licences do not equal the quantity", `SELECT c.id, count(l.id) || ' of ' || c.quantity FROM service_contracts c LEFT JOIN licences l ON l.contract_id = c.id
			GROUP BY c.id HAVING count(l.id) <> CASE WHEN c.type = 'JUMPSTART' THEN 0 ELSE c.quantity END OR count(DISTINCT l.seq) <> count(l.id) OR coalesce(min(l.seq), 1) <> 1 OR coalesce(max(l.seq), 0) <> count(l.id)`},
		{"licence", "a licence is in another account than its contract", `SELECT l.id, c.id FROM licences l JOIN service_contracts c ON c.id = l.contract_id WHERE l.account_id <> c.account_id`},
		{"licence", "the revoked licences do not equal the cancellations", `SELECT o.id, coalesce(r.n, 0) || ' revoked, ' || coalesce(x.n, 0) || ' cancelled' FROM orders o
			LEFT JOIN (SELECT c.order_id, count(*) AS n FROM licences l JOIN service_contracts c ON c.id = l.contract_id WHERE l.state = 'REVOKED' GROUP BY 1) r ON r.order_id = o.id
			LEFT JOIN (SELECT order_id, sum(quantity) AS n FROM order_cancellations GROUP BY 1) x ON x.order_id = o.id WHERE coalesce(r.n, 0) <> coalesce(x.n, 0)`},
		{"licence", "a cancelled order has a licence in force", `SELECT l.id, o.id FROM licences l JOIN service_contracts c ON c.id = l.contract_id JOIN orders o ON o.id = c.order_id WHERE o.state = 'CANCELLED' AND l.state IN ('AVAILABLE','ASSIGNED')`},
		{"contract", "a contract of a cancelled order is in force", `SELECT c.id, o.id FROM service_contracts c JOIN orders o ON o.id = c.order_id WHERE o.state = 'CANCELLED' AND c.state <> 'CANCELLED'`},
		{"cancellation", "the cancellation has not ended", `SELECT id, order_id FROM order_cancellations WHERE state <> 'COMPLETED'`},
		{"cancellation", "the order's state is not that of its cancellations", `SELECT o.id, o.state FROM orders o LEFT JOIN order_cancellations c ON c.order_id = o.id GROUP BY o.id
			HAVING (count(c.id) > 0) <> (o.state IN ('PARTIALLY_CANCELLED','CANCELLED')) OR coalesce(bool_or(c.whole), false) <> (o.state = 'CANCELLED') OR count(c.id) <> coalesce(max(c.sequence), 0)`},
		{"cancellation", "one wish was carried out twice", `SELECT max(order_id), reason FROM order_cancellations GROUP BY reason HAVING count(*) > 1`},
		{"invitation", "more than one live invitation", `SELECT account_id, count(*)::text FROM invitations WHERE state IN ('ISSUED','SENT') GROUP BY account_id, email HAVING count(*) > 1`},
		{"invitation", "an order's customer has no invitation", `SELECT o.id, o.state FROM orders o WHERE o.state IN ('FULFILLED','PARTIALLY_CANCELLED') AND NOT EXISTS
			(SELECT 1 FROM invitations i WHERE i.account_id = o.account_id AND i.email = o.payload->'end_customer'->>'email' AND (i.state IN ('ISSUED','SENT','BOUNCED','ACCEPTED') OR i.state = 'EXPIRED' AND i.state_since >= i.expires_at))`},
		{"invitation", "an account without a contract has a live invitation (S11)", `SELECT i.id, i.account_id FROM invitations i WHERE i.state IN ('ISSUED','SENT') AND NOT EXISTS
			(SELECT 1 FROM service_contracts c WHERE c.account_id = i.account_id AND c.state <> 'CANCELLED') AND NOT EXISTS (SELECT 1 FROM invitations p WHERE p.id = i.supersedes_id AND p.state = 'REVOKED')`},
		{"outbox", "the event was not told", `SELECT id, kind FROM outbox_events WHERE delivered_at IS NULL`},
		{"task", "a person is asked although nothing needs one", `SELECT id, kind || ' ' || subject_id FROM operator_tasks WHERE kind IN ('PROCESS_STUCK','OUTBOX_STUCK') AND state = 'OPEN'`},
		{"mail", "the mail stands twice", `SELECT dedupe_key, count(*)::text FROM notifications GROUP BY 1 HAVING count(*) > 1`},
		{"mail", "the mail has not ended", `SELECT id, state FROM notifications WHERE state NOT IN ('SENT','DELIVERED','HARD_BOUNCED','SUPPRESSED','UNKNOWN')`},
		{"mail", "a mail that needs a person has no open task", `SELECT n.id, n.state FROM notifications n WHERE n.state IN ('UNKNOWN','HARD_BOUNCED') AND NOT EXISTS
			(SELECT 1 FROM operator_tasks t WHERE t.subject_id = n.id AND t.kind = CASE n.state WHEN 'UNKNOWN' THEN 'MAIL_UNKNOWN' ELSE 'MAIL_UNDELIVERABLE' END AND (t.state = 'OPEN' OR t.resolution = 'reissued'))`},
		{"mail", "a mail was refused although nothing refuses it", `SELECT id, template FROM notifications WHERE state = 'HARD_BOUNCED'`},
		{"mail", "the confirmations are not one for each address (R96, R100)", confirmations("order_confirmation", "o.state IN ('FULFILLED','PARTIALLY_CANCELLED','CANCELLED')", "1")},
		{"mail", "the notices of a cancellation are not one for each address", confirmations("order_cancelled", "true", "(SELECT count(*) FROM order_cancellations c WHERE c.order_id = o.id)")},
		{"mail", "a rejection is not told once", `SELECT o.id, count(n.id)::text FROM orders o LEFT JOIN notifications n ON n.order_id = o.id AND n.template = 'order_rejected' GROUP BY o.id HAVING count(n.id) <> (CASE o.state WHEN 'REJECTED' THEN 1 ELSE 0 END)`},
		{"mail", "an invitation has not one mail, to its person only (R103)", `SELECT i.id, count(n.id)::text FROM invitations i LEFT JOIN notifications n ON n.subject_id = i.id AND n.template = 'invitation'
			GROUP BY i.id HAVING count(n.id) <> 1 OR max(n.recipient) <> i.email`},
		{"audit", "a state has not its one event", auditOf("orders", "order.received", "true")},
		{"audit", "a state has not its one event", auditOf("orders", "order.fulfilled", "s.state IN ('FULFILLED','PARTIALLY_CANCELLED','CANCELLED')")},
		{"audit", "a state has not its one event", auditOf("orders", "order.accepted", "s.vendor_order_no IS NOT NULL")},
		{"audit", "a state has not its one event", auditOf("orders", "order.rejected", "s.state = 'REJECTED'")},
		{"audit", "a state has not its one event", auditOf("orders", "order.cancelled", "s.state = 'CANCELLED'")},
		{"audit", "a state has not its one event", auditOf("orders", "order.needs_review", "s.review_reasons::text <> '[]'")},
		{"audit", "a state has not its one event", auditOf("service_contracts", "contract.created", "true")},
		{"audit", "a state has not its one event", auditOf("invitations", "invitation.revoked", "s.state = 'REVOKED'")},
		{"audit", "a state has not its one event", auditOf("order_cancellations", "cancellation.completed", "s.state = 'COMPLETED'")},
		{"audit", "an invitation has not its one event", `SELECT i.id, count(a.id)::text FROM invitations i LEFT JOIN audit_events a ON a.object_id = i.id AND a.verb IN ('invitation.issued','invitation.reissued') GROUP BY i.id HAVING count(a.id) <> 1`},
		{"audit", "a partial cancellation has not its one event", `SELECT c.id, count(a.id)::text FROM order_cancellations c LEFT JOIN audit_events a ON a.object_id = c.order_id AND a.details->>'cancellation' = c.id GROUP BY c.id HAVING count(a.id) <> 1`},
	}
}

// confirmations finds orders that have not times mails of the template, each
// for one of the distinct addresses of its parties.
func confirmations(template, where, times string) string {
	return `SELECT id, have || ' of ' || want FROM (SELECT o.id,
		(SELECT count(*) FROM notifications n WHERE n.order_id = o.id AND n.template = '` + template + `') AS have,
		(SELECT count(DISTINCT e) FROM unnest(ARRAY[o.payload->'end_customer'->>'email', o.payload->'reseller'->>'email', o.payload->'distributor'->>'email']) e) * ` + times + ` AS want
		FROM orders o WHERE ` + where + `) q WHERE have <> want`
}

// auditOf finds rows for which the verb does not stand exactly once, where it
// should, or at all, where it should not.
func auditOf(table, verb, where string) string {
	return `SELECT s.id, '` + verb + ` ' || count(a.id) FROM ` + table + ` s LEFT JOIN audit_events a ON a.object_id = s.id AND a.verb = '` + verb + `'
		GROUP BY s.id HAVING count(a.id) <> CASE WHEN ` + where + ` THEN 1 ELSE 0 END`
}

// answers holds every acknowledged order against the database: it is there,
// once, under the id of every answer.
func answers(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	for key, s := range e.Ledger.orders {
		var id, hash string
		var number sql.NullString
		err := e.DB.QueryRowContext(ctx, `SELECT id, payload_hash, vendor_order_no FROM orders WHERE reseller_id = $1 AND po_number = $2`, key.ResellerID, key.PO).Scan(&id, &hash, &number)
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
			if a.ID != id || a.PONumber != key.PO || (a.VendorOrderNo != "" && a.VendorOrderNo != number.String) {
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

// decisions holds every acknowledged decision against the order.
func decisions(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	for id, accepted := range e.Ledger.decisions {
		var state string
		if err := e.DB.QueryRowContext(ctx, `SELECT state FROM orders WHERE id = $1`, id).Scan(&state); err != nil {
			return err
		}
		if accepted == (state == string(rules.OrderRejected)) || state == string(rules.OrderNeedsReview) {
			report(id, "the order is %s, decided was accept=%t", state, accepted)
		}
	}
	for _, r := range e.Ledger.reissues {
		var supersedes sql.NullString
		err := e.DB.QueryRowContext(ctx, `SELECT supersedes_id FROM invitations WHERE id = $1`, r.New).Scan(&supersedes)
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
		ids, err := column(ctx, e.DB, `SELECT id FROM order_cancellations WHERE order_id = $1 AND reason = $2`, c.OrderID, c.Marker)
		if err != nil {
			return err
		}
		switch {
		case c.Acknowledged != "" && c.Quantity > 0 && !slices.Contains(ids, c.Acknowledged):
			report(c.OrderID, "the acknowledged cancellation %s is not there", c.Acknowledged)
		case c.Acknowledged != "" && c.Quantity == 0:
			all, err := column(ctx, e.DB, `SELECT id FROM order_cancellations WHERE order_id = $1`, c.OrderID)
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
