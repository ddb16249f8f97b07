-- +goose NO TRANSACTION
-- +goose Up
-- What finance and others outside read, one after the other.
CREATE INDEX CONCURRENTLY outbox_events_outside ON outbox_events (id) WHERE kind LIKE 'event.%';

-- +goose Down
DROP INDEX CONCURRENTLY outbox_events_outside;
