-- +goose NO TRANSACTION
-- +goose Up
-- Another index begins with the same column and answers the same questions.
DROP INDEX CONCURRENTLY IF EXISTS device_placements_device;
DROP INDEX CONCURRENTLY IF EXISTS licence_assignments_licence;
DROP INDEX CONCURRENTLY IF EXISTS licence_assignments_room;

-- +goose Down
CREATE INDEX IF NOT EXISTS licence_assignments_room ON licence_assignments (room_id);
CREATE INDEX IF NOT EXISTS licence_assignments_licence ON licence_assignments (licence_id);
CREATE INDEX IF NOT EXISTS device_placements_device ON device_placements (device_id);
