-- check: spare
-- rule: a replacement used no unit, or one that knows nothing of it
SELECT r.id, coalesce(r.spare_unit_id, 'none')
FROM rmas r
WHERE (r.swapped_at IS NULL) <> (r.spare_unit_id IS NULL)
    OR r.spare_unit_id IS NOT NULL
        AND NOT EXISTS (
            SELECT 1
            FROM audit_events a
            WHERE a.object_id = r.spare_unit_id
                AND a.verb = 'spare.consumed'
                AND a.details->>'rma' = r.id
        )
