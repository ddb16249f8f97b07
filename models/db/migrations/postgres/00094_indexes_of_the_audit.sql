-- +goose NO TRANSACTION
-- +goose Up
-- Who did what, to whom and when, newest first: ids grow with time.
DROP INDEX CONCURRENTLY IF EXISTS audit_events_actor;
CREATE INDEX CONCURRENTLY audit_events_actor ON audit_events (actor_id, id);
DROP INDEX CONCURRENTLY IF EXISTS audit_events_of_account;
CREATE INDEX CONCURRENTLY audit_events_of_account ON audit_events (account_id, id) WHERE account_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS audit_events_verb;
CREATE INDEX CONCURRENTLY audit_events_verb ON audit_events (verb, id);
DROP INDEX CONCURRENTLY IF EXISTS audit_events_at;
CREATE INDEX CONCURRENTLY audit_events_at ON audit_events (at);

-- +goose Down
DROP INDEX audit_events_at;
DROP INDEX audit_events_verb;
DROP INDEX audit_events_of_account;
DROP INDEX audit_events_actor;
