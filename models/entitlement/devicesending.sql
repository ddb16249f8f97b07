-- The devices of an account whose cover may end between two days: something that it can rest
-- on does. Which of them it really ends for, rules/cover knows.
WITH RECURSIVE ending(id) AS (
	SELECT l.id
	FROM licences l
	JOIN service_contracts c ON c.id = l.contract_id
	WHERE c.account_id = @account AND c.end_at >= @from AND c.end_at < @to
	UNION
	SELECT l.renews_licence_id
	FROM licences l
	JOIN ending e ON e.id = l.id
	WHERE l.renews_licence_id IS NOT NULL)
SELECT p.device_id
FROM licence_assignments a
JOIN ending e ON e.id = a.licence_id
JOIN device_placements p ON p.room_id = a.room_id
WHERE a.to_at IS NULL AND p.to_at IS NULL AND p.account_id = @account

UNION
SELECT d.id
FROM devices d
WHERE d.account_id = @account AND (
	d.replaces_device_id IS NOT NULL
	OR d.std_warranty_end_day BETWEEN @first AND @last
	OR d.ext_warranty_end_day BETWEEN @first AND @last
	OR d.serial IN (
		SELECT serial FROM warranty_attachments WHERE account_id = @account AND to_at IS NULL)
	OR d.serial IN (
		SELECT serial FROM earlier_warranties
		WHERE account_id = @account AND state = 'LINKED' AND ends_day BETWEEN @first AND @last))
