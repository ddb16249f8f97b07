-- Prepares a database that tests use one after another: recycling.renew() makes its rows and its
-- sequences as they are now, and says by its answer what else a test has changed; a database of
-- which it says anything is used no more.
CREATE SCHEMA recycling;

CREATE TABLE recycling.changes (tag text NOT NULL);

CREATE FUNCTION recycling.note() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO recycling.changes VALUES (tg_tag);
END $$;

-- What was analysed is planned otherwise from then on.
CREATE TABLE recycling.sizes AS
    SELECT oid, reltuples FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r';

DO $prepare$
DECLARE
    body    text := '';
    name    name;
    listed  text;
    filled  boolean;
    value   bigint;
    called  boolean;
BEGIN
    FOR name IN
        SELECT relname FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname
    LOOP
        body := body || format('DELETE FROM public.%I;', name);

        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO filled;
        IF filled THEN
            EXECUTE format('CREATE TABLE recycling.%I AS TABLE public.%I', 'rows_' || name, name);
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO listed
              FROM pg_attribute
             WHERE attrelid = format('public.%I', name)::regclass
               AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
            body := body || format(
                'INSERT INTO public.%I (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM recycling.%I;',
                name, listed, listed, 'rows_' || name);
        END IF;
    END LOOP;

    FOR name IN
        SELECT relname FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
    LOOP
        EXECUTE format('SELECT last_value, is_called FROM public.%I', name) INTO value, called;
        body := body || format('PERFORM setval(%L, %s, %L);',
            format('public.%I', name), value, called);
    END LOOP;

    EXECUTE format($function$
        CREATE FUNCTION recycling.renew() RETURNS text LANGUAGE plpgsql
            SET session_replication_role = replica AS $body$
        DECLARE
            large CONSTANT bigint := 32 * 1024 * 1024;
            changed text;
        BEGIN
            SELECT string_agg(DISTINCT tag, ', ') INTO changed FROM recycling.changes;
            IF changed <> '' THEN
                RETURN changed;
            END IF;
            PERFORM FROM pg_class c JOIN recycling.sizes s ON s.oid = c.oid
              WHERE c.reltuples <> s.reltuples;
            IF FOUND THEN
                RETURN 'statistics';
            END IF;
            IF pg_database_size(current_database()) > %s + large THEN
                RETURN 'size';
            END IF;
            %s
            RETURN '';
        END $body$
    $function$, pg_database_size(current_database()), body);
END $prepare$;

CREATE EVENT TRIGGER recycling ON ddl_command_end EXECUTE FUNCTION recycling.note();
CREATE EVENT TRIGGER recycling_drop ON sql_drop EXECUTE FUNCTION recycling.note();
