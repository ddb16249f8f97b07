-- +goose Up
-- What finance and others outside read, one after the other.
CREATE INDEX outbox_events_outside ON outbox_events (id) WHERE kind LIKE 'event.%';

-- +goose Down
DROP INDEX outbox_events_outside;
