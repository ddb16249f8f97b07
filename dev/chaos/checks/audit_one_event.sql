-- check: audit
-- rule: a state has not its one event
-- A verb stands once in the audit of what is in the state, and never elsewhere. An order
-- that was accepted and came back to review, because its account was opened meanwhile, is
-- reviewed and accepted once more (S15).
WITH returned (id, reviews, times) AS (
    SELECT a.object_id, count(DISTINCT r.id), count(DISTINCT r.id) FILTER (WHERE r.seq > a.seq)
    FROM audit_events a
    JOIN audit_events r ON r.object_id = a.object_id AND r.verb = 'order.needs_review'
    WHERE a.verb = 'order.accepted'
    GROUP BY a.object_id
    HAVING count(*) FILTER (WHERE r.seq > a.seq) > 0
), expected (id, verb, times) AS (
    SELECT id, 'order.received', 1
    FROM orders
    UNION ALL
    SELECT id, 'order.fulfilled', (state IN ('FULFILLED', 'PARTIALLY_CANCELLED', 'CANCELLED'))::int
    FROM orders
    UNION ALL
    SELECT
        o.id,
        'order.accepted',
        CASE
            WHEN b.id IS NULL THEN (o.vendor_order_no IS NOT NULL)::int
            WHEN o.state IN ('NEEDS_REVIEW', 'REJECTED') THEN b.times
            ELSE b.times + 1
        END
    FROM orders o
    LEFT JOIN returned b ON b.id = o.id
    UNION ALL
    SELECT id, 'order.rejected', (state = 'REJECTED')::int
    FROM orders
    UNION ALL
    SELECT id, 'order.cancelled', (state = 'CANCELLED')::int
    FROM orders
    UNION ALL
    SELECT o.id, 'order.needs_review', COALESCE(b.reviews, (o.review_reasons::text <> '[]')::int)
    FROM orders o
    LEFT JOIN returned b ON b.id = o.id
    UNION ALL
    SELECT id, 'contract.created', 1
    FROM service_contracts
    UNION ALL
    SELECT id, 'invitation.revoked', (state = 'REVOKED')::int
    FROM invitations
    UNION ALL
    SELECT id, 'cancellation.completed', (state = 'COMPLETED')::int
    FROM order_cancellations
    UNION ALL
    SELECT id, 'rma.requested', 1
    FROM rmas
    UNION ALL
    SELECT id, 'rma.approved', (approved_at IS NOT NULL)::int
    FROM rmas
    UNION ALL
    SELECT id, 'rma.withdrawn', (withdrawn_at IS NOT NULL)::int
    FROM rmas
    UNION ALL
    SELECT id, 'rma.appealed', (appealed_at IS NOT NULL)::int
    FROM rmas
    UNION ALL
    SELECT id, 'rma.breached', (breached_at IS NOT NULL)::int
    FROM rmas
    UNION ALL
    SELECT id, 'rma.no_return_required', (no_return_at IS NOT NULL)::int
    FROM rmas
    UNION ALL
    SELECT id, 'rma.fee_waived', (waived_at IS NOT NULL)::int
    FROM rmas
    UNION ALL
    SELECT id, 'spare.earned', 1
    FROM spare_units
    UNION ALL
    SELECT id, 'spare.agreed', (agreed_at IS NOT NULL)::int
    FROM spare_units
    UNION ALL
    SELECT id, 'spare.voided', (voided_at IS NOT NULL)::int
    FROM spare_units
    UNION ALL
    SELECT id, 'spare.billed', (billed_at IS NOT NULL)::int
    FROM spare_units
)
SELECT e.id, e.verb || ' ' || count(a.id)
FROM expected e
LEFT JOIN audit_events a ON a.object_id = e.id AND a.verb = e.verb
GROUP BY e.id, e.verb, e.times
HAVING count(a.id) <> e.times
