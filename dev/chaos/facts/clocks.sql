-- The clocks as they are stored.
SELECT
    id,
    ticket_id,
    kind,
    seq,
    severity,
    state,
    started_at,
    warn_at,
    due_at,
    warned_at,
    breached_at,
    ended_at,
    elapsed_seconds
FROM ticket_clocks
