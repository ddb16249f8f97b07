-- Fills a database with {n} open and {n} closed tickets, copied from the one that the domains
-- opened in it. A copy is the row with some columns replaced; every other column stays, also one
-- that a later migration adds. Whose they are is said by the functions pg_temp.account and
-- pg_temp.room of the file that comes before this one.
--
-- Ids are as long as real ones and sort by age, as real ones do: the closed ones are older.
CREATE FUNCTION pg_temp.came(n bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE
    RETURN timestamptz '{now}' - (2 * {n} - n) * interval '730 days' / (2 * {n});

-- Where ticket n stands among the open ones in the order in which they are due, from 0.
CREATE FUNCTION pg_temp.place(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN n * 7919 % {n};

CREATE FUNCTION pg_temp.due(n bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE
    RETURN timestamptz '{now}' - interval '3 days' + pg_temp.place(n) * interval '33 days' / {n};

-- Who has taken ticket n.
CREATE FUNCTION pg_temp.assignee(n bigint) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN pg_temp.place(n) < {n} / 5 OR n / 20 % 2 = 0 THEN pg_temp.id('opr', 1 + n % 40) END;

INSERT INTO operators (id, source, issuer, subject, issuer_session, email, name, role, locale,
    password_hash, totp_secret, totp_step, setup_hash, armed_reason, created_at)
SELECT pg_temp.id('opr', n), 'ISSUER', 'bench', n::text, '', 'o' || n || '@desk.example',
    'Operator ' || n, 'OPERATOR_AGENT', 'en', '', '', 0, '', '', '{now}'
FROM generate_series(1, 40) n;

INSERT INTO tickets
SELECT p.*
FROM generate_series(1, 2 * {n}) n, (SELECT * FROM tickets WHERE id = '{ticket}') x,
LATERAL jsonb_populate_record(x::tickets, jsonb_build_object(
    'id', pg_temp.id('tkt', n),
    'number', 'TK-' || n,
    'account_id', pg_temp.account(n),
    'room_id', pg_temp.room(n),
    'device_id', NULL,
    'contract_id', NULL,
    'severity', 1 + n % 4,
    'summary', 'No picture, for the ' || n || 'th time',
    'once_key', NULL,
    'assignee_id', CASE WHEN n > {n} THEN pg_temp.assignee(n) END,
    'effective_due', CASE WHEN n > {n} THEN pg_temp.due(n) END,
    'next_at', CASE WHEN n > {n} THEN greatest(pg_temp.due(n), timestamptz '{now}' + interval '1 day') END,
    'next_timer', CASE WHEN n > {n} THEN 'CLOCK' ELSE '' END,
    'opened_at', pg_temp.came(n),
    'created_at', pg_temp.came(n),
    'state_since', pg_temp.came(n),
    'last_word_at', pg_temp.came(n),
    'customer_waiting_since', CASE WHEN n > {n} THEN pg_temp.came(n) END,
    'state', CASE WHEN n > {n} THEN (ARRAY['NEW', 'OPEN', 'IN_PROGRESS'])[1 + n % 3] ELSE 'CLOSED' END,
    'turn', CASE WHEN n > {n} THEN 'US' ELSE 'NOBODY' END,
    'resolved_at', CASE WHEN n <= {n} THEN pg_temp.came(n) END,
    'closed_at', CASE WHEN n <= {n} THEN pg_temp.came(n) END
)) p;

INSERT INTO ticket_messages
SELECT p.*
FROM generate_series(1, 4 * {n}) n,
    (SELECT * FROM ticket_messages WHERE ticket_id = '{ticket}' LIMIT 1) x,
LATERAL jsonb_populate_record(x::ticket_messages, jsonb_build_object(
    'id', pg_temp.id('tms', n),
    'ticket_id', pg_temp.id('tkt', (n + 1) / 2),
    'account_id', pg_temp.account((n + 1) / 2),
    'seq', x.seq + n % 2 * 10,
    'dedupe_key', n::text,
    'created_at', pg_temp.came((n + 1) / 2)
)) p;

INSERT INTO ticket_events
SELECT p.*
FROM generate_series(1, 2 * {n}) n,
    (SELECT * FROM ticket_events WHERE ticket_id = '{ticket}' LIMIT 1) x,
LATERAL jsonb_populate_record(x::ticket_events, jsonb_build_object(
    'id', pg_temp.id('tev', n),
    'ticket_id', pg_temp.id('tkt', n),
    'account_id', pg_temp.account(n),
    'at', pg_temp.came(n)
)) p;

INSERT INTO ticket_clocks
SELECT p.*
FROM generate_series({n} + 1, 2 * {n}) n,
    (SELECT * FROM ticket_clocks WHERE ticket_id = '{ticket}') x,
LATERAL jsonb_populate_record(x::ticket_clocks, jsonb_build_object(
    'id', pg_temp.id('tcl', n) || x.kind,
    'ticket_id', pg_temp.id('tkt', n),
    'account_id', pg_temp.account(n),
    'due_at', pg_temp.due(n)
)) p;

INSERT INTO operator_tasks
SELECT p.*
FROM generate_series(1, 2 * {n}) n,
    (SELECT * FROM operator_tasks WHERE kind = 'TICKET' AND subject_id = '{ticket}') x,
LATERAL jsonb_populate_record(x::operator_tasks, jsonb_build_object(
    'id', pg_temp.id('tsk', 1000000000 + n),
    'subject_id', pg_temp.id('tkt', n),
    'account_id', pg_temp.account(n),
    'dedupe_key', 'TICKET/' || pg_temp.id('tkt', n),
    'what', 'TK-' || n || ': Answer, or say what it waits for.',
    'severity', 1 + n % 4,
    'assignee_id', CASE WHEN n > {n} THEN pg_temp.assignee(n) END,
    'due_at', CASE WHEN n > {n} THEN pg_temp.due(n) ELSE pg_temp.came(n) END,
    'created_at', pg_temp.came(n),
    'state', CASE WHEN n > {n} THEN 'OPEN' ELSE 'DONE' END
)) p;

RESET session_replication_role
