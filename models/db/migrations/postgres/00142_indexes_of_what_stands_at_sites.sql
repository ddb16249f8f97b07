-- +goose NO TRANSACTION
-- What stands at a customer's sites is counted by its accounts, not by one device after another,
-- and the few rooms without an alternative are found without the others. A build that was cut short
-- leaves an index that is not valid, so it is dropped first. The tables are not locked against
-- writing.

-- +goose Up
DROP INDEX CONCURRENTLY IF EXISTS device_placements_account;
CREATE INDEX CONCURRENTLY device_placements_account ON device_placements (account_id, device_id, room_id) WHERE to_at IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS rooms_critical;
CREATE INDEX CONCURRENTLY rooms_critical ON rooms (account_id, site, name, id) WHERE state = 'ACTIVE' AND criticality = 'CRITICAL';

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS rooms_critical;
DROP INDEX CONCURRENTLY IF EXISTS device_placements_account;
