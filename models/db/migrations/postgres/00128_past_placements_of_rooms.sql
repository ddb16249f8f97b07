-- +goose NO TRANSACTION
-- What stood in a room at any time, the latest first: its page read every placement that there is.
-- A build that was cut short leaves an index that is not valid, so it is dropped first. The table is
-- not locked against writing.

-- +goose Up
DROP INDEX CONCURRENTLY IF EXISTS device_placements_of_room;
CREATE INDEX CONCURRENTLY device_placements_of_room ON device_placements (room_id, from_at, id);

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS device_placements_of_room;
