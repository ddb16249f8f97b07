-- Adds to a database that fill.sql has filled with {n} orders what the later parts of the service
-- keep: mails that came in, the Sync of each account with a place for each covered room, three
-- people an account who have signed in, and every tenth company's own sign-in. All are copied from
-- what the domains made for account {account}. Instants of Sync and of sign-ins are real time.
CREATE FUNCTION pg_temp.id(prefix text, n bigint) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN prefix || '_' || lpad(n::text, 26, '0');

CREATE FUNCTION pg_temp.nth(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN n % 20 = 0 THEN 1 ELSE 2 + n % ({n} / 50 - 1) END;

-- The account of covered room n.
CREATE FUNCTION pg_temp.holder(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN pg_temp.nth(CASE WHEN n <= {n} / 20 THEN 20 * n WHEN n % 20 = 0 THEN n + 1 ELSE n END);

CREATE FUNCTION pg_temp.came(n bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE
    RETURN timestamptz '{now}' - ({n} - n) * interval '1095 days' / {n};

-- Keys are not looked up and triggers do not run: what is copied holds together.
SET session_replication_role = replica;
SET synchronous_commit = off;

-- A mail came in for five orders; half of them stand in the inbox, one in fifty open.
INSERT INTO inbound_mails
SELECT p.*
FROM generate_series(1, {n} / 5) n, (SELECT * FROM inbound_mails LIMIT 1) x,
LATERAL jsonb_populate_record(x::inbound_mails, jsonb_build_object(
    'id', pg_temp.id('iml', n),
    'dedupe_key', md5(n::text),
    'envelope_from', 'p' || n || '@stranger.example',
    'sender', 'p' || n || '@stranger.example',
    'sender_hash', md5('p' || n),
    'message_hash', md5('m' || n),
    'received_at', pg_temp.came(n * 5),
    'decided_at', pg_temp.came(n * 5)
)) p;

INSERT INTO inbound_mail_chunks
SELECT p.*
FROM generate_series(1, {n} / 5) n, (SELECT * FROM inbound_mail_chunks LIMIT 1) x,
LATERAL jsonb_populate_record(x::inbound_mail_chunks, jsonb_build_object(
    'mail_id', pg_temp.id('iml', n),
    'received_at', pg_temp.came(n * 5)
)) p;

INSERT INTO inbox_items
SELECT p.*
FROM generate_series(1, {n} / 10) n, (SELECT * FROM inbox_items LIMIT 1) x,
LATERAL jsonb_populate_record(x::inbox_items, jsonb_build_object(
    'id', pg_temp.id('ibx', n),
    'mail_id', pg_temp.id('iml', n * 2),
    'state', CASE WHEN n % 50 = 0 THEN 'OPEN' ELSE 'DONE' END,
    'decision', CASE WHEN n % 50 = 0 THEN '' ELSE 'ANSWERED' END,
    'sender', 'p' || n * 2 || '@stranger.example',
    'message_id', '<m' || n * 2 || '@stranger.example>',
    'created_at', pg_temp.came(n * 10),
    'decided_at', CASE WHEN n % 50 <> 0 THEN pg_temp.came(n * 10) END
)) p;

INSERT INTO operator_tasks
SELECT p.*
FROM generate_series(1, {n} / 10) n,
    (SELECT * FROM operator_tasks WHERE kind = 'MAILBOX_REQUEST' LIMIT 1) x,
LATERAL jsonb_populate_record(x::operator_tasks, jsonb_build_object(
    'id', pg_temp.id('tsk', 2000000000 + n),
    'dedupe_key', 'mailbox-' || n,
    'subject_id', pg_temp.id('ibx', n),
    'state', CASE WHEN n % 50 = 0 THEN 'OPEN' ELSE 'DONE' END,
    'created_at', pg_temp.came(n * 10)
)) p;

-- None of these connections is due: a measure asks one of its own.
INSERT INTO sync_connections
SELECT p.*
FROM generate_series(1, {n} / 50) n,
    (SELECT * FROM sync_connections WHERE account_id = '{account}') x,
LATERAL jsonb_populate_record(x::sync_connections, jsonb_build_object(
    'id', pg_temp.id('syc', n),
    'account_id', pg_temp.id('acc', n),
    'sync_org', md5(n::text),
    'places', 20,
    'next_poll_at', now() + interval '300 days' + n * interval '1 second'
)) p;

INSERT INTO sync_certificates
SELECT p.*
FROM generate_series(1, {n} / 50) n,
    (SELECT * FROM sync_certificates WHERE account_id = '{account}') x,
LATERAL jsonb_populate_record(x::sync_certificates, jsonb_build_object(
    'id', pg_temp.id('sce', n),
    'account_id', pg_temp.id('acc', n),
    'connection_id', pg_temp.id('syc', n),
    'fingerprint', md5(n::text),
    'ends_at', now() + interval '400 days'
)) p;

INSERT INTO sync_places
SELECT p.*
FROM generate_series(1, {n} * 3 / 10) n,
    (SELECT * FROM sync_places WHERE account_id = '{account}') x,
LATERAL jsonb_populate_record(x::sync_places, jsonb_build_object(
    'id', pg_temp.id('syp', n),
    'account_id', pg_temp.id('acc', pg_temp.holder(n)),
    'connection_id', pg_temp.id('syc', pg_temp.holder(n)),
    'place', 'place-' || n,
    'name', 'Sala ' || n,
    'room_id', pg_temp.id('rom', n)
)) p;

INSERT INTO sync_changes (id, account_id, connection_id, place_id, at, what, before, after, reasons)
SELECT pg_temp.id('sch', n), pg_temp.id('acc', pg_temp.holder((n + 2) / 3)),
    pg_temp.id('syc', pg_temp.holder((n + 2) / 3)), pg_temp.id('syp', (n + 2) / 3),
    now() - (n % 60) * interval '1 day', 'STATE',
    CASE WHEN n % 2 = 0 THEN 'HEALTHY' ELSE 'OFFLINE' END,
    CASE WHEN n % 2 = 0 THEN 'OFFLINE' ELSE 'HEALTHY' END, ''
FROM generate_series(1, {n} * 9 / 10) n;

INSERT INTO users
SELECT p.*
FROM generate_series(1, {n} * 3 / 50) n, (SELECT * FROM users WHERE id = '{user}') x,
LATERAL jsonb_populate_record(x::users, jsonb_build_object(
    'id', pg_temp.id('usr', n),
    'email', 'p' || n || '@empresa' || (n + 2) / 3 || '.example'
)) p;

INSERT INTO memberships
SELECT p.*
FROM generate_series(1, {n} * 3 / 50) n,
    (SELECT * FROM memberships WHERE user_id = '{user}' LIMIT 1) x,
LATERAL jsonb_populate_record(x::memberships, jsonb_build_object(
    'id', pg_temp.id('mem', n),
    'account_id', pg_temp.id('acc', (n + 2) / 3),
    'user_id', pg_temp.id('usr', n),
    'invitation_id', NULL
)) p;

INSERT INTO sessions
SELECT p.*
FROM generate_series(1, {n} * 3 / 50) n, (SELECT * FROM sessions WHERE user_id = '{user}' LIMIT 1) x,
LATERAL jsonb_populate_record(x::sessions, jsonb_build_object(
    'token_hash', md5(n::text),
    'user_id', pg_temp.id('usr', n),
    'expires_at', now() + (1 + n % 30) * interval '1 day'
)) p;

INSERT INTO sign_in_places (user_id, kind, place_hash, first_seen_at, last_seen_at)
SELECT pg_temp.id('usr', n), kind, md5(kind || n), now() - interval '100 days',
    now() - n % 100 * interval '1 day'
FROM generate_series(1, {n} * 3 / 50) n, unnest(ARRAY['NETWORK', 'BROWSER']) kind;

-- Not of the first two hundred people: what is copied is no chain that somebody's next act goes on.
INSERT INTO audit_events
SELECT p.*
FROM generate_series(1, {n} * 3 / 10) n,
    (SELECT * FROM audit_events WHERE verb = 'user.signed_in' LIMIT 1) x,
LATERAL jsonb_populate_record(x::audit_events, jsonb_build_object(
    'id', pg_temp.id('aus', n),
    'chain_id', pg_temp.id('usr', 200 + (n + 4) / 5),
    'seq', 1 + n % 5,
    'object_id', pg_temp.id('usr', 200 + (n + 4) / 5),
    'at', pg_temp.came(n * 3)
)) p;

-- The own sign-in of every tenth company, behind those that share a parent.
INSERT INTO sso_connections
SELECT p.*
FROM generate_series(1, {n} / 500) n,
    (SELECT * FROM sso_connections WHERE account_id = '{account}') x,
LATERAL jsonb_populate_record(x::sso_connections, jsonb_build_object(
    'id', pg_temp.id('ssc', n),
    'org_id', pg_temp.id('org', 50 + n),
    'account_id', pg_temp.id('acc', 50 + n),
    'slug', md5(n::text)
)) p;

INSERT INTO sso_domains
SELECT p.*
FROM generate_series(1, {n} / 500) n,
    (SELECT * FROM sso_domains WHERE account_id = '{account}') x,
LATERAL jsonb_populate_record(x::sso_domains, jsonb_build_object(
    'id', pg_temp.id('ssd', n),
    'org_id', pg_temp.id('org', 50 + n),
    'account_id', pg_temp.id('acc', 50 + n),
    'domain', 'empresa' || 50 + n || '.example'
)) p;

INSERT INTO identities
SELECT p.*
FROM generate_series(1, {n} * 3 / 500) n, (SELECT * FROM identities LIMIT 1) x,
LATERAL jsonb_populate_record(x::identities, jsonb_build_object(
    'id', pg_temp.id('idn', n),
    'user_id', pg_temp.id('usr', 150 + n),
    'connection_id', pg_temp.id('ssc', (n + 2) / 3),
    'subject', n::text
)) p;

RESET session_replication_role
