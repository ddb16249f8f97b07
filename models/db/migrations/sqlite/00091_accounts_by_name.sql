-- +goose Up
-- Operators list customers by their names. SQLite reads every row for a part of one: it is for
-- development.
CREATE INDEX accounts_by_name ON accounts (company_key, id);

-- +goose Down
DROP INDEX accounts_by_name;
