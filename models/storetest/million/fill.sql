-- Fills a database from the one customer that the domains made in it: {n} orders of {n}/50
-- accounts, and what hangs on them. A copy is the row with some columns replaced; every
-- other column stays, also one that a later migration adds. Account 1 is the giant: it has
-- a twentieth of the orders and as many rooms, and its parent has 50 accounts.
--
-- Ids are as long as real ones and sort by age, as real ones do.
CREATE FUNCTION pg_temp.id(prefix text, n bigint) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN prefix || '_' || lpad(n::text, 26, '0');

CREATE FUNCTION pg_temp.account(n bigint) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN pg_temp.id('acc', CASE WHEN n % 20 = 0 THEN 1 ELSE 2 + n % ({n} / 50 - 1) END);

-- When order n came: they are spread over three years.
CREATE FUNCTION pg_temp.came(n bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE
    RETURN timestamptz '{now}' - ({n} - n) * interval '1095 days' / {n};

-- The order whose licence covers room n.
CREATE FUNCTION pg_temp.covering(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN n <= {n} / 20 THEN 20 * n WHEN n % 20 = 0 THEN n + 1 ELSE n END;

-- Keys are not looked up and triggers do not run: what is copied holds together.
SET session_replication_role = replica;
SET synchronous_commit = off;

INSERT INTO orgs
SELECT p.*
FROM generate_series(1, {n} / 50) n, (SELECT * FROM orgs WHERE kind = 'CUSTOMER_PARENT' LIMIT 1) x,
LATERAL jsonb_populate_record(x::orgs, jsonb_build_object(
    'id', pg_temp.id('org', n),
    'name', 'Empresa ' || n || ' Ltda',
    'name_key', 'empresa ' || n,
    'full_key', 'empresa ' || n,
    'company_key', 'empresa ' || n
)) p;

INSERT INTO orgs
SELECT p.*
FROM generate_series(1, 200) n, (SELECT * FROM orgs WHERE kind = 'RESELLER' LIMIT 1) x,
LATERAL jsonb_populate_record(x::orgs, jsonb_build_object(
    'id', pg_temp.id('rsl', n),
    'name', 'Revenda ' || n,
    'name_key', 'revenda ' || n,
    'full_key', 'revenda ' || n,
    'company_key', 'revenda ' || n
)) p;

INSERT INTO accounts
SELECT p.*
FROM generate_series(1, {n} / 50) n, (SELECT * FROM accounts LIMIT 1) x,
LATERAL jsonb_populate_record(x::accounts, jsonb_build_object(
    'id', pg_temp.id('acc', n),
    'parent_org_id', pg_temp.id('org', CASE WHEN n <= 50 THEN 1 ELSE n END),
    'legal_name', 'Empresa ' || n || ' Ltda',
    'company_key', 'empresa ' || n,
    'address_hash', md5(n::text),
    'match_key', md5(n::text)
)) p;

INSERT INTO sites
SELECT p.*
FROM generate_series(1, {n} / 50) n, (SELECT * FROM sites LIMIT 1) x,
LATERAL jsonb_populate_record(x::sites, jsonb_build_object(
    'id', pg_temp.id('sit', n),
    'account_id', pg_temp.id('acc', n)
)) p;

-- One in sixty is in its window, one in a thousand waits for a person.
INSERT INTO orders
SELECT p.*
FROM generate_series(1, {n}) n, (SELECT * FROM orders LIMIT 1) x,
LATERAL jsonb_populate_record(x::orders, jsonb_build_object(
    'id', pg_temp.id('ord', n),
    'submitted_by', pg_temp.id('rsl', 1 + n % 200),
    'reseller_id', pg_temp.id('rsl', 1 + n % 200),
    'account_id', pg_temp.account(n),
    'po_number', 'PO-' || n,
    'po_key', 'po-' || n,
    'vendor_order_no', 'SO-' || n,
    'customer_hash', md5(pg_temp.account(n)),
    'payload_hash', md5(n::text),
    'state', CASE WHEN n % 1000 = 7 THEN 'NEEDS_REVIEW' ELSE 'FULFILLED' END,
    'review_until', CASE WHEN n % 1000 = 7
        THEN timestamptz '{now}' + (n / 1000 % 20 - 5) * interval '1 day' END,
    'created_at', pg_temp.came(n),
    'state_since', pg_temp.came(n),
    'cancellable_until', pg_temp.came(n) + interval '18 days'
)) p;

INSERT INTO order_lines
SELECT p.*
FROM generate_series(1, {n}) n, (SELECT * FROM order_lines LIMIT 1) x,
LATERAL jsonb_populate_record(x::order_lines, jsonb_build_object(
    'id', pg_temp.id('lin', n),
    'order_id', pg_temp.id('ord', n)
)) p;

INSERT INTO service_contracts
SELECT p.*
FROM generate_series(1, {n}) n, (SELECT * FROM service_contracts LIMIT 1) x,
LATERAL jsonb_populate_record(x::service_contracts, jsonb_build_object(
    'id', pg_temp.id('con', n),
    'account_id', pg_temp.account(n),
    'order_id', pg_temp.id('ord', n),
    'order_line_id', pg_temp.id('lin', n),
    'type', CASE WHEN n % 50 = 3 THEN 'JUMPSTART' ELSE 'SELECT' END,
    'state', CASE WHEN n % 20 <> 0 AND n % 10 = 9 THEN 'EXPIRED' ELSE 'ACTIVE' END,
    'quantity', 2,
    'created_at', pg_temp.came(n),
    'start_at', pg_temp.came(n),
    'end_at', CASE WHEN n % 20 <> 0 AND n % 10 = 9
        THEN timestamptz '{now}' - (1 + n % 300) * interval '1 day'
        ELSE timestamptz '{now}' + (1 + n % 1000) * interval '1 day' END,
    'reminded_days', 7
)) p;

INSERT INTO licences
SELECT p.*
FROM generate_series(1, {n}) n, generate_series(1, 2) s, (SELECT * FROM licences LIMIT 1) x,
LATERAL jsonb_populate_record(x::licences, jsonb_build_object(
    'id', pg_temp.id('lic', n * 2 + s),
    'account_id', pg_temp.account(n),
    'contract_id', pg_temp.id('con', n),
    'seq', s,
    'state', CASE WHEN n % 20 <> 0 AND n % 10 = 9 THEN 'EXPIRED'
        WHEN s = 1 AND (n <= {n} * 3 / 10 OR n % 20 = 0) THEN 'ASSIGNED' ELSE 'AVAILABLE' END
)) p;

INSERT INTO rooms
SELECT p.*
FROM generate_series(1, {n} * 3 / 10) n, (SELECT * FROM rooms LIMIT 1) x,
LATERAL jsonb_populate_record(x::rooms, jsonb_build_object(
    'id', pg_temp.id('rom', n),
    'account_id', pg_temp.account(pg_temp.covering(n)),
    'name', 'Sala ' || n,
    'search_key', 'sala ' || n || ' hq'
)) p;

INSERT INTO devices
SELECT p.*
FROM generate_series(1, {n} * 9 / 10) n, (SELECT * FROM devices ORDER BY id LIMIT 1) x,
LATERAL jsonb_populate_record(x::devices, jsonb_build_object(
    'id', pg_temp.id('dev', n),
    'account_id', pg_temp.account(pg_temp.covering((n + 2) / 3)),
    'serial', 'S' || lpad(n::text, 9, '0'),
    'state', CASE WHEN n % 50 = 49 THEN 'RETIRED' ELSE 'IN_ROOM' END
)) p;

INSERT INTO device_placements
SELECT p.*
FROM generate_series(1, {n} * 9 / 10) n, (SELECT * FROM device_placements LIMIT 1) x,
LATERAL jsonb_populate_record(x::device_placements, jsonb_build_object(
    'id', pg_temp.id('plc', n),
    'account_id', pg_temp.account(pg_temp.covering((n + 2) / 3)),
    'device_id', pg_temp.id('dev', n),
    'room_id', pg_temp.id('rom', (n + 2) / 3),
    'from_at', timestamptz '{now}' - interval '300 days',
    'to_at', NULL
)) p;

-- Each room has had two assignments.
INSERT INTO licence_assignments
SELECT p.*
FROM generate_series(1, {n} * 3 / 10) n, generate_series(1, 2) turn,
    (SELECT * FROM licence_assignments LIMIT 1) x,
LATERAL jsonb_populate_record(x::licence_assignments, jsonb_build_object(
    'id', pg_temp.id('asg', n * 2 + turn),
    'account_id', pg_temp.account(pg_temp.covering(n)),
    'licence_id', pg_temp.id('lic', pg_temp.covering(n) * 2
        + CASE WHEN n > {n} / 20 AND n % 20 = 0 THEN 2 ELSE 1 END),
    'room_id', pg_temp.id('rom', n),
    'from_at', timestamptz '{now}' - (3 - turn) * interval '100 days',
    'to_at', CASE WHEN turn = 1 THEN timestamptz '{now}' - interval '120 days' END
)) p;

-- One in twenty is open.
INSERT INTO rmas
SELECT p.*
FROM generate_series(1, {n} / 10) n, (SELECT * FROM rmas LIMIT 1) x,
LATERAL jsonb_populate_record(x::rmas, jsonb_build_object(
    'id', pg_temp.id('rma', n),
    'number', 'R' || n,
    'account_id', pg_temp.account(pg_temp.covering(3 * n)),
    'device_id', pg_temp.id('dev', n * 9),
    'room_id', pg_temp.id('rom', n * 3),
    'site_id', pg_temp.id('sit', 1 + n % ({n} / 50)),
    'cover_licence_id', pg_temp.id('lic', pg_temp.covering(3 * n) * 2 + 1),
    'faulty_serial', 'S' || lpad((n * 9)::text, 9, '0'),
    'replacement_serial', 'NEWS' || n,
    'replacement_device_id', NULL,
    'once_key', NULL,
    'state', CASE WHEN n % 20 = 0 THEN 'AWAITING_RETURN' ELSE 'CLOSED' END,
    'closed_at', CASE WHEN n % 20 <> 0 THEN timestamptz '{now}' - interval '50 days' END,
    'return_due_at', timestamptz '{now}' + (n % 40 - 5) * interval '1 day',
    'next_at', timestamptz '{now}' + (1 + n % 40) * interval '1 day',
    'created_at', pg_temp.came(n * 10)
)) p;

INSERT INTO shipments
SELECT p.*
FROM generate_series(1, {n} / 5) n,
LATERAL jsonb_populate_record(NULL::shipments, jsonb_build_object(
    'id', pg_temp.id('shp', n),
    'carrier', 'carrier',
    'service', '',
    'model_code', '',
    'quantity', 1,
    'contents', '',
    'promised_on', '',
    'contradicted', FALSE,
    'version', 1,
    'account_id', pg_temp.account(pg_temp.covering(3 * ((n + 1) / 2))),
    'subject_id', pg_temp.id('rma', (n + 1) / 2),
    'direction', CASE WHEN n % 2 = 1 THEN 'OUT' ELSE 'RETURN' END,
    'booking_key', 'book-' || n,
    'tracking', 'TR' || n,
    'state', CASE WHEN n % 40 = 0 THEN 'LABELLED' ELSE 'DELIVERED' END,
    'created_at', pg_temp.came(n * 5)
)) p;

INSERT INTO shipment_scans (id, account_id, shipment_id, kind, at, source, cause_key, created_at)
SELECT pg_temp.id('scn', n), pg_temp.account(pg_temp.covering(3 * ((n + 7) / 8))),
    pg_temp.id('shp', (n + 3) / 4), 'IN_TRANSIT', pg_temp.came(n), 'CARRIER', 'cause-' || n,
    pg_temp.came(n)
FROM generate_series(1, {n} * 8 / 10) n;

INSERT INTO carrier_events (id, carrier, event_id, tracking, kind, occurred_at, received_at,
    raw, shipment_id, account_id, state)
SELECT pg_temp.id('cev', n), 'carrier', 'evt-' || n, 'TR' || (n + 2) / 3, 'IN_TRANSIT',
    pg_temp.came(n), pg_temp.came(n), convert_to(repeat('{"scan":"x"}', 20), 'UTF8'),
    pg_temp.id('shp', (n + 2) / 3), NULL, 'APPLIED'
FROM generate_series(1, {n} * 6 / 10) n;

-- Three mails an order; one in a thousand did not arrive.
INSERT INTO notifications
SELECT p.*
FROM generate_series(1, {n} * 3) n,
    (SELECT * FROM notifications WHERE order_id IS NOT NULL LIMIT 1) x,
LATERAL jsonb_populate_record(x::notifications, jsonb_build_object(
    'id', pg_temp.id('ntf', n),
    'dedupe_key', 'mail-' || n,
    'template', 'purchase_confirmation',
    'subject_id', pg_temp.id('ord', (n + 2) / 3),
    'recipient', 'p' || n || '@acme.example',
    'account_id', pg_temp.account((n + 2) / 3),
    'order_id', pg_temp.id('ord', (n + 2) / 3),
    'state', CASE WHEN n % 1000 = 5 THEN 'HARD_BOUNCED' ELSE 'SENT' END,
    'created_at', pg_temp.came((n + 2) / 3)
)) p;

INSERT INTO notification_attempts (id, notification_id, outcome, error, at)
SELECT pg_temp.id('att', n), pg_temp.id('ntf', n * 3), 'SENT', '', pg_temp.came(n)
FROM generate_series(1, {n}) n;

INSERT INTO outbox_events
SELECT p.*
FROM generate_series(1, {n} * 2) n,
    (SELECT * FROM outbox_events WHERE kind = 'order.start' LIMIT 1) x,
LATERAL jsonb_populate_record(x::outbox_events, jsonb_build_object(
    'id', pg_temp.id('evt', n),
    'dedupe_key', CASE n % 2 WHEN 0 THEN 'order.start/' ELSE 'mail.start/' END || n,
    'kind', CASE n % 2 WHEN 0 THEN 'order.start' ELSE 'mail.start' END,
    'subject_id', pg_temp.id('ord', (n + 1) / 2),
    'created_at', pg_temp.came((n + 1) / 2),
    'due_at', pg_temp.came((n + 1) / 2),
    'delivered_at', pg_temp.came((n + 1) / 2)
)) p;

-- Half of them are waited for.
INSERT INTO invitations
SELECT p.*
FROM generate_series(1, {n} * 6 / 100) n, (SELECT * FROM invitations LIMIT 1) x,
LATERAL jsonb_populate_record(x::invitations, jsonb_build_object(
    'id', pg_temp.id('inv', n),
    'account_id', pg_temp.account(n),
    'order_id', pg_temp.id('ord', n),
    'email', 'p' || n || '@acme.example',
    'token_hash', md5(n::text),
    'state', CASE n % 2 WHEN 0 THEN 'ISSUED' ELSE 'ACCEPTED' END,
    'state_since', timestamptz '{now}' - interval '3 days',
    'expires_at', timestamptz '{now}' + (1 + n % 20) * interval '1 day',
    'supersedes_id', NULL
)) p;

INSERT INTO notifications
SELECT p.*
FROM generate_series(1, {n} * 6 / 100) n,
    (SELECT * FROM notifications WHERE template = 'invitation' LIMIT 1) x,
LATERAL jsonb_populate_record(x::notifications, jsonb_build_object(
    'id', pg_temp.id('nti', n),
    'dedupe_key', 'invitation-' || n,
    'subject_id', pg_temp.id('inv', n),
    'account_id', pg_temp.account(n),
    'order_id', NULL,
    'state', 'SENT'
)) p;

INSERT INTO operator_tasks
SELECT p.*
FROM generate_series(1, {n} * 3 / 10) n,
    (SELECT * FROM operator_tasks WHERE kind = 'ASSIGN_CSM' LIMIT 1) x,
LATERAL jsonb_populate_record(x::operator_tasks, jsonb_build_object(
    'id', pg_temp.id('tsk', n),
    'kind', 'ASSIGN_CSM',
    'dedupe_key', 'csm-' || n,
    'subject_id', pg_temp.id('acc', 1 + n % ({n} / 50)),
    'account_id', pg_temp.id('acc', 1 + n % ({n} / 50)),
    'state', CASE WHEN n % 300 = 0 THEN 'OPEN' ELSE 'DONE' END,
    'created_at', pg_temp.came(n * 3)
)) p;

INSERT INTO audit_events
SELECT p.*
FROM generate_series(1, {n} * 24 / 10) n,
    (SELECT * FROM audit_events WHERE object_id LIKE 'ord_%' LIMIT 1) x,
LATERAL jsonb_populate_record(x::audit_events, jsonb_build_object(
    'id', pg_temp.id('aud', n),
    'chain_id', pg_temp.id('ord', 1 + n % {n}),
    'seq', 1 + n / {n},
    'account_id', pg_temp.account(1 + n % {n}),
    'object_id', pg_temp.id('ord', 1 + n % {n}),
    'at', pg_temp.came(1 + n % {n})
)) p;

INSERT INTO order_refusals (id, org_id, payload_hash, errors, request_id, created_at)
SELECT pg_temp.id('ref', n), pg_temp.id('rsl', 1 + n % 200), md5(n::text), '[]', 'r' || n,
    pg_temp.came(n * 5)
FROM generate_series(1, {n} / 5) n;

-- The keys are of real time; all of them are still kept.
INSERT INTO idempotency_keys (token_id, key, request, status, response, created_at)
SELECT pg_temp.id('tok', n % 300), 'key-' || n, md5(n::text), 201,
    convert_to(repeat('{"id":"x"}', 60), 'UTF8'), now() - interval '1 hour'
FROM generate_series(1, {n} / 5) n;

RESET session_replication_role
