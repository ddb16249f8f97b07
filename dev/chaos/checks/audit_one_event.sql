-- check: audit
-- rule: a state has not its one event
-- A verb stands once in the audit of what is in the state, and never elsewhere.
WITH expected (id, verb, times) AS (
    SELECT id, 'order.received', 1
    FROM orders
    UNION ALL
    SELECT id, 'order.fulfilled', (state IN ('FULFILLED', 'PARTIALLY_CANCELLED', 'CANCELLED'))::int
    FROM orders
    UNION ALL
    SELECT id, 'order.accepted', (vendor_order_no IS NOT NULL)::int
    FROM orders
    UNION ALL
    SELECT id, 'order.rejected', (state = 'REJECTED')::int
    FROM orders
    UNION ALL
    SELECT id, 'order.cancelled', (state = 'CANCELLED')::int
    FROM orders
    UNION ALL
    SELECT id, 'order.needs_review', (review_reasons::text <> '[]')::int
    FROM orders
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
