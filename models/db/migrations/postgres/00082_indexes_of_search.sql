-- +goose NO TRANSACTION
-- +goose Up
-- What operators search for in all accounts, by a part of it. A tenant's transaction cannot
-- use them: row-level security comes before LIKE.
DROP INDEX CONCURRENTLY IF EXISTS rooms_search_part;
CREATE INDEX CONCURRENTLY rooms_search_part ON rooms USING gin (search_key gin_trgm_ops) WITH (fastupdate = off);
DROP INDEX CONCURRENTLY IF EXISTS devices_serial_part;
CREATE INDEX CONCURRENTLY devices_serial_part ON devices USING gin (serial gin_trgm_ops) WITH (fastupdate = off);
DROP INDEX CONCURRENTLY IF EXISTS devices_model_part;
CREATE INDEX CONCURRENTLY devices_model_part ON devices USING gin (model_code gin_trgm_ops) WITH (fastupdate = off);

-- +goose Down
DROP INDEX devices_model_part;
DROP INDEX devices_serial_part;
DROP INDEX rooms_search_part;
