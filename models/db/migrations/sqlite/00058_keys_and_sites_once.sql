-- +goose Up
-- Names the form that made the row, so that a second press of its button makes no second
-- one.
ALTER TABLE api_tokens ADD COLUMN once_key text;
ALTER TABLE sites ADD COLUMN once_key text;
CREATE UNIQUE INDEX api_tokens_once ON api_tokens (once_key) WHERE once_key IS NOT NULL;
CREATE UNIQUE INDEX sites_once ON sites (account_id, once_key) WHERE once_key IS NOT NULL;

-- +goose Down
DROP INDEX sites_once;
DROP INDEX api_tokens_once;
ALTER TABLE sites DROP COLUMN once_key;
ALTER TABLE api_tokens DROP COLUMN once_key;
