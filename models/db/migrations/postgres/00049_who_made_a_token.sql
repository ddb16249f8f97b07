-- +goose Up
-- A token ends with the administrator who made it.
ALTER TABLE api_tokens ADD COLUMN created_by text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE api_tokens DROP COLUMN created_by;
