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

-- By how many rows a table that is not empty begins, and the last transaction whose rows in it are
-- as they shall be: most tests change none of them, and to write them anew takes the longest.
CREATE TABLE recycling.filled (name name PRIMARY KEY, rows bigint NOT NULL, as_of bigint NOT NULL);

-- The size of a database takes many calls of the system: it is looked at after large tests, and
-- each tenth time.
CREATE SEQUENCE recycling.turn;

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
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO filled;
        IF NOT filled THEN
            body := body || format('
            DELETE FROM public.%I;
            GET DIAGNOSTICS gone = ROW_COUNT;
            written := written + gone;', name);
            CONTINUE;
        END IF;

        EXECUTE format('CREATE TABLE recycling.%I AS TABLE public.%I', 'rows_' || name, name);
        EXECUTE format('INSERT INTO recycling.filled
            SELECT %L, count(*), pg_current_xact_id()::text::bigint FROM public.%I', name, name);
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO listed
          FROM pg_attribute
         WHERE attrelid = format('public.%I', name)::regclass
           AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
        body := body || format('
            PERFORM FROM recycling.filled f WHERE f.name = %1$L
                AND f.rows = (SELECT count(*) FROM public.%1$I
                    WHERE xmin::text::bigint <= f.as_of)
                AND f.rows = (SELECT count(*) FROM public.%1$I);
            IF NOT FOUND THEN
                DELETE FROM public.%1$I;
                INSERT INTO public.%1$I (%2$s) OVERRIDING SYSTEM VALUE
                    SELECT %2$s FROM recycling.%3$I;
                UPDATE recycling.filled SET as_of = pg_current_xact_id()::text::bigint
                    WHERE filled.name = %1$L;
            END IF;', name, listed, 'rows_' || name);
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
            gone    bigint;
            written bigint := 0;
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
            %s
            IF (written > 1000 OR nextval('recycling.turn') %% 10 = 0)
                AND pg_database_size(current_database()) > %s + large THEN
                RETURN 'size';
            END IF;
            RETURN '';
        END $body$
    $function$, body, pg_database_size(current_database()));
END $prepare$;

CREATE EVENT TRIGGER recycling ON ddl_command_end EXECUTE FUNCTION recycling.note();
CREATE EVENT TRIGGER recycling_drop ON sql_drop EXECUTE FUNCTION recycling.note();
