-- check: replacement
-- rule: a device has more than one open RMA
SELECT device_id, count(*)::text
FROM rmas
WHERE closed_at IS NULL AND device_id IS NOT NULL
GROUP BY 1
HAVING count(*) > 1
