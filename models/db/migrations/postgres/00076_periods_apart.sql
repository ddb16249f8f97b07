-- +goose Up
SET LOCAL lock_timeout = '2s';
-- Periods in which a unit of an extended warranty stands with a serial number never overlap,
-- neither the unit's nor the serial's, as those of placements and of assignments do not. An
-- exclusion constraint would keep everybody from the table while it is built (a minute for
-- 200,000 rows, twice), so a trigger looks at each row that is written. The unique keys of the
-- open ones keep apart what is written at the same time: of two open periods they speak alone.
-- +goose StatementBegin
CREATE FUNCTION roomcover_attachments_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A row that an earlier release let overlap can still be ended.
    IF TG_OP = 'UPDATE'
        AND (NEW.licence_id, NEW.account_id, NEW.serial) = (OLD.licence_id, OLD.account_id, OLD.serial)
        AND tstzrange(NEW.from_at, NEW.to_at) <@ tstzrange(OLD.from_at, OLD.to_at)
    THEN
        RETURN NEW;
    END IF;
    IF EXISTS (
        SELECT 1 FROM warranty_attachments o
        WHERE (o.licence_id = NEW.licence_id
                OR (o.account_id = NEW.account_id AND o.serial = NEW.serial))
            AND o.id <> NEW.id
            AND (o.to_at IS NOT NULL OR NEW.to_at IS NOT NULL)
            AND tstzrange(o.from_at, o.to_at) && tstzrange(NEW.from_at, NEW.to_at)
    ) THEN
        RAISE EXCEPTION 'another row has a part of this period: warranty_attachments_apart'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'warranty_attachments_apart';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER warranty_attachments_apart
    BEFORE INSERT OR UPDATE OF licence_id, account_id, serial, from_at, to_at
    ON warranty_attachments FOR EACH ROW EXECUTE FUNCTION roomcover_attachments_apart();

-- +goose Down
DROP TRIGGER warranty_attachments_apart ON warranty_attachments;
DROP FUNCTION roomcover_attachments_apart();
