-- What stood in a room at any time, the latest first: its page read every placement that there is.

-- +goose Up
CREATE INDEX device_placements_of_room ON device_placements (room_id, from_at, id);

-- +goose Down
DROP INDEX device_placements_of_room;
