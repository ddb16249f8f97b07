-- +goose Up
CREATE TABLE audit_events (
    id           text PRIMARY KEY,
    chain_id     text NOT NULL,
    seq          integer NOT NULL,
    account_id   text,
    actor_id     text NOT NULL,
    actor_role   text NOT NULL,
    acting_org   text NOT NULL,
    on_behalf_of text NOT NULL,
    verb         text NOT NULL,
    object_id    text NOT NULL,
    details      text NOT NULL,
    ip           text NOT NULL,
    request_id   text NOT NULL,
    at           datetime NOT NULL,
    prev_hash    text NOT NULL,
    hash         text NOT NULL
);
CREATE UNIQUE INDEX audit_events_chain ON audit_events (chain_id, seq);
CREATE INDEX audit_events_object ON audit_events (object_id);
CREATE TABLE outbox_events (
    id              text PRIMARY KEY,
    dedupe_key      text NOT NULL UNIQUE,
    kind            text NOT NULL,
    subject_id      text NOT NULL,
    payload         text NOT NULL,
    created_at      datetime NOT NULL,
    due_at          datetime NOT NULL,
    attempts        integer NOT NULL,
    last_error      text NOT NULL,
    delivered_at    datetime
);
CREATE INDEX outbox_events_due ON outbox_events (due_at) WHERE delivered_at IS NULL;

-- +goose Down
DROP TABLE outbox_events;
DROP TABLE audit_events;
