-- +goose Up
-- A customer's token acts for one account.
ALTER TABLE api_tokens ADD COLUMN account_id text REFERENCES accounts (id);

-- +goose Down
ALTER TABLE api_tokens DROP COLUMN account_id;
