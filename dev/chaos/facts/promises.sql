-- What was promised: by each approval, and by each backorder since.
SELECT
    r.id,
    coalesce(r.first_promise->>'on', ''),
    r.speed,
    s.time_zone,
    s.country,
    s.region,
    r.approved_at,
    r.promise_due_at
FROM rmas r
JOIN sites s ON s.id = r.site_id
WHERE r.first_promise IS NOT NULL
UNION ALL
SELECT
    r.id,
    coalesce(a.details->>'promised_on', ''),
    r.speed,
    s.time_zone,
    s.country,
    s.region,
    (a.details->>'expected_on')::timestamp AT TIME ZONE s.time_zone,
    NULL
FROM rmas r
JOIN sites s ON s.id = r.site_id
JOIN audit_events a ON a.object_id = r.id AND a.verb = 'rma.backordered'
