-- How the rooms of an account are is counted on each list of rooms: places are wide, and this index
-- holds all that is asked of them.

-- +goose Up
CREATE INDEX sync_places_health ON sync_places (account_id, room_id, state, missing_since, since)
    WHERE room_id IS NOT NULL;

-- +goose Down
DROP INDEX sync_places_health;
