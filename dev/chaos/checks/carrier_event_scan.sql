-- check: carrier
-- rule: an event made not one scan
SELECT e.id, count(s.id)::text
FROM carrier_events e
LEFT JOIN shipment_scans s ON s.cause_key = 'carrier/' || e.carrier || '/' || e.event_id
WHERE e.state = 'APPLIED'
GROUP BY e.id
HAVING count(s.id) <> 1
