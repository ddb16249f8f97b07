-- +goose NO TRANSACTION
-- +goose Up
-- What a row of an account points to belongs to the same account: the keys that the next
-- migration's foreign keys refer to. They serve look-ups by account too, so they take the
-- place of the indexes that did.
DROP INDEX IF EXISTS devices_of_account;
CREATE UNIQUE INDEX CONCURRENTLY devices_of_account ON devices (account_id, id);
DROP INDEX CONCURRENTLY IF EXISTS devices_account;
DROP INDEX IF EXISTS invitations_of_account;
CREATE UNIQUE INDEX CONCURRENTLY invitations_of_account ON invitations (account_id, id);
DROP INDEX CONCURRENTLY IF EXISTS invitations_account;
DROP INDEX IF EXISTS licences_of_account;
CREATE UNIQUE INDEX CONCURRENTLY licences_of_account ON licences (account_id, id);
DROP INDEX IF EXISTS rmas_of_account;
CREATE UNIQUE INDEX CONCURRENTLY rmas_of_account ON rmas (account_id, id);
DROP INDEX CONCURRENTLY IF EXISTS rmas_account;
DROP INDEX IF EXISTS rooms_of_account;
CREATE UNIQUE INDEX CONCURRENTLY rooms_of_account ON rooms (account_id, id);
DROP INDEX CONCURRENTLY IF EXISTS rooms_account;
DROP INDEX IF EXISTS service_contracts_of_account;
CREATE UNIQUE INDEX CONCURRENTLY service_contracts_of_account ON service_contracts (account_id, id);
DROP INDEX CONCURRENTLY IF EXISTS service_contracts_account;
DROP INDEX IF EXISTS shipments_of_account;
CREATE UNIQUE INDEX CONCURRENTLY shipments_of_account ON shipments (account_id, id);
DROP INDEX CONCURRENTLY IF EXISTS shipments_account;
DROP INDEX IF EXISTS sites_of_account;
CREATE UNIQUE INDEX CONCURRENTLY sites_of_account ON sites (account_id, id);
DROP INDEX IF EXISTS spare_units_of_account;
CREATE UNIQUE INDEX CONCURRENTLY spare_units_of_account ON spare_units (account_id, id);

-- +goose Down
CREATE INDEX CONCURRENTLY devices_account ON devices (account_id, id);
DROP INDEX CONCURRENTLY devices_of_account;
CREATE INDEX CONCURRENTLY invitations_account ON invitations (account_id);
DROP INDEX CONCURRENTLY invitations_of_account;
DROP INDEX CONCURRENTLY licences_of_account;
CREATE INDEX CONCURRENTLY rmas_account ON rmas (account_id, id);
DROP INDEX CONCURRENTLY rmas_of_account;
CREATE INDEX CONCURRENTLY rooms_account ON rooms (account_id, id);
DROP INDEX CONCURRENTLY rooms_of_account;
CREATE INDEX CONCURRENTLY service_contracts_account ON service_contracts (account_id);
DROP INDEX CONCURRENTLY service_contracts_of_account;
CREATE INDEX CONCURRENTLY shipments_account ON shipments (account_id, id);
DROP INDEX CONCURRENTLY shipments_of_account;
DROP INDEX CONCURRENTLY sites_of_account;
DROP INDEX CONCURRENTLY spare_units_of_account;
