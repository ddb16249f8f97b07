-- +goose Up
-- Another index begins with the same column and answers the same questions.
DROP INDEX IF EXISTS service_contracts_account;

-- +goose Down
CREATE INDEX service_contracts_account ON service_contracts (account_id);
