-- Adds rooms to a database that fill.sql filled with {n} orders, until there are as many rooms as
-- orders: the further ones are those that no license covers, a device in each.
CREATE OR REPLACE FUNCTION pg_temp.id(prefix text, n bigint) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN prefix || '_' || lpad(n::text, 26, '0');

CREATE OR REPLACE FUNCTION pg_temp.account(n bigint) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN pg_temp.id('acc', CASE WHEN n % 20 = 0 THEN 1 ELSE 2 + n % ({n} / 50 - 1) END);

SET session_replication_role = replica;
SET synchronous_commit = off;

INSERT INTO rooms
SELECT p.*
FROM generate_series({n} * 3 / 10 + 1, {n}) n, (SELECT * FROM rooms WHERE id = pg_temp.id('rom', 1)) x,
LATERAL jsonb_populate_record(x::rooms, jsonb_build_object(
    'id', pg_temp.id('rom', n),
    'account_id', pg_temp.account(n),
    'name', 'Estúdio ' || n,
    'search_key', 'estudio ' || n || ' hq'
)) p;

INSERT INTO devices
SELECT p.*
FROM generate_series({n} * 3 / 10 + 1, {n}) n, (SELECT * FROM devices WHERE id = pg_temp.id('dev', 1)) x,
LATERAL jsonb_populate_record(x::devices, jsonb_build_object(
    'id', pg_temp.id('dvr', n),
    'account_id', pg_temp.account(n),
    'serial', 'R' || lpad(n::text, 9, '0')
)) p;

INSERT INTO device_placements
SELECT p.*
FROM generate_series({n} * 3 / 10 + 1, {n}) n,
    (SELECT * FROM device_placements WHERE id = pg_temp.id('plc', 1)) x,
LATERAL jsonb_populate_record(x::device_placements, jsonb_build_object(
    'id', pg_temp.id('plr', n),
    'account_id', pg_temp.account(n),
    'device_id', pg_temp.id('dvr', n),
    'room_id', pg_temp.id('rom', n)
)) p;

RESET session_replication_role
