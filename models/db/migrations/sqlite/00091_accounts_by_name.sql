-- +goose Up
-- Operators list customers by their names. SQLite reads every row for a part of one: it is for
-- development.
CREATE INDEX accounts_by_name ON accounts (company_key, id);
CREATE INDEX audit_events_account ON audit_events (account_id, at, id);

-- +goose Down
DROP INDEX audit_events_account;
DROP INDEX accounts_by_name;
