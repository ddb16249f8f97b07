SELECT w.*
FROM (
	SELECT d.kind, d.id,
		CASE d.kind WHEN 'PARTNER' THEN o.name ELSE a.legal_name END AS other,
		d.role, d.state, d.answer_until AS until, d.starts_at, d.ends_at, a.time_zone AS zone
	FROM (
		-- Partners of the account.
		SELECT 'PARTNER' AS kind, d.*
		FROM delegations d
		WHERE d.account_id = @account
		UNION ALL
		-- Customers of the partner whose people the account has.
		SELECT 'CUSTOMER', d.*
		FROM delegations d
		JOIN partners p ON p.org_id = d.partner_org_id
		WHERE p.account_id = @account
	) d
	JOIN orgs o ON o.id = d.partner_org_id
	JOIN accounts a ON a.id = d.account_id
	-- The other side asks, or soon there is no access any more.
	WHERE d.state = 'PROPOSED' AND d.asked_side = d.kind AND d.answer_until > @now
		OR d.state = 'ACTIVE' AND d.ends_at > @now AND d.ends_at <= @soon
	UNION ALL
	-- The person is invited to another account.
	SELECT 'INVITATION', i.id, a.legal_name, i.role, i.state, i.expires_at,
		NULL, NULL, a.time_zone
	FROM invitations i
	JOIN accounts a ON a.id = i.account_id
	WHERE i.email = @email AND i.state IN @live AND i.expires_at > @now
) w
ORDER BY COALESCE(w.ends_at, w.until), w.id
LIMIT @most
