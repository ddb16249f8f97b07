-- The devices of an account with the first device of each one's chain of replacements, whose
-- day of purchase counts (S23).
WITH RECURSIVE chain(id, first) AS (
	SELECT id, id FROM devices WHERE account_id = @account
	UNION
	SELECT c.id, d.replaces_device_id
	FROM chain c
	JOIN devices d ON d.id = c.first
	WHERE d.replaces_device_id IS NOT NULL)
SELECT c.id
FROM chain c
JOIN devices d ON d.id = c.first
WHERE d.replaces_device_id IS NULL
	AND (@unknown AND d.purchased_day IS NULL OR d.purchased_day <= @until)
