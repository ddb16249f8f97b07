-- +goose Up
CREATE TABLE device_placements (
    id         text PRIMARY KEY,
    account_id text NOT NULL REFERENCES accounts (id),
    device_id  text NOT NULL REFERENCES devices (id),
    room_id    text NOT NULL REFERENCES rooms (id),
    from_at    datetime NOT NULL,
    to_at      datetime,
    placed_by  text NOT NULL,
    CHECK (to_at IS NULL OR to_at >= from_at)
);
CREATE UNIQUE INDEX device_placements_open ON device_placements (device_id) WHERE to_at IS NULL;
CREATE INDEX device_placements_device ON device_placements (device_id);
CREATE INDEX device_placements_room ON device_placements (room_id) WHERE to_at IS NULL;
-- terms are those of the room's country when the assignment was made (S31), with
-- who acknowledged them when where they differ from home (R78e).
CREATE TABLE licence_assignments (
    id              text PRIMARY KEY,
    account_id      text NOT NULL REFERENCES accounts (id),
    licence_id      text NOT NULL REFERENCES licences (id),
    room_id         text NOT NULL REFERENCES rooms (id),
    service_type    text NOT NULL CHECK (service_type IN ('SELECT','SYNC_PLUS')),
    from_at         datetime NOT NULL,
    to_at           datetime,
    end_reason      text NOT NULL,
    assigned_by     text NOT NULL,
    terms           text,
    acknowledged_by text NOT NULL,
    acknowledged_at datetime,
    CHECK (to_at IS NULL OR to_at >= from_at)
);
CREATE UNIQUE INDEX licence_assignments_open ON licence_assignments (licence_id) WHERE to_at IS NULL;
CREATE UNIQUE INDEX licence_assignments_open_room ON licence_assignments (room_id, service_type) WHERE to_at IS NULL;
CREATE INDEX licence_assignments_licence ON licence_assignments (licence_id);
CREATE INDEX licence_assignments_room ON licence_assignments (room_id);
CREATE INDEX licence_assignments_account ON licence_assignments (account_id, id);
CREATE INDEX licences_renewing ON licences (renews_licence_id) WHERE renews_licence_id IS NOT NULL;
-- When a contract was cancelled: it served until then (S8).
ALTER TABLE service_contracts ADD COLUMN cancelled_at datetime;
UPDATE service_contracts SET cancelled_at = (SELECT max(c.created_at) FROM order_cancellations c WHERE c.order_id = service_contracts.order_id) WHERE state = 'CANCELLED';

-- +goose Down
ALTER TABLE service_contracts DROP COLUMN cancelled_at;
DROP INDEX licences_renewing;
DROP TABLE licence_assignments;
DROP TABLE device_placements;
