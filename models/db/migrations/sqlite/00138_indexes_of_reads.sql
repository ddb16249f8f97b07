-- +goose Up
-- What an account's page asks: which of its contracts ends next, how many licences of each kind
-- and state it has, and what happened to its orders before they were its own.
CREATE INDEX service_contracts_account_ends ON service_contracts (account_id, end_at, id) WHERE state IN ('ACTIVE','SUSPENDED');
CREATE INDEX licences_account_contract ON licences (account_id, state, contract_id);
DROP INDEX licences_account;
CREATE INDEX audit_events_of_nobody ON audit_events (chain_id, id) WHERE account_id IS NULL;

-- +goose Down
DROP INDEX audit_events_of_nobody;
CREATE INDEX licences_account ON licences (account_id, state);
DROP INDEX licences_account_contract;
DROP INDEX service_contracts_account_ends;
