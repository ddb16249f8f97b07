-- check: carrier
-- rule: what the carrier told was not applied
SELECT e.id, e.state
FROM carrier_events e
LEFT JOIN shipments s ON s.carrier = e.carrier AND s.tracking = e.tracking
WHERE e.state = 'RECEIVED' OR e.state = 'UNKNOWN' AND s.id IS NOT NULL
