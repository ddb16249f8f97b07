-- +goose NO TRANSACTION
-- How the rooms of an account are is counted on each list of rooms: places are wide, and this index
-- holds all that is asked of them. A build that was cut short leaves an index that is not valid, so
-- it is dropped first. The table is not locked against writing.

-- +goose Up
DROP INDEX CONCURRENTLY IF EXISTS sync_places_health;
CREATE INDEX CONCURRENTLY sync_places_health ON sync_places (account_id, room_id, state, missing_since, since)
    WHERE room_id IS NOT NULL;

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS sync_places_health;
