-- Accounts and rooms for {n} open and {n} closed tickets, and whose ticket n is: tickets.sql goes
-- on from here. Account {account} has a twentieth of them; the others are those of {n}/50 further
-- accounts with ten rooms each.
CREATE FUNCTION pg_temp.id(prefix text, n bigint) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN prefix || '_' || lpad(n::text, 26, '0');

CREATE FUNCTION pg_temp.nth(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN 1 + n % ({n} / 50);

CREATE FUNCTION pg_temp.account(n bigint) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN n % 20 = 0 THEN '{account}' ELSE pg_temp.id('acc', pg_temp.nth(n)) END;

CREATE FUNCTION pg_temp.room(n bigint) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN n % 20 = 0 THEN '{room}'
        ELSE pg_temp.id('rom', pg_temp.nth(n) * 10 + n / ({n} / 50) % 10) END;

-- Keys are not looked up and triggers do not run: what is copied holds together.
SET session_replication_role = replica;
SET synchronous_commit = off;

INSERT INTO accounts
SELECT p.*
FROM generate_series(1, {n} / 50) n, (SELECT * FROM accounts WHERE id = '{account}') x,
LATERAL jsonb_populate_record(x::accounts, jsonb_build_object(
    'id', pg_temp.id('acc', n),
    'legal_name', 'Empresa ' || n || ' Ltda',
    'company_key', 'empresa ' || n,
    'address_hash', md5(n::text),
    'match_key', md5(n::text)
)) p;

INSERT INTO rooms
SELECT p.*
FROM generate_series(10, {n} / 50 * 10 + 9) n, (SELECT * FROM rooms WHERE id = '{room}') x,
LATERAL jsonb_populate_record(x::rooms, jsonb_build_object(
    'id', pg_temp.id('rom', n),
    'account_id', pg_temp.id('acc', n / 10),
    'name', 'Sala ' || n,
    'search_key', 'sala ' || n || ' hq'
)) p
