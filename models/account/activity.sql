SELECT r.id, CASE WHEN r.site = '' THEN r.name ELSE r.name || ', ' || r.site END AS name
FROM rooms r WHERE r.id IN @ids AND r.account_id = @account
UNION ALL
SELECT d.id, CASE WHEN d.serial IS NULL THEN d.model_code ELSE d.model_code || ' ' || d.serial END
FROM devices d WHERE d.id IN @ids AND d.account_id = @account
UNION ALL
SELECT s.id, s.name FROM sites s WHERE s.id IN @ids AND s.account_id = @account
UNION ALL
SELECT o.id, o.po_number FROM orders o WHERE o.id IN @ids AND o.account_id = @account
UNION ALL
SELECT c.id, o.po_number
FROM service_contracts c
JOIN orders o ON o.id = c.order_id
WHERE c.id IN @ids AND c.account_id = @account
UNION ALL
SELECT r.id, r.number FROM rmas r WHERE r.id IN @ids AND r.account_id = @account
UNION ALL
SELECT t.id, t.number FROM tickets t WHERE t.id IN @ids AND t.account_id = @account
UNION ALL
SELECT u.id, u.number FROM spare_units u WHERE u.id IN @ids AND u.account_id = @account
UNION ALL
SELECT i.id, i.contact_name FROM invitations i WHERE i.id IN @ids AND i.account_id = @account
UNION ALL
SELECT q.id, q.contact_name FROM contact_questions q WHERE q.id IN @ids AND q.account_id = @account
UNION ALL
SELECT m.id, u.name
FROM memberships m
JOIN users u ON u.id = m.user_id
WHERE m.id IN @ids AND m.account_id = @account
UNION ALL
SELECT u.id, u.name
FROM memberships m
JOIN users u ON u.id = m.user_id
WHERE u.id IN @ids AND m.account_id = @account
UNION ALL
SELECT t.id, t.label FROM api_tokens t WHERE t.id IN @ids AND t.account_id = @account
UNION ALL
SELECT d.id, o.name
FROM delegations d
JOIN orgs o ON o.id = d.partner_org_id
WHERE d.id IN @ids AND d.account_id = @account
