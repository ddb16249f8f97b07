-- +goose NO TRANSACTION
-- +goose Up
-- Whom a statement may see is asked once for the statement and no longer for each row that it
-- reads: (SELECT f()) is computed before the first row. The fence shows the very same rows. Each
-- policy is changed by itself, in a moment, and what was changed stays when a later one gives way.
SET lock_timeout = '2s';
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION roomcover_accounts() RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT string_to_array(current_setting('roomcover.accounts', true), ',')
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION roomcover_org() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT current_setting('roomcover.org', true)
$$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
DECLARE
    p record;
    sees text;
BEGIN
    FOR p IN
        SELECT tablename, policyname, qual FROM pg_policies
        WHERE schemaname = current_schema() AND qual LIKE '%roomcover_%' AND qual NOT LIKE '%SELECT roomcover_%'
        ORDER BY tablename
    LOOP
        sees := replace(p.qual, 'roomcover_open()', '(SELECT roomcover_open())');
        sees := regexp_replace(sees, 'roomcover_sees\(NULL::text, VARIADIC ARRAY\[([^]]+)\]\)',
            '((SELECT roomcover_open()) OR (SELECT roomcover_org()) = ANY (ARRAY[\1]))', 'g');
        sees := regexp_replace(sees, 'roomcover_sees\((\w+), VARIADIC ARRAY\[NULL::text\]\)',
            '((SELECT roomcover_open()) OR \1 = ANY ((SELECT roomcover_accounts())::text[]))', 'g');
        sees := regexp_replace(sees, 'roomcover_sees\((\w+), VARIADIC ARRAY\[([^]]+)\]\)',
            '((SELECT roomcover_open()) OR \1 = ANY ((SELECT roomcover_accounts())::text[])'
            ' OR (SELECT roomcover_org()) = ANY (ARRAY[\2]))', 'g');
        EXECUTE format('ALTER POLICY %I ON %I USING (%s)', p.policyname, p.tablename, sees);
        COMMIT;
    END LOOP;
END $$;
-- +goose StatementEnd
RESET lock_timeout;

-- +goose Down
SET lock_timeout = '2s';
-- +goose StatementBegin
DO $$
DECLARE
    p record;
    sees text;
    open CONSTANT text := '\( SELECT roomcover_open\(\) AS roomcover_open\)';
    account CONSTANT text := ' OR \((\w+) = ANY '
        '\(\( SELECT roomcover_accounts\(\) AS roomcover_accounts\)::text\[\]\)\)';
    org CONSTANT text := ' OR \(\( SELECT roomcover_org\(\) AS roomcover_org\) = ANY \(ARRAY\[([^]]+)\]\)\)';
BEGIN
    FOR p IN
        SELECT tablename, policyname, qual FROM pg_policies
        WHERE schemaname = current_schema() AND qual LIKE '%SELECT roomcover_%'
        ORDER BY tablename
    LOOP
        sees := regexp_replace(p.qual, '\(' || open || account || org || '\)', 'roomcover_sees(\1, \2)', 'g');
        sees := regexp_replace(sees, '\(' || open || account || '\)', 'roomcover_sees(\1, NULL)', 'g');
        sees := regexp_replace(sees, '\(' || open || org || '\)', 'roomcover_sees(NULL, \1)', 'g');
        sees := regexp_replace(sees, open, 'roomcover_open()', 'g');
        EXECUTE format('ALTER POLICY %I ON %I USING (%s)', p.policyname, p.tablename, sees);
        COMMIT;
    END LOOP;
END $$;
-- +goose StatementEnd
DROP FUNCTION roomcover_accounts();
DROP FUNCTION roomcover_org();
RESET lock_timeout;
