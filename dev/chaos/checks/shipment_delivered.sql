-- check: carrier
-- rule: a delivered parcel's replacement knows nothing of it
SELECT s.id, r.state
FROM shipments s
JOIN rmas r ON r.id = s.subject_id
WHERE s.direction = 'OUT'
    AND s.state = 'DELIVERED'
    AND s.booking_key = r.id || '/out/' || (r.reships + 1)
    AND r.delivered_at IS NULL
