-- +goose Up
-- What was approved before there was a task for it, and waits for a unit.
INSERT INTO operator_tasks (id, kind, subject_id, account_id, dedupe_key, what, why, state, resolution, resolved_by, created_at)
SELECT 'tsk_' || substr(w.id, 5), 'AWAITING_STOCK', w.id, w.account_id, 'AWAITING_STOCK/' || w.id,
    'Enter units that come to a depot and allocate one, or backorder it with the day on which one is expected.',
    'It was approved, and no unit is set apart for it: ' || w.quantity || ' x ' || w.model_code || '.',
    'OPEN', '', '', w.created_at
FROM (
    SELECT id, account_id, quantity, model_code, created_at FROM rmas
    WHERE closed_at IS NULL AND outbound IN ('APPROVED', 'BACKORDERED')
    UNION ALL
    SELECT u.id, u.account_id, 1, u.model_code, u.created_at FROM spare_units u
    WHERE u.state IN ('APPROVED', 'REPLENISHING') AND u.shipped_at IS NULL
        AND NOT EXISTS (
            SELECT 1 FROM stock_entries e
            WHERE e.subject_id = u.id AND e.kind = 'RESERVATION'
                AND NOT EXISTS (SELECT 1 FROM stock_entries c WHERE c.closes_id = e.id))
) AS w
WHERE NOT EXISTS (SELECT 1 FROM operator_tasks t WHERE t.dedupe_key = 'AWAITING_STOCK/' || w.id);

-- +goose Down
SELECT 1;
