-- +goose NO TRANSACTION
-- +goose Up
-- The days of the rows that are there, a thousand rows to a transaction, so that nobody waits
-- for a row for long. What was filled stays filled should it be interrupted.
-- +goose StatementBegin
DO $$
DECLARE
    after text := '';
    last  text;
BEGIN
    LOOP
        SELECT max(id) INTO last FROM (
            SELECT id FROM orders WHERE id > after ORDER BY id LIMIT 1000) batch;
        EXIT WHEN last IS NULL;
        UPDATE orders SET purchased_day = NULLIF(purchased_on, '')::date
            WHERE id > after AND id <= last
                AND (purchased_day IS NULL AND purchased_on <> '');
        COMMIT;
        after := last;
    END LOOP;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
DECLARE
    after text := '';
    last  text;
BEGIN
    LOOP
        SELECT max(id) INTO last FROM (
            SELECT id FROM orgs WHERE id > after ORDER BY id LIMIT 1000) batch;
        EXIT WHEN last IS NULL;
        UPDATE orgs SET authorised_from_day = NULLIF(authorised_from, '')::date,
                    authorised_until_day = NULLIF(authorised_until, '')::date
            WHERE id > after AND id <= last
                AND (authorised_from_day IS NULL AND authorised_from <> ''
                    OR authorised_until_day IS NULL AND authorised_until <> '');
        COMMIT;
        after := last;
    END LOOP;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
DECLARE
    after text := '';
    last  text;
BEGIN
    LOOP
        SELECT max(id) INTO last FROM (
            SELECT id FROM devices WHERE id > after ORDER BY id LIMIT 1000) batch;
        EXIT WHEN last IS NULL;
        UPDATE devices SET purchased_day = NULLIF(purchased_on, '')::date,
                    std_warranty_end_day = NULLIF(std_warranty_end, '')::date,
                    ext_warranty_end_day = NULLIF(ext_warranty_end, '')::date,
                    replaced_day = NULLIF(replaced_on, '')::date
            WHERE id > after AND id <= last
                AND (purchased_day IS NULL AND purchased_on <> ''
                    OR std_warranty_end_day IS NULL AND std_warranty_end <> ''
                    OR ext_warranty_end_day IS NULL AND ext_warranty_end <> ''
                    OR replaced_day IS NULL AND replaced_on <> '');
        COMMIT;
        after := last;
    END LOOP;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
DECLARE
    after text := '';
    last  text;
BEGIN
    LOOP
        SELECT max(id) INTO last FROM (
            SELECT id FROM earlier_warranties WHERE id > after ORDER BY id LIMIT 1000) batch;
        EXIT WHEN last IS NULL;
        UPDATE earlier_warranties SET starts_day = NULLIF(starts_on, '')::date,
                    ends_day = NULLIF(ends_on, '')::date,
                    purchased_day = NULLIF(purchased_on, '')::date
            WHERE id > after AND id <= last
                AND (starts_day IS NULL AND starts_on <> ''
                    OR ends_day IS NULL AND ends_on <> ''
                    OR purchased_day IS NULL AND purchased_on <> '');
        COMMIT;
        after := last;
    END LOOP;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
DECLARE
    after text := '';
    last  text;
BEGIN
    LOOP
        SELECT max(id) INTO last FROM (
            SELECT id FROM shipments WHERE id > after ORDER BY id LIMIT 1000) batch;
        EXIT WHEN last IS NULL;
        UPDATE shipments SET promised_day = NULLIF(promised_on, '')::date
            WHERE id > after AND id <= last
                AND (promised_day IS NULL AND promised_on <> '');
        COMMIT;
        after := last;
    END LOOP;
END $$;
-- +goose StatementEnd
UPDATE catalogue_skus SET effective_from_day = NULLIF(effective_from, '')::date, effective_to_day = NULLIF(effective_to, '')::date
WHERE (effective_from_day IS NULL AND effective_from <> '') OR (effective_to_day IS NULL AND effective_to <> '');
UPDATE product_models SET effective_to_day = NULLIF(effective_to, '')::date
WHERE (effective_to_day IS NULL AND effective_to <> '');
DROP INDEX CONCURRENTLY IF EXISTS earlier_warranties_linked_once;
CREATE UNIQUE INDEX CONCURRENTLY earlier_warranties_linked_once
    ON earlier_warranties (account_id, serial, ends_day) WHERE state = 'LINKED';
DROP INDEX CONCURRENTLY IF EXISTS earlier_warranties_linked;

-- +goose Down
CREATE UNIQUE INDEX IF NOT EXISTS earlier_warranties_linked
    ON earlier_warranties (account_id, serial, ends_on) WHERE state = 'LINKED';
DROP INDEX earlier_warranties_linked_once;
