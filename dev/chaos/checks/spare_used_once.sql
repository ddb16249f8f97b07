-- check: spare
-- rule: one unit was used for two replacements
SELECT replacement_device_id, count(*)::text
FROM rmas
WHERE replacement_device_id IS NOT NULL
GROUP BY 1
HAVING count(*) > 1
