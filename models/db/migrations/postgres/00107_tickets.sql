-- +goose Up
SET LOCAL lock_timeout = '2s';
-- Support tickets (RULES 2). What covered the ticket, and by which terms its clocks run, is frozen
-- with it (R28d, S3). effective_due is when the clock that runs out first does: it is written in
-- the transaction that moves the clock (S54). The number of the last entry of the conversation is
-- seq: messages, notes and events share it, so that their order is one.
CREATE TABLE tickets (
    id                     text PRIMARY KEY,
    number                 text NOT NULL,
    account_id             text NOT NULL REFERENCES accounts (id),
    room_id                text,
    device_id              text,
    contract_id            text,
    category               text NOT NULL CHECK (category IN ('SETUP','HARDWARE','SOFTWARE','QUESTION')),
    severity               bigint NOT NULL CHECK (severity BETWEEN 1 AND 4),
    summary                text NOT NULL,
    channel                text NOT NULL CHECK (channel IN ('PORTAL','API','MAIL','PHONE','SYNC')),
    opened_by              text NOT NULL,
    opened_role            text NOT NULL CHECK (opened_role IN ('CUSTOMER_ADMIN','CUSTOMER_READ_ONLY','PARTNER_ADMIN','PARTNER_READ_ONLY','RESELLER','DISTRIBUTOR','OPERATOR_AGENT','OPERATOR_LEAD','OPERATOR_CSM','OPERATOR_MANAGER','SYSTEM')),
    opened_for             text REFERENCES users (id),
    opened_at              timestamptz NOT NULL,
    frozen                 jsonb NOT NULL,
    terms                  jsonb,
    policy_code            text NOT NULL,
    policy_version         bigint NOT NULL,
    calendar_code          text NOT NULL,
    calendar_version       bigint NOT NULL,
    time_zone              text NOT NULL,
    state                  text NOT NULL CHECK (state IN ('NEW','OPEN','IN_PROGRESS','PENDING_CUSTOMER','PENDING_THIRD_PARTY','PENDING_RMA','RESOLVED','CLOSED','CANCELLED')),
    state_since            timestamptz NOT NULL,
    waiting_reason         text NOT NULL,
    turn                   text NOT NULL CHECK (turn IN ('US','CUSTOMER','THIRD_PARTY','CARRIER','NOBODY')),
    customer_waiting_since timestamptz,
    last_word_at           timestamptz NOT NULL,
    assignee_id            text,
    team                   text NOT NULL,
    effective_due          timestamptz,
    effective_clock        text NOT NULL CHECK (effective_clock IN ('','FIRST_RESPONSE','UPDATE','RESTORE')),
    alarm                  text NOT NULL CHECK (alarm IN ('','WARNING','BREACH')),
    clocked_at             timestamptz NOT NULL,
    first_answer_at        timestamptz,
    reminders_sent         bigint NOT NULL,
    resolved_at            timestamptz,
    closed_at              timestamptz,
    reopened_at            timestamptz,
    reopenings             bigint NOT NULL,
    worse_asked_at         timestamptz,
    rma_shipped            boolean NOT NULL,
    duplicate_of           text,
    follows_id             text,
    once_key               text,
    seq                    bigint NOT NULL,
    mail_bundle            text NOT NULL,
    mail_until             timestamptz,
    next_timer             text NOT NULL CHECK (next_timer IN ('','CLOCK','CUSTOMER_REMINDER','AUTO_RESOLVE','CLOSE')),
    next_at                timestamptz,
    last_error             text NOT NULL,
    created_at             timestamptz NOT NULL,
    said_version           bigint NOT NULL,
    version                bigint NOT NULL,
    CONSTRAINT tickets_of_account UNIQUE (account_id, id),
    CONSTRAINT tickets_room_id_of_account FOREIGN KEY (account_id, room_id)
        REFERENCES rooms (account_id, id),
    CONSTRAINT tickets_device_id_of_account FOREIGN KEY (account_id, device_id)
        REFERENCES devices (account_id, id),
    CONSTRAINT tickets_contract_id_of_account FOREIGN KEY (account_id, contract_id)
        REFERENCES service_contracts (account_id, id),
    CONSTRAINT tickets_duplicate_of_of_account FOREIGN KEY (account_id, duplicate_of)
        REFERENCES tickets (account_id, id),
    CONSTRAINT tickets_follows_id_of_account FOREIGN KEY (account_id, follows_id)
        REFERENCES tickets (account_id, id)
);
CREATE UNIQUE INDEX tickets_number ON tickets (number);
CREATE UNIQUE INDEX tickets_once ON tickets (once_key) WHERE once_key IS NOT NULL;
-- One open Sync ticket per room (R55e).
CREATE UNIQUE INDEX tickets_open_sync ON tickets (room_id) WHERE channel = 'SYNC' AND closed_at IS NULL;
CREATE INDEX tickets_room ON tickets (room_id, id) WHERE room_id IS NOT NULL;
CREATE INDEX tickets_device ON tickets (device_id) WHERE device_id IS NOT NULL;
CREATE INDEX tickets_contract ON tickets (contract_id) WHERE contract_id IS NOT NULL;
CREATE INDEX tickets_opened_for ON tickets (opened_for) WHERE opened_for IS NOT NULL;
CREATE INDEX tickets_duplicates ON tickets (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX tickets_follows ON tickets (follows_id) WHERE follows_id IS NOT NULL;
CREATE INDEX tickets_queue ON tickets (effective_due, severity, opened_at, id) WHERE closed_at IS NULL;
CREATE INDEX tickets_next ON tickets (next_at) WHERE next_at IS NOT NULL;
-- The public words of a ticket. fact is what its clocks are computed from, where they are ours.
CREATE TABLE ticket_messages (
    id          text PRIMARY KEY,
    ticket_id   text NOT NULL,
    account_id  text NOT NULL REFERENCES accounts (id),
    seq         bigint NOT NULL,
    author_kind text NOT NULL CHECK (author_kind IN ('CUSTOMER','PARTNER','TSP','AGENT','SYSTEM_AUTO')),
    author_id   text NOT NULL,
    channel     text NOT NULL CHECK (channel IN ('PORTAL','API','MAIL','PHONE','SYNC')),
    text        text NOT NULL,
    automatic   boolean NOT NULL,
    dedupe_key  text NOT NULL,
    fact        text NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT ticket_messages_ticket_id_of_account FOREIGN KEY (account_id, ticket_id)
        REFERENCES tickets (account_id, id)
);
CREATE UNIQUE INDEX ticket_messages_once ON ticket_messages (ticket_id, dedupe_key);
CREATE UNIQUE INDEX ticket_messages_seq ON ticket_messages (ticket_id, seq);
CREATE INDEX ticket_messages_account ON ticket_messages (account_id);
-- What operators note about a ticket, for themselves (S42). No tenant's transaction sees a row.
CREATE TABLE ticket_notes (
    id         text PRIMARY KEY,
    ticket_id  text NOT NULL,
    account_id text NOT NULL REFERENCES accounts (id),
    seq        bigint NOT NULL,
    author_id  text NOT NULL,
    note       text NOT NULL,
    dedupe_key text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT ticket_notes_ticket_id_of_account FOREIGN KEY (account_id, ticket_id)
        REFERENCES tickets (account_id, id)
);
CREATE UNIQUE INDEX ticket_notes_once ON ticket_notes (ticket_id, dedupe_key);
CREATE UNIQUE INDEX ticket_notes_seq ON ticket_notes (ticket_id, seq);
CREATE INDEX ticket_notes_account ON ticket_notes (account_id);
-- What happened to a ticket beside its words. fact is what its clocks are computed from.
CREATE TABLE ticket_events (
    id         text PRIMARY KEY,
    ticket_id  text NOT NULL,
    account_id text NOT NULL REFERENCES accounts (id),
    seq        bigint NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('OPENED','MOVED','SEVERITY','WORSE','THANKS','ASSIGNED','WATCHER_ADDED','WATCHER_REMOVED','DUPLICATE','FOLLOWED','RMA_LINKED','RMA_APPROVED','RMA_SHIPPED','RMA_ENDED','REMINDED','REOPENED','REOPENING_UNDONE')),
    internal   boolean NOT NULL,
    at         timestamptz NOT NULL,
    actor_id   text NOT NULL,
    actor_role text NOT NULL CHECK (actor_role IN ('CUSTOMER_ADMIN','CUSTOMER_READ_ONLY','PARTNER_ADMIN','PARTNER_READ_ONLY','RESELLER','DISTRIBUTOR','OPERATOR_AGENT','OPERATOR_LEAD','OPERATOR_CSM','OPERATOR_MANAGER','SYSTEM')),
    details    jsonb NOT NULL,
    fact       text NOT NULL,
    CONSTRAINT ticket_events_ticket_id_of_account FOREIGN KEY (account_id, ticket_id)
        REFERENCES tickets (account_id, id)
);
CREATE UNIQUE INDEX ticket_events_seq ON ticket_events (ticket_id, seq);
CREATE INDEX ticket_events_account ON ticket_events (account_id);
-- The clocks of a ticket as they follow from its events, each with what explains it (S41).
CREATE TABLE ticket_clocks (
    id               text PRIMARY KEY,
    ticket_id        text NOT NULL,
    account_id       text NOT NULL REFERENCES accounts (id),
    kind             text NOT NULL CHECK (kind IN ('FIRST_RESPONSE','UPDATE','RESTORE')),
    seq              bigint NOT NULL,
    severity         bigint NOT NULL CHECK (severity BETWEEN 1 AND 4),
    state            text NOT NULL CHECK (state IN ('RUNNING','PAUSED','MET','BREACHED','CANCELLED')),
    started_at       timestamptz NOT NULL,
    warn_at          timestamptz,
    due_at           timestamptz,
    warned_at        timestamptz,
    breached_at      timestamptz,
    ended_at         timestamptz,
    elapsed_seconds  bigint NOT NULL,
    explanation      jsonb NOT NULL,
    policy_code      text NOT NULL,
    policy_version   bigint NOT NULL,
    calendar_code    text NOT NULL,
    calendar_version bigint NOT NULL,
    CONSTRAINT ticket_clocks_of_account UNIQUE (account_id, id),
    CONSTRAINT ticket_clocks_ticket_id_of_account FOREIGN KEY (account_id, ticket_id)
        REFERENCES tickets (account_id, id)
);
CREATE UNIQUE INDEX ticket_clocks_once ON ticket_clocks (ticket_id, kind, seq);
-- Each warning and each breach of a clock, once.
CREATE TABLE ticket_clock_marks (
    clock_id   text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('WARNING','BREACH')),
    account_id text NOT NULL REFERENCES accounts (id),
    at         timestamptz NOT NULL,
    noticed_at timestamptz NOT NULL,
    PRIMARY KEY (clock_id, kind),
    CONSTRAINT ticket_clock_marks_clock_id_of_account FOREIGN KEY (account_id, clock_id)
        REFERENCES ticket_clocks (account_id, id)
);
CREATE INDEX ticket_clock_marks_account ON ticket_clock_marks (account_id);
-- Members of the account who are told beside the one for whom the ticket was opened.
CREATE TABLE ticket_watchers (
    ticket_id  text NOT NULL,
    user_id    text NOT NULL REFERENCES users (id),
    account_id text NOT NULL REFERENCES accounts (id),
    added_by   text NOT NULL,
    added_at   timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, user_id),
    CONSTRAINT ticket_watchers_ticket_id_of_account FOREIGN KEY (account_id, ticket_id)
        REFERENCES tickets (account_id, id)
);
CREATE INDEX ticket_watchers_user ON ticket_watchers (user_id);
CREATE INDEX ticket_watchers_account ON ticket_watchers (account_id);
-- What somebody has begun to write. What is meant for a note is no tenant's to see.
CREATE TABLE ticket_drafts (
    id         text PRIMARY KEY,
    ticket_id  text NOT NULL,
    author_id  text NOT NULL,
    account_id text NOT NULL REFERENCES accounts (id),
    internal   boolean NOT NULL,
    text       text NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT ticket_drafts_ticket_id_of_account FOREIGN KEY (account_id, ticket_id)
        REFERENCES tickets (account_id, id)
);
CREATE UNIQUE INDEX ticket_drafts_once ON ticket_drafts (ticket_id, author_id, internal);
CREATE INDEX ticket_drafts_account ON ticket_drafts (account_id);
ALTER TABLE rmas ADD COLUMN ticket_id text;
ALTER TABLE rmas ADD CONSTRAINT rmas_ticket_id_of_account FOREIGN KEY (account_id, ticket_id)
    REFERENCES tickets (account_id, id);
CREATE INDEX rmas_ticket ON rmas (ticket_id) WHERE ticket_id IS NOT NULL;
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
ALTER TABLE tickets FORCE ROW LEVEL SECURITY;
CREATE POLICY tickets_scope ON tickets USING (roomcover_sees(account_id, NULL));
ALTER TABLE ticket_messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticket_messages FORCE ROW LEVEL SECURITY;
CREATE POLICY ticket_messages_scope ON ticket_messages USING (roomcover_sees(account_id, NULL));
ALTER TABLE ticket_notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticket_notes FORCE ROW LEVEL SECURITY;
CREATE POLICY ticket_notes_scope ON ticket_notes USING (roomcover_open());
ALTER TABLE ticket_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticket_events FORCE ROW LEVEL SECURITY;
CREATE POLICY ticket_events_scope ON ticket_events USING (roomcover_sees(account_id, NULL));
ALTER TABLE ticket_clocks ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticket_clocks FORCE ROW LEVEL SECURITY;
CREATE POLICY ticket_clocks_scope ON ticket_clocks USING (roomcover_sees(account_id, NULL));
ALTER TABLE ticket_clock_marks ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticket_clock_marks FORCE ROW LEVEL SECURITY;
CREATE POLICY ticket_clock_marks_scope ON ticket_clock_marks USING (roomcover_sees(account_id, NULL));
ALTER TABLE ticket_watchers ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticket_watchers FORCE ROW LEVEL SECURITY;
CREATE POLICY ticket_watchers_scope ON ticket_watchers USING (roomcover_sees(account_id, NULL));
ALTER TABLE ticket_drafts ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticket_drafts FORCE ROW LEVEL SECURITY;
CREATE POLICY ticket_drafts_scope ON ticket_drafts USING (roomcover_open() OR (NOT internal AND roomcover_sees(account_id, NULL)));

-- +goose Down
DROP INDEX rmas_ticket;
ALTER TABLE rmas DROP COLUMN ticket_id;
DROP TABLE ticket_drafts;
DROP TABLE ticket_watchers;
DROP TABLE ticket_clock_marks;
DROP TABLE ticket_clocks;
DROP TABLE ticket_events;
DROP TABLE ticket_notes;
DROP TABLE ticket_messages;
DROP TABLE tickets;
