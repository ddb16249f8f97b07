-- +goose Up
SET LOCAL lock_timeout = '2s';
-- Days are dates, and an unknown one is NULL. They stood as texts, '' for unknown. To change the
-- type of a column rewrites the table and its indexes while nobody can read it (measured with a
-- million orders: docs/operations.md), so each day gets a column beside the text, which is done
-- in a moment, and a trigger that keeps both the same: the release before writes the text and
-- reads it, and this one the date. The texts go in a later release.

ALTER TABLE orders
    ADD COLUMN purchased_day date,
    ALTER COLUMN purchased_on SET DEFAULT '';
-- +goose StatementBegin
CREATE FUNCTION roomcover_days_of_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.purchased_day :=
            COALESCE(NEW.purchased_day, NULLIF(NEW.purchased_on, '')::date);
    ELSIF NEW.purchased_day IS NOT DISTINCT FROM OLD.purchased_day THEN
        NEW.purchased_day := NULLIF(NEW.purchased_on, '')::date;
    END IF;
    NEW.purchased_on := COALESCE(to_char(NEW.purchased_day, 'YYYY-MM-DD'), '');
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER orders_days
    BEFORE INSERT OR UPDATE OF purchased_on,
        purchased_day
    ON orders FOR EACH ROW EXECUTE FUNCTION roomcover_days_of_orders();

ALTER TABLE orgs
    ADD COLUMN authorised_from_day date,
    ALTER COLUMN authorised_from SET DEFAULT '',
    ADD COLUMN authorised_until_day date,
    ALTER COLUMN authorised_until SET DEFAULT '';
-- +goose StatementBegin
CREATE FUNCTION roomcover_days_of_orgs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.authorised_from_day :=
            COALESCE(NEW.authorised_from_day, NULLIF(NEW.authorised_from, '')::date);
    ELSIF NEW.authorised_from_day IS NOT DISTINCT FROM OLD.authorised_from_day THEN
        NEW.authorised_from_day := NULLIF(NEW.authorised_from, '')::date;
    END IF;
    NEW.authorised_from := COALESCE(to_char(NEW.authorised_from_day, 'YYYY-MM-DD'), '');
    IF TG_OP = 'INSERT' THEN
        NEW.authorised_until_day :=
            COALESCE(NEW.authorised_until_day, NULLIF(NEW.authorised_until, '')::date);
    ELSIF NEW.authorised_until_day IS NOT DISTINCT FROM OLD.authorised_until_day THEN
        NEW.authorised_until_day := NULLIF(NEW.authorised_until, '')::date;
    END IF;
    NEW.authorised_until := COALESCE(to_char(NEW.authorised_until_day, 'YYYY-MM-DD'), '');
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER orgs_days
    BEFORE INSERT OR UPDATE OF authorised_from, authorised_until,
        authorised_from_day, authorised_until_day
    ON orgs FOR EACH ROW EXECUTE FUNCTION roomcover_days_of_orgs();

ALTER TABLE devices
    ADD COLUMN purchased_day date,
    ALTER COLUMN purchased_on SET DEFAULT '',
    ADD COLUMN std_warranty_end_day date,
    ALTER COLUMN std_warranty_end SET DEFAULT '',
    ADD COLUMN ext_warranty_end_day date,
    ALTER COLUMN ext_warranty_end SET DEFAULT '',
    ADD COLUMN replaced_day date,
    ALTER COLUMN replaced_on SET DEFAULT '';
-- +goose StatementBegin
CREATE FUNCTION roomcover_days_of_devices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.purchased_day :=
            COALESCE(NEW.purchased_day, NULLIF(NEW.purchased_on, '')::date);
    ELSIF NEW.purchased_day IS NOT DISTINCT FROM OLD.purchased_day THEN
        NEW.purchased_day := NULLIF(NEW.purchased_on, '')::date;
    END IF;
    NEW.purchased_on := COALESCE(to_char(NEW.purchased_day, 'YYYY-MM-DD'), '');
    IF TG_OP = 'INSERT' THEN
        NEW.std_warranty_end_day :=
            COALESCE(NEW.std_warranty_end_day, NULLIF(NEW.std_warranty_end, '')::date);
    ELSIF NEW.std_warranty_end_day IS NOT DISTINCT FROM OLD.std_warranty_end_day THEN
        NEW.std_warranty_end_day := NULLIF(NEW.std_warranty_end, '')::date;
    END IF;
    NEW.std_warranty_end := COALESCE(to_char(NEW.std_warranty_end_day, 'YYYY-MM-DD'), '');
    IF TG_OP = 'INSERT' THEN
        NEW.ext_warranty_end_day :=
            COALESCE(NEW.ext_warranty_end_day, NULLIF(NEW.ext_warranty_end, '')::date);
    ELSIF NEW.ext_warranty_end_day IS NOT DISTINCT FROM OLD.ext_warranty_end_day THEN
        NEW.ext_warranty_end_day := NULLIF(NEW.ext_warranty_end, '')::date;
    END IF;
    NEW.ext_warranty_end := COALESCE(to_char(NEW.ext_warranty_end_day, 'YYYY-MM-DD'), '');
    IF TG_OP = 'INSERT' THEN
        NEW.replaced_day :=
            COALESCE(NEW.replaced_day, NULLIF(NEW.replaced_on, '')::date);
    ELSIF NEW.replaced_day IS NOT DISTINCT FROM OLD.replaced_day THEN
        NEW.replaced_day := NULLIF(NEW.replaced_on, '')::date;
    END IF;
    NEW.replaced_on := COALESCE(to_char(NEW.replaced_day, 'YYYY-MM-DD'), '');
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER devices_days
    BEFORE INSERT OR UPDATE OF purchased_on, std_warranty_end, ext_warranty_end, replaced_on,
        purchased_day, std_warranty_end_day, ext_warranty_end_day, replaced_day
    ON devices FOR EACH ROW EXECUTE FUNCTION roomcover_days_of_devices();

ALTER TABLE earlier_warranties
    ADD COLUMN starts_day date,
    ALTER COLUMN starts_on SET DEFAULT '',
    ADD COLUMN ends_day date,
    ALTER COLUMN ends_on SET DEFAULT '',
    ADD COLUMN purchased_day date,
    ALTER COLUMN purchased_on SET DEFAULT '';
-- +goose StatementBegin
CREATE FUNCTION roomcover_days_of_earlier_warranties() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.starts_day :=
            COALESCE(NEW.starts_day, NULLIF(NEW.starts_on, '')::date);
    ELSIF NEW.starts_day IS NOT DISTINCT FROM OLD.starts_day THEN
        NEW.starts_day := NULLIF(NEW.starts_on, '')::date;
    END IF;
    NEW.starts_on := COALESCE(to_char(NEW.starts_day, 'YYYY-MM-DD'), '');
    IF TG_OP = 'INSERT' THEN
        NEW.ends_day :=
            COALESCE(NEW.ends_day, NULLIF(NEW.ends_on, '')::date);
    ELSIF NEW.ends_day IS NOT DISTINCT FROM OLD.ends_day THEN
        NEW.ends_day := NULLIF(NEW.ends_on, '')::date;
    END IF;
    NEW.ends_on := COALESCE(to_char(NEW.ends_day, 'YYYY-MM-DD'), '');
    IF TG_OP = 'INSERT' THEN
        NEW.purchased_day :=
            COALESCE(NEW.purchased_day, NULLIF(NEW.purchased_on, '')::date);
    ELSIF NEW.purchased_day IS NOT DISTINCT FROM OLD.purchased_day THEN
        NEW.purchased_day := NULLIF(NEW.purchased_on, '')::date;
    END IF;
    NEW.purchased_on := COALESCE(to_char(NEW.purchased_day, 'YYYY-MM-DD'), '');
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER earlier_warranties_days
    BEFORE INSERT OR UPDATE OF starts_on, ends_on, purchased_on,
        starts_day, ends_day, purchased_day
    ON earlier_warranties FOR EACH ROW EXECUTE FUNCTION roomcover_days_of_earlier_warranties();

ALTER TABLE shipments
    ADD COLUMN promised_day date,
    ALTER COLUMN promised_on SET DEFAULT '';
-- +goose StatementBegin
CREATE FUNCTION roomcover_days_of_shipments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.promised_day :=
            COALESCE(NEW.promised_day, NULLIF(NEW.promised_on, '')::date);
    ELSIF NEW.promised_day IS NOT DISTINCT FROM OLD.promised_day THEN
        NEW.promised_day := NULLIF(NEW.promised_on, '')::date;
    END IF;
    NEW.promised_on := COALESCE(to_char(NEW.promised_day, 'YYYY-MM-DD'), '');
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER shipments_days
    BEFORE INSERT OR UPDATE OF promised_on,
        promised_day
    ON shipments FOR EACH ROW EXECUTE FUNCTION roomcover_days_of_shipments();

ALTER TABLE catalogue_skus
    ADD COLUMN effective_from_day date,
    ALTER COLUMN effective_from SET DEFAULT '',
    ADD COLUMN effective_to_day date,
    ALTER COLUMN effective_to SET DEFAULT '';
-- +goose StatementBegin
CREATE FUNCTION roomcover_days_of_catalogue_skus() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.effective_from_day :=
            COALESCE(NEW.effective_from_day, NULLIF(NEW.effective_from, '')::date);
    ELSIF NEW.effective_from_day IS NOT DISTINCT FROM OLD.effective_from_day THEN
        NEW.effective_from_day := NULLIF(NEW.effective_from, '')::date;
    END IF;
    NEW.effective_from := COALESCE(to_char(NEW.effective_from_day, 'YYYY-MM-DD'), '');
    IF TG_OP = 'INSERT' THEN
        NEW.effective_to_day :=
            COALESCE(NEW.effective_to_day, NULLIF(NEW.effective_to, '')::date);
    ELSIF NEW.effective_to_day IS NOT DISTINCT FROM OLD.effective_to_day THEN
        NEW.effective_to_day := NULLIF(NEW.effective_to, '')::date;
    END IF;
    NEW.effective_to := COALESCE(to_char(NEW.effective_to_day, 'YYYY-MM-DD'), '');
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER catalogue_skus_days
    BEFORE INSERT OR UPDATE OF effective_from, effective_to,
        effective_from_day, effective_to_day
    ON catalogue_skus FOR EACH ROW EXECUTE FUNCTION roomcover_days_of_catalogue_skus();

ALTER TABLE product_models
    ADD COLUMN effective_to_day date,
    ALTER COLUMN effective_to SET DEFAULT '';
-- +goose StatementBegin
CREATE FUNCTION roomcover_days_of_product_models() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.effective_to_day :=
            COALESCE(NEW.effective_to_day, NULLIF(NEW.effective_to, '')::date);
    ELSIF NEW.effective_to_day IS NOT DISTINCT FROM OLD.effective_to_day THEN
        NEW.effective_to_day := NULLIF(NEW.effective_to, '')::date;
    END IF;
    NEW.effective_to := COALESCE(to_char(NEW.effective_to_day, 'YYYY-MM-DD'), '');
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER product_models_days
    BEFORE INSERT OR UPDATE OF effective_to,
        effective_to_day
    ON product_models FOR EACH ROW EXECUTE FUNCTION roomcover_days_of_product_models();

-- +goose Down
DROP TRIGGER product_models_days ON product_models;
DROP FUNCTION roomcover_days_of_product_models();
ALTER TABLE product_models
    ALTER COLUMN effective_to DROP DEFAULT,
    DROP COLUMN effective_to_day;
DROP TRIGGER catalogue_skus_days ON catalogue_skus;
DROP FUNCTION roomcover_days_of_catalogue_skus();
ALTER TABLE catalogue_skus
    ALTER COLUMN effective_from DROP DEFAULT,
    DROP COLUMN effective_from_day,
    ALTER COLUMN effective_to DROP DEFAULT,
    DROP COLUMN effective_to_day;
DROP TRIGGER shipments_days ON shipments;
DROP FUNCTION roomcover_days_of_shipments();
ALTER TABLE shipments
    ALTER COLUMN promised_on DROP DEFAULT,
    DROP COLUMN promised_day;
DROP TRIGGER earlier_warranties_days ON earlier_warranties;
DROP FUNCTION roomcover_days_of_earlier_warranties();
ALTER TABLE earlier_warranties
    ALTER COLUMN starts_on DROP DEFAULT,
    DROP COLUMN starts_day,
    ALTER COLUMN ends_on DROP DEFAULT,
    DROP COLUMN ends_day,
    ALTER COLUMN purchased_on DROP DEFAULT,
    DROP COLUMN purchased_day;
DROP TRIGGER devices_days ON devices;
DROP FUNCTION roomcover_days_of_devices();
ALTER TABLE devices
    ALTER COLUMN purchased_on DROP DEFAULT,
    DROP COLUMN purchased_day,
    ALTER COLUMN std_warranty_end DROP DEFAULT,
    DROP COLUMN std_warranty_end_day,
    ALTER COLUMN ext_warranty_end DROP DEFAULT,
    DROP COLUMN ext_warranty_end_day,
    ALTER COLUMN replaced_on DROP DEFAULT,
    DROP COLUMN replaced_day;
DROP TRIGGER orgs_days ON orgs;
DROP FUNCTION roomcover_days_of_orgs();
ALTER TABLE orgs
    ALTER COLUMN authorised_from DROP DEFAULT,
    DROP COLUMN authorised_from_day,
    ALTER COLUMN authorised_until DROP DEFAULT,
    DROP COLUMN authorised_until_day;
DROP TRIGGER orders_days ON orders;
DROP FUNCTION roomcover_days_of_orders();
ALTER TABLE orders
    ALTER COLUMN purchased_on DROP DEFAULT,
    DROP COLUMN purchased_day;
