-- +goose NO TRANSACTION
-- +goose Up
-- Operators look for a customer by a part of the name, as it is written, and list customers by it.
DROP INDEX CONCURRENTLY IF EXISTS accounts_name_part;
CREATE INDEX CONCURRENTLY accounts_name_part ON accounts USING gin (lower(legal_name) gin_trgm_ops) WITH (fastupdate = off);
DROP INDEX CONCURRENTLY IF EXISTS accounts_by_name;
CREATE INDEX CONCURRENTLY accounts_by_name ON accounts (company_key, id);

-- +goose Down
DROP INDEX accounts_by_name;
DROP INDEX accounts_name_part;
