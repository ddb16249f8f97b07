-- Brings the rights of the roles up to date. The owner runs it after each migration; again
-- it changes nothing. Where a role is missing that the owner may not create, it leaves the
-- rest for the next time.
--
-- roomcover_service is what serve and worker connect as: it reads and writes rows, and
-- changes nothing about the tables. roomcover_tenant is what a transaction for a tenant
-- turns into (SET LOCAL ROLE), so that row-level security holds for it. Neither changes or
-- removes what the audit says.
DO $$
DECLARE
    may_create CONSTANT boolean :=
        (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user);
    one record;
    rights text;
BEGIN
    -- Two at the same time would write the same rows of the catalog.
    PERFORM pg_advisory_xact_lock(hashtextextended('roomcover roles', 0));

    IF to_regrole('roomcover_service') IS NULL AND may_create THEN
        CREATE ROLE roomcover_service LOGIN NOINHERIT;
    END IF;
    IF to_regrole('roomcover_tenant') IS NULL AND may_create THEN
        CREATE ROLE roomcover_tenant NOLOGIN NOINHERIT;
    END IF;
    IF to_regrole('roomcover_service') IS NULL OR to_regrole('roomcover_tenant') IS NULL THEN
        RETURN;
    END IF;
    IF may_create AND NOT pg_has_role('roomcover_service', 'roomcover_tenant', 'MEMBER') THEN
        GRANT roomcover_tenant TO roomcover_service;
    END IF;

    IF NOT has_database_privilege('roomcover_service', current_database(), 'CONNECT') THEN
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO roomcover_service', current_database());
    END IF;
    IF NOT has_schema_privilege('roomcover_service', current_schema(), 'USAGE')
        OR NOT has_schema_privilege('roomcover_tenant', current_schema(), 'USAGE')
    THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO roomcover_service, roomcover_tenant', current_schema());
    END IF;

    -- A table of the next release is the service's before this has run again; it is no
    -- tenant's until then.
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I '
        'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO roomcover_service', current_schema());

    FOR one IN
        SELECT c.oid::regclass AS name, c.relname::text AS plain, c.relrowsecurity AS fenced
        FROM pg_class c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
        ORDER BY c.relname
    LOOP
        rights := CASE
            WHEN one.plain IN ('audit_heads', 'goose_db_version') THEN 'SELECT'
            WHEN one.plain IN ('audit_events', 'country_terms', 'sla_policies') THEN 'SELECT, INSERT'
            ELSE 'SELECT, INSERT, UPDATE, DELETE'
        END;
        EXECUTE format('REVOKE ALL ON TABLE %s FROM PUBLIC, roomcover_service, roomcover_tenant', one.name);
        EXECUTE format('GRANT %s ON TABLE %s TO roomcover_service', rights, one.name);

        -- What is nobody's own, such as the catalog, a tenant only reads; but its requests
        -- reserve from the stock, and withdrawn ones give back.
        rights := CASE
            WHEN one.plain IN ('audit_heads', 'goose_db_version') THEN NULL
            WHEN one.plain = 'stock_levels' THEN 'SELECT, INSERT, UPDATE'
            WHEN one.plain = 'stock_entries' THEN 'SELECT, INSERT'
            WHEN one.fenced THEN rights
            ELSE 'SELECT'
        END;
        IF rights IS NOT NULL THEN
            EXECUTE format('GRANT %s ON TABLE %s TO roomcover_tenant', rights, one.name);
        END IF;
    END LOOP;

    -- Who called from where is forgotten by a function of the owner, when a person is erased.
    REVOKE ALL ON FUNCTION roomcover_forget_addresses(text, bigint) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION roomcover_forget_addresses(text, bigint) TO roomcover_service;
    REVOKE ALL ON FUNCTION roomcover_audit_ends(text) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION roomcover_audit_ends(text) TO roomcover_service, roomcover_tenant;
END $$;
