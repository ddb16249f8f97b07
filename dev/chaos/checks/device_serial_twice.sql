-- check: replacement
-- rule: two devices in use have one serial number
SELECT serial, count(*)::text
FROM devices
WHERE state <> 'RETIRED' AND serial IS NOT NULL
GROUP BY 1
HAVING count(*) > 1
