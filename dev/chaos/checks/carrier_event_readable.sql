-- check: carrier
-- rule: what the carrier told could not be read
SELECT id, kind
FROM carrier_events
WHERE state = 'UNREADABLE'
