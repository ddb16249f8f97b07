-- check: replacement
-- rule: the faulty unit is still in a room (S24)
SELECT r.id, p.room_id
FROM rmas r
JOIN device_placements p ON p.device_id = r.device_id AND p.to_at IS NULL
WHERE r.outbound IN ('DELIVERED', 'SWAPPED')
