-- +goose NO TRANSACTION
-- +goose Up
-- Names the form that made the row, so that a second press of its button makes no second
-- one.
ALTER TABLE api_tokens ADD COLUMN IF NOT EXISTS once_key text;
ALTER TABLE sites ADD COLUMN IF NOT EXISTS once_key text;
DROP INDEX IF EXISTS api_tokens_once;
CREATE UNIQUE INDEX CONCURRENTLY api_tokens_once ON api_tokens (once_key) WHERE once_key IS NOT NULL;
DROP INDEX IF EXISTS sites_once;
CREATE UNIQUE INDEX CONCURRENTLY sites_once ON sites (account_id, once_key) WHERE once_key IS NOT NULL;

-- +goose Down
DROP INDEX sites_once;
DROP INDEX api_tokens_once;
ALTER TABLE sites DROP COLUMN once_key;
ALTER TABLE api_tokens DROP COLUMN once_key;
