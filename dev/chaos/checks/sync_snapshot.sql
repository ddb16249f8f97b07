-- check: sync
-- rule: a ticket from Sync has no snapshot, or one that is not what its SHA-256 says
SELECT t.id, coalesce(s.id, 'none')
FROM tickets t
LEFT JOIN ticket_snapshots s ON s.ticket_id = t.id
WHERE t.channel = 'SYNC'
    AND (s.id IS NULL OR s.sha256 <> encode(sha256(convert_to(s.content, 'UTF8')), 'hex'))
