-- check: spare
-- rule: its device does not lie on site
SELECT u.id, coalesce(d.state, 'none')
FROM spare_units u
LEFT JOIN devices d ON d.id = u.device_id
WHERE u.state = 'ON_SITE' AND coalesce(d.state, '') <> 'SPARE_ON_SITE'
