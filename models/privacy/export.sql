-- part: profile
SELECT locale, COALESCE(time_zone, '') AS time_zone, created_at FROM users WHERE id = @user

-- part: memberships
SELECT a.legal_name AS company, m.role, m.state, m.created_at
FROM memberships m
JOIN accounts a ON a.id = m.account_id
WHERE m.user_id = @user AND (@account = '' OR m.account_id = @account)
ORDER BY m.id

-- part: invitations
SELECT a.legal_name AS company, i.email, i.contact_name, i.state, i.issued_at AS at
FROM invitations i
JOIN accounts a ON a.id = i.account_id
WHERE i.email = @email AND (@account = '' OR i.account_id = @account)
ORDER BY i.id

-- part: questions
SELECT a.legal_name AS company, q.email, q.contact_name, q.state, q.asked_at AS at
FROM contact_questions q
JOIN accounts a ON a.id = q.account_id
WHERE q.email = @email AND (@account = '' OR q.account_id = @account)
ORDER BY q.id

-- part: sessions
SELECT label, created_at, seen_at, expires_at
FROM sessions
WHERE user_id = @user AND @account = ''
ORDER BY created_at

-- part: mails
SELECT template, state, locale, created_at, sent_at
FROM notifications
WHERE recipient = @email AND (@account = '' OR account_id = @account)
ORDER BY id

-- part: tokens
SELECT label, prefix, scopes, created_at, revoked_at
FROM api_tokens
WHERE created_by = @user AND (@account = '' OR account_id = @account)
ORDER BY id

-- part: directory
SELECT o.name AS company, p.user_name, p.email, p.name, p.active,
    CAST(p.attributes AS text) AS attributes, p.created_at
FROM scim_people p
JOIN orgs o ON o.id = p.org_id
WHERE p.user_id = @user AND (@account = '' OR EXISTS (
    SELECT 1 FROM accounts a WHERE a.id = @account AND a.parent_org_id = p.org_id))
ORDER BY p.id

-- part: replacements
SELECT number, model_code, fault, state, requested_at
FROM rmas
WHERE requested_by = @user AND (@account = '' OR account_id = @account)
ORDER BY id

-- part: sites
SELECT name, contact_name, contact_email, street, city, country
FROM sites
WHERE lower(contact_email) = @email AND (@account = '' OR account_id = @account)
ORDER BY id

-- part: audit
SELECT e.at, e.verb, e.object_id, e.actor_id = @user AS by_you,
    CASE WHEN e.actor_id = @user THEN e.ip ELSE '' END AS ip
FROM audit_events e
WHERE (e.actor_id = @user
        OR e.object_id = @user
        OR e.object_id IN (SELECT id FROM memberships WHERE user_id = @user)
        OR e.object_id IN (SELECT id FROM invitations WHERE email = @email))
    AND (@account = '' OR e.account_id = @account)
ORDER BY e.at, e.seq
