SELECT i.issued_at, i.state_since AS accepted_at, i.state_since AS ended_at, a.time_zone
FROM invitations i
JOIN accounts a ON a.id = i.account_id
WHERE i.state = 'ACCEPTED' AND i.state_since >= @from AND i.state_since < @to

UNION ALL
-- What was replaced or revoked before its end did not end unclaimed: it stands for nothing.
SELECT i.issued_at, NULL, i.expires_at, a.time_zone
FROM invitations i
JOIN accounts a ON a.id = i.account_id
WHERE i.state <> 'ACCEPTED' AND i.expires_at >= @from AND i.expires_at < @to
	AND i.expires_at <= @now
	AND (i.state IN ('ISSUED','SENT','BOUNCED','EXPIRED') OR i.state_since >= i.expires_at)
