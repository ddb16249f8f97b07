-- +goose Up
CREATE TABLE notifications (
    id          text PRIMARY KEY,
    dedupe_key  text NOT NULL UNIQUE,
    program_id  text NOT NULL,
    template    text NOT NULL,
    subject_id  text NOT NULL,
    recipient   text NOT NULL,
    epoch       text NOT NULL,
    account_id  text,
    order_id    text,
    locale      text NOT NULL,
    params      jsonb NOT NULL,
    state       text NOT NULL CHECK (state IN ('QUEUED','SENDING','SENT','DELIVERED','HARD_BOUNCED','SUPPRESSED','UNKNOWN')),
    attempts    bigint NOT NULL,
    claimed_at  timestamptz,
    sent_at     timestamptz,
    provider_id text NOT NULL,
    last_error  text NOT NULL,
    created_at  timestamptz NOT NULL
);
CREATE INDEX notifications_subject ON notifications (subject_id, state);
CREATE INDEX notifications_order ON notifications (order_id);
CREATE TABLE notification_attempts (
    id              text PRIMARY KEY,
    notification_id text NOT NULL REFERENCES notifications (id),
    outcome         text NOT NULL,
    error           text NOT NULL,
    at              timestamptz NOT NULL
);
CREATE INDEX notification_attempts_of ON notification_attempts (notification_id);
CREATE TABLE operator_tasks (
    id          text PRIMARY KEY,
    kind        text NOT NULL,
    subject_id  text NOT NULL,
    account_id  text,
    dedupe_key  text NOT NULL UNIQUE,
    what        text NOT NULL,
    why         text NOT NULL,
    state       text NOT NULL CHECK (state IN ('OPEN','DONE')),
    resolution  text NOT NULL,
    resolved_by text NOT NULL,
    created_at  timestamptz NOT NULL,
    resolved_at timestamptz
);
CREATE INDEX operator_tasks_open ON operator_tasks (state, created_at);
CREATE INDEX operator_tasks_subject ON operator_tasks (subject_id);

-- +goose Down
DROP TABLE operator_tasks;
DROP TABLE notification_attempts;
DROP TABLE notifications;
