-- +goose NO TRANSACTION
-- +goose Up
-- Operators look for a customer by a part of the name, as it is written, and list customers by it.
-- A customer's timeline is what the audit says of everything that is theirs.
DROP INDEX CONCURRENTLY IF EXISTS accounts_name_part;
CREATE INDEX CONCURRENTLY accounts_name_part ON accounts USING gin (lower(legal_name) gin_trgm_ops) WITH (fastupdate = off);
DROP INDEX CONCURRENTLY IF EXISTS accounts_by_name;
CREATE INDEX CONCURRENTLY accounts_by_name ON accounts (company_key, id);
DROP INDEX CONCURRENTLY IF EXISTS audit_events_account;
CREATE INDEX CONCURRENTLY audit_events_account ON audit_events (account_id, at, id);

-- +goose Down
DROP INDEX audit_events_account;
DROP INDEX accounts_by_name;
DROP INDEX accounts_name_part;
