-- +goose Up
-- The tokens of a delegation.
CREATE INDEX api_tokens_delegation ON api_tokens (delegation_id) WHERE delegation_id IS NOT NULL;

-- +goose Down
DROP INDEX api_tokens_delegation;
