-- +goose NO TRANSACTION
-- What is counted of a customer with thousands of rooms and contracts, its devices by site and its
-- licences by kind, is read from indexes alone: its rooms lie among those of all others. A build
-- that was cut short leaves an index that is not valid, so it is dropped first. The tables are not
-- locked against writing.

-- +goose Up
DROP INDEX CONCURRENTLY IF EXISTS rooms_in_use;
CREATE INDEX CONCURRENTLY rooms_in_use ON rooms (account_id, id, site, criticality) WHERE state = 'ACTIVE';
DROP INDEX CONCURRENTLY IF EXISTS service_contracts_account_type;
CREATE INDEX CONCURRENTLY service_contracts_account_type ON service_contracts (account_id, id, type);

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS service_contracts_account_type;
DROP INDEX CONCURRENTLY IF EXISTS rooms_in_use;
