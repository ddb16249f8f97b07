-- +goose Up
-- Names the form that added a room, or registered a device, so that a second press of its
-- button adds no second one. A device is found by its serial, so its key needs no index.
ALTER TABLE rooms ADD COLUMN once_key text;
ALTER TABLE devices ADD COLUMN once_key text;
CREATE UNIQUE INDEX rooms_once ON rooms (account_id, once_key) WHERE once_key IS NOT NULL;

-- +goose Down
DROP INDEX rooms_once;
ALTER TABLE devices DROP COLUMN once_key;
ALTER TABLE rooms DROP COLUMN once_key;
