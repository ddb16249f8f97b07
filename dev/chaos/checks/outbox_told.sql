-- check: outbox
-- rule: the event was not told
SELECT id, kind
FROM outbox_events
WHERE delivered_at IS NULL
