-- check: replacement
-- rule: it is closed and goes on, or the other way round
SELECT id, state
FROM rmas
WHERE (closed_at IS NOT NULL) <> (
    state IN ('REJECTED', 'WITHDRAWN', 'NON_RETURN_BILLED', 'NO_RETURN_REQUIRED', 'CLOSED')
)
