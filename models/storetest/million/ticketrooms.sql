-- Whose ticket n is in a database that fill.sql has filled with {n}0 orders: each is about a room
-- that is covered, one in twenty about one of the giant's.
CREATE FUNCTION pg_temp.id(prefix text, n bigint) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN prefix || '_' || lpad(n::text, 26, '0');

CREATE FUNCTION pg_temp.nth(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN n % 20 = 0 THEN 1 + n / 20 % ({n} / 2)
        ELSE {n} / 2 + n % ({n} * 5 / 2) END;

CREATE FUNCTION pg_temp.account(n bigint) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN pg_temp.id('acc', CASE WHEN n % 20 = 0 THEN 1
        ELSE 2 + pg_temp.nth(n) % ({n} / 5 - 1) END);

CREATE FUNCTION pg_temp.room(n bigint) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN pg_temp.id('rom', pg_temp.nth(n));

-- Keys are not looked up and triggers do not run: what is copied holds together.
SET session_replication_role = replica;
SET synchronous_commit = off
