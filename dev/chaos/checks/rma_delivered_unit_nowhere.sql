-- check: replacement
-- rule: a unit that was delivered is nowhere (S24)
SELECT r.id, d.state
FROM rmas r
JOIN devices d ON d.id = r.replacement_device_id
WHERE r.outbound = 'DELIVERED'
    AND r.room_id IS NOT NULL
    AND d.state = 'UNPLACED'
    AND NOT EXISTS (
        SELECT 1
        FROM device_placements p
        WHERE p.device_id = d.id
    )
