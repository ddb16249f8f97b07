-- check: stock
-- rule: it was negative, or more was promised than there was
SELECT a.id, a.details->>'model'
FROM audit_events a
WHERE a.verb LIKE 'stock.%'
    AND (
        (a.details->'after'->>'on_hand')::int < 0
        OR (a.details->'after'->>'reserved')::int < 0
        OR (a.details->'after'->>'reserved')::int > (a.details->'after'->>'on_hand')::int
    )
