-- What moves the clocks of tickets, in its order: what happened, and what people of ours said.
SELECT
    ticket_id,
    seq,
    kind,
    at,
    coalesce((details->>'severity')::int, 0),
    coalesce(details->>'state', ''),
    coalesce(details->>'rma', '')
FROM ticket_events
WHERE kind IN (
    'OPENED', 'MOVED', 'SEVERITY', 'RMA_APPROVED', 'RMA_ENDED', 'REOPENED', 'REOPENING_UNDONE'
)
UNION ALL
SELECT ticket_id, seq, 'OUR_TEXT', created_at, 0, '', ''
FROM ticket_messages
WHERE author_kind = 'AGENT' AND NOT automatic AND taken_back_at IS NULL
ORDER BY 1, 2
