-- +goose Up
-- Periods of what may stand in one place at a time never overlap: of a device in rooms, of a
-- license in rooms, of a service's licenses in a room, of a unit of an extended warranty and a
-- serial number. SQLite has no exclusion constraints: triggers do the same. Of two open periods
-- the unique keys speak alone, and an empty period overlaps nothing. A row that an earlier release
-- let overlap can still be ended.

-- +goose StatementBegin
CREATE TRIGGER device_placements_apart_on_insert BEFORE INSERT ON device_placements
WHEN EXISTS (
    SELECT 1 FROM device_placements o
    WHERE (o.device_id = NEW.device_id)
        AND o.id <> NEW.id
        AND (o.to_at IS NOT NULL OR NEW.to_at IS NOT NULL)
        AND o.from_at < COALESCE(o.to_at, '9999-12-31')
        AND NEW.from_at < COALESCE(NEW.to_at, '9999-12-31')
        AND o.from_at < COALESCE(NEW.to_at, '9999-12-31')
        AND NEW.from_at < COALESCE(o.to_at, '9999-12-31'))
BEGIN
    SELECT RAISE(ABORT, 'another row has a part of this period: device_placements_apart');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER device_placements_apart_on_update BEFORE UPDATE OF device_id, from_at, to_at ON device_placements
WHEN NOT (NEW.device_id IS OLD.device_id
        AND NEW.from_at >= OLD.from_at
        AND COALESCE(NEW.to_at, '9999-12-31') <= COALESCE(OLD.to_at, '9999-12-31'))
    AND EXISTS (
    SELECT 1 FROM device_placements o
    WHERE (o.device_id = NEW.device_id)
        AND o.id <> NEW.id
        AND (o.to_at IS NOT NULL OR NEW.to_at IS NOT NULL)
        AND o.from_at < COALESCE(o.to_at, '9999-12-31')
        AND NEW.from_at < COALESCE(NEW.to_at, '9999-12-31')
        AND o.from_at < COALESCE(NEW.to_at, '9999-12-31')
        AND NEW.from_at < COALESCE(o.to_at, '9999-12-31'))
BEGIN
    SELECT RAISE(ABORT, 'another row has a part of this period: device_placements_apart');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER licence_assignments_apart_on_insert BEFORE INSERT ON licence_assignments
WHEN EXISTS (
    SELECT 1 FROM licence_assignments o
    WHERE (o.licence_id = NEW.licence_id
            OR (o.room_id = NEW.room_id AND o.service_type = NEW.service_type))
        AND o.id <> NEW.id
        AND (o.to_at IS NOT NULL OR NEW.to_at IS NOT NULL)
        AND o.from_at < COALESCE(o.to_at, '9999-12-31')
        AND NEW.from_at < COALESCE(NEW.to_at, '9999-12-31')
        AND o.from_at < COALESCE(NEW.to_at, '9999-12-31')
        AND NEW.from_at < COALESCE(o.to_at, '9999-12-31'))
BEGIN
    SELECT RAISE(ABORT, 'another row has a part of this period: licence_assignments_apart');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER licence_assignments_apart_on_update BEFORE UPDATE OF licence_id, room_id, service_type, from_at, to_at ON licence_assignments
WHEN NOT (NEW.licence_id IS OLD.licence_id AND NEW.room_id IS OLD.room_id AND NEW.service_type IS OLD.service_type
        AND NEW.from_at >= OLD.from_at
        AND COALESCE(NEW.to_at, '9999-12-31') <= COALESCE(OLD.to_at, '9999-12-31'))
    AND EXISTS (
    SELECT 1 FROM licence_assignments o
    WHERE (o.licence_id = NEW.licence_id
            OR (o.room_id = NEW.room_id AND o.service_type = NEW.service_type))
        AND o.id <> NEW.id
        AND (o.to_at IS NOT NULL OR NEW.to_at IS NOT NULL)
        AND o.from_at < COALESCE(o.to_at, '9999-12-31')
        AND NEW.from_at < COALESCE(NEW.to_at, '9999-12-31')
        AND o.from_at < COALESCE(NEW.to_at, '9999-12-31')
        AND NEW.from_at < COALESCE(o.to_at, '9999-12-31'))
BEGIN
    SELECT RAISE(ABORT, 'another row has a part of this period: licence_assignments_apart');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER warranty_attachments_apart_on_insert BEFORE INSERT ON warranty_attachments
WHEN EXISTS (
    SELECT 1 FROM warranty_attachments o
    WHERE (o.licence_id = NEW.licence_id
            OR (o.account_id = NEW.account_id AND o.serial = NEW.serial))
        AND o.id <> NEW.id
        AND (o.to_at IS NOT NULL OR NEW.to_at IS NOT NULL)
        AND o.from_at < COALESCE(o.to_at, '9999-12-31')
        AND NEW.from_at < COALESCE(NEW.to_at, '9999-12-31')
        AND o.from_at < COALESCE(NEW.to_at, '9999-12-31')
        AND NEW.from_at < COALESCE(o.to_at, '9999-12-31'))
BEGIN
    SELECT RAISE(ABORT, 'another row has a part of this period: warranty_attachments_apart');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER warranty_attachments_apart_on_update BEFORE UPDATE OF licence_id, account_id, serial, from_at, to_at ON warranty_attachments
WHEN NOT (NEW.licence_id IS OLD.licence_id AND NEW.account_id IS OLD.account_id AND NEW.serial IS OLD.serial
        AND NEW.from_at >= OLD.from_at
        AND COALESCE(NEW.to_at, '9999-12-31') <= COALESCE(OLD.to_at, '9999-12-31'))
    AND EXISTS (
    SELECT 1 FROM warranty_attachments o
    WHERE (o.licence_id = NEW.licence_id
            OR (o.account_id = NEW.account_id AND o.serial = NEW.serial))
        AND o.id <> NEW.id
        AND (o.to_at IS NOT NULL OR NEW.to_at IS NOT NULL)
        AND o.from_at < COALESCE(o.to_at, '9999-12-31')
        AND NEW.from_at < COALESCE(NEW.to_at, '9999-12-31')
        AND o.from_at < COALESCE(NEW.to_at, '9999-12-31')
        AND NEW.from_at < COALESCE(o.to_at, '9999-12-31'))
BEGIN
    SELECT RAISE(ABORT, 'another row has a part of this period: warranty_attachments_apart');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER warranty_attachments_apart_on_update;
DROP TRIGGER warranty_attachments_apart_on_insert;
DROP TRIGGER licence_assignments_apart_on_update;
DROP TRIGGER licence_assignments_apart_on_insert;
DROP TRIGGER device_placements_apart_on_update;
DROP TRIGGER device_placements_apart_on_insert;
