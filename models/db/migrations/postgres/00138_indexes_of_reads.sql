-- +goose NO TRANSACTION
-- +goose Up
-- What an account's page asks: which of its contracts ends next, how many licences of each kind
-- and state it has, and what happened to its orders before they were its own.
DROP INDEX CONCURRENTLY IF EXISTS service_contracts_account_ends;
CREATE INDEX CONCURRENTLY service_contracts_account_ends ON service_contracts (account_id, end_at, id) WHERE state IN ('ACTIVE','SUSPENDED');
DROP INDEX CONCURRENTLY IF EXISTS licences_account_contract;
CREATE INDEX CONCURRENTLY licences_account_contract ON licences (account_id, state, contract_id);
DROP INDEX CONCURRENTLY IF EXISTS licences_account;
DROP INDEX CONCURRENTLY IF EXISTS audit_events_of_nobody;
CREATE INDEX CONCURRENTLY audit_events_of_nobody ON audit_events (chain_id, id) WHERE account_id IS NULL;

-- +goose Down
DROP INDEX audit_events_of_nobody;
CREATE INDEX licences_account ON licences (account_id, state);
DROP INDEX licences_account_contract;
DROP INDEX service_contracts_account_ends;
