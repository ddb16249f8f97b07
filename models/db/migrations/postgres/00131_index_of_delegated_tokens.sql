-- +goose NO TRANSACTION
-- +goose Up
-- The tokens of a delegation.
DROP INDEX CONCURRENTLY IF EXISTS api_tokens_delegation;
CREATE INDEX CONCURRENTLY api_tokens_delegation ON api_tokens (delegation_id) WHERE delegation_id IS NOT NULL;

-- +goose Down
DROP INDEX api_tokens_delegation;
