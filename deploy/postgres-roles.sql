-- Makes the roles of the service, and closes the ways out of a tenant's transaction. The
-- superuser runs it in the service's database, before the first "roomcover migrate" with
-- three roles and after a restore; again it changes nothing. It gives no passwords.
--
--   owner              of the database: migrates, and does nothing else
--   roomcover_service  what serve and worker connect as
--   roomcover_tenant   what a transaction for a customer or seller turns into; no login
--
-- What each may do with the tables, "roomcover migrate" grants.
DO $$
DECLARE
    owner CONSTANT name :=
        (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database());
BEGIN
    -- The search by a part of a name; not every owner of a database may create it.
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    PERFORM pg_advisory_xact_lock(hashtextextended('roomcover roles', 0));

    IF to_regrole('roomcover_service') IS NULL THEN
        CREATE ROLE roomcover_service
            LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
    END IF;
    IF to_regrole('roomcover_tenant') IS NULL THEN
        CREATE ROLE roomcover_tenant
            NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
    END IF;
    IF NOT pg_has_role('roomcover_service', 'roomcover_tenant', 'MEMBER') THEN
        GRANT roomcover_tenant TO roomcover_service;
    END IF;

    EXECUTE format('GRANT CONNECT ON DATABASE %I TO roomcover_service', current_database());
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC, roomcover_service, roomcover_tenant',
        current_database());
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA public TO %I', owner);

    -- A statement of a tenant's transaction could name another account, or another role,
    -- by this function: in the middle of a SELECT, where no other statement can stand.
    REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC;
    EXECUTE format('GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) '
        'TO %I, roomcover_service', owner);
    REVOKE UPDATE ON pg_catalog.pg_settings FROM PUBLIC; -- it does the same
END $$;
