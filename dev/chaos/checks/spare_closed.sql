-- check: spare
-- rule: it is closed and goes on, or the other way round
SELECT id, state
FROM spare_units
WHERE (closed_at IS NOT NULL) <> (state IN ('RETURNED', 'BILLED', 'WAIVED', 'VOIDED'))
