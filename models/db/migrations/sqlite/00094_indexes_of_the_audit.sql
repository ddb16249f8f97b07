-- +goose Up
-- Who did what, to whom and when, newest first: ids grow with time.
CREATE INDEX audit_events_actor ON audit_events (actor_id, id);
CREATE INDEX audit_events_of_account ON audit_events (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX audit_events_verb ON audit_events (verb, id);
CREATE INDEX audit_events_at ON audit_events (at);

-- +goose Down
DROP INDEX audit_events_at;
DROP INDEX audit_events_verb;
DROP INDEX audit_events_of_account;
DROP INDEX audit_events_actor;
