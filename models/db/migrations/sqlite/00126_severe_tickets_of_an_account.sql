-- +goose Up
CREATE INDEX tickets_account_severity_open ON tickets (account_id, severity, id) WHERE closed_at IS NULL;

-- +goose Down
DROP INDEX tickets_account_severity_open;
