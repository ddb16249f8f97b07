-- check: ticket
-- rule: its state is not where its events lead, or it is over and open at once
SELECT t.id, t.state || ', and the events lead to ' || coalesce(e.leads, 'nothing')
FROM tickets t
LEFT JOIN LATERAL (
    SELECT
        CASE kind
            WHEN 'OPENED' THEN 'NEW'
            WHEN 'REOPENED' THEN 'IN_PROGRESS'
            WHEN 'REOPENING_UNDONE' THEN 'RESOLVED'
            ELSE details->>'state'
        END AS leads
    FROM ticket_events
    WHERE ticket_id = t.id AND kind IN ('OPENED', 'MOVED', 'REOPENED', 'REOPENING_UNDONE')
    ORDER BY seq DESC
    LIMIT 1
) e ON true
WHERE t.state IS DISTINCT FROM e.leads
    OR (t.closed_at IS NOT NULL) <> (t.state IN ('CLOSED', 'CANCELLED'))
