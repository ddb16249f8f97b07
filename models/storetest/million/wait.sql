INSERT INTO outbox_events
SELECT p.*
FROM generate_series(1, {n}) n,
    (SELECT * FROM outbox_events WHERE kind = 'order.start' LIMIT 1) x,
LATERAL jsonb_populate_record(x::outbox_events, jsonb_build_object(
    'id', 'evw_' || lpad((EXTRACT(EPOCH FROM clock_timestamp())::bigint * 10000000 + n)::text, 26, '0'),
    'dedupe_key', 'waits/' || EXTRACT(EPOCH FROM clock_timestamp()) || '/' || n,
    'subject_id', 'ord_w' || lpad((n / 2)::text, 25, '0'),
    'created_at', now() - interval '1 hour' + n * interval '1 millisecond',
    'due_at', now() - interval '1 hour' + n * interval '1 millisecond',
    'delivered_at', NULL
)) p;

ANALYZE outbox_events
