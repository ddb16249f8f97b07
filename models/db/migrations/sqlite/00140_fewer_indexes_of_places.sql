-- An answer of Sync that changes many places writes each of their indexes anew. What is asked of an
-- account and a connection is asked of sync_places_once, and what of an account's rooms of
-- sync_places_health.

-- +goose Up
DROP INDEX sync_places_connection;
DROP INDEX sync_places_of_room;

-- +goose Down
CREATE INDEX sync_places_connection ON sync_places (account_id, connection_id);
CREATE INDEX sync_places_of_room ON sync_places (account_id, room_id);
