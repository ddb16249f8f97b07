-- +goose NO TRANSACTION
-- +goose Up
-- A customer's open tickets of one severity, newest first: by the index of everybody's the newest
-- of all others would be read past.
DROP INDEX CONCURRENTLY IF EXISTS tickets_account_severity_open;
CREATE INDEX CONCURRENTLY tickets_account_severity_open ON tickets (account_id, severity, id) WHERE closed_at IS NULL;

-- +goose Down
DROP INDEX tickets_account_severity_open;
