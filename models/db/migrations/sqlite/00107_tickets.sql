-- +goose Up
-- Support tickets (RULES 2). What covered the ticket, and by which terms its clocks run, is frozen
-- with it (R28d, S3). effective_due is when the clock that runs out first does: it is written in
-- the transaction that moves the clock (S54). The number of the last entry of the conversation is
-- seq: messages, notes and events share it, so that their order is one.
CREATE TABLE tickets (
    id                     text PRIMARY KEY,
    number                 text NOT NULL,
    account_id             text NOT NULL REFERENCES accounts (id),
    room_id                text REFERENCES rooms (id),
    device_id              text REFERENCES devices (id),
    contract_id            text REFERENCES service_contracts (id),
    category               text NOT NULL CHECK (category IN ('SETUP','HARDWARE','SOFTWARE','QUESTION')),
    severity               integer NOT NULL CHECK (severity BETWEEN 1 AND 4),
    summary                text NOT NULL,
    channel                text NOT NULL CHECK (channel IN ('PORTAL','API','MAIL','PHONE','SYNC')),
    opened_by              text NOT NULL,
    opened_role            text NOT NULL CHECK (opened_role IN ('CUSTOMER_ADMIN','CUSTOMER_READ_ONLY','PARTNER_ADMIN','PARTNER_READ_ONLY','RESELLER','DISTRIBUTOR','OPERATOR_AGENT','OPERATOR_LEAD','OPERATOR_CSM','OPERATOR_MANAGER','SYSTEM')),
    opened_for             text REFERENCES users (id),
    opened_at              datetime NOT NULL,
    frozen                 text NOT NULL,
    terms                  text,
    policy_code            text NOT NULL,
    policy_version         integer NOT NULL,
    calendar_code          text NOT NULL,
    calendar_version       integer NOT NULL,
    time_zone              text NOT NULL,
    state                  text NOT NULL CHECK (state IN ('NEW','OPEN','IN_PROGRESS','PENDING_CUSTOMER','PENDING_THIRD_PARTY','PENDING_RMA','RESOLVED','CLOSED','CANCELLED')),
    state_since            datetime NOT NULL,
    waiting_reason         text NOT NULL,
    turn                   text NOT NULL CHECK (turn IN ('US','CUSTOMER','THIRD_PARTY','CARRIER','NOBODY')),
    customer_waiting_since datetime,
    last_word_at           datetime NOT NULL,
    assignee_id            text,
    team                   text NOT NULL,
    effective_due          datetime,
    effective_clock        text NOT NULL CHECK (effective_clock IN ('','FIRST_RESPONSE','UPDATE','RESTORE')),
    alarm                  text NOT NULL CHECK (alarm IN ('','WARNING','BREACH')),
    clocked_at             datetime NOT NULL,
    first_answer_at        datetime,
    reminders_sent         integer NOT NULL,
    resolved_at            datetime,
    closed_at              datetime,
    reopened_at            datetime,
    reopenings             integer NOT NULL,
    worse_asked_at         datetime,
    rma_shipped            boolean NOT NULL,
    duplicate_of           text REFERENCES tickets (id),
    follows_id             text REFERENCES tickets (id),
    once_key               text,
    seq                    integer NOT NULL,
    mail_bundle            text NOT NULL,
    mail_until             datetime,
    next_timer             text NOT NULL CHECK (next_timer IN ('','CLOCK','CUSTOMER_REMINDER','AUTO_RESOLVE','CLOSE')),
    next_at                datetime,
    last_error             text NOT NULL,
    created_at             datetime NOT NULL,
    said_version           integer NOT NULL,
    version                integer NOT NULL
);
CREATE UNIQUE INDEX tickets_number ON tickets (number);
CREATE UNIQUE INDEX tickets_once ON tickets (once_key) WHERE once_key IS NOT NULL;
-- One open Sync ticket per room (R55e).
CREATE UNIQUE INDEX tickets_open_sync ON tickets (room_id) WHERE channel = 'SYNC' AND closed_at IS NULL;
CREATE INDEX tickets_account ON tickets (account_id, id);
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
    ticket_id   text NOT NULL REFERENCES tickets (id),
    account_id  text NOT NULL REFERENCES accounts (id),
    seq         integer NOT NULL,
    author_kind text NOT NULL CHECK (author_kind IN ('CUSTOMER','PARTNER','TSP','AGENT','SYSTEM_AUTO')),
    author_id   text NOT NULL,
    channel     text NOT NULL CHECK (channel IN ('PORTAL','API','MAIL','PHONE','SYNC')),
    text        text NOT NULL,
    automatic   boolean NOT NULL,
    dedupe_key  text NOT NULL,
    fact        text NOT NULL,
    created_at  datetime NOT NULL
);
CREATE UNIQUE INDEX ticket_messages_once ON ticket_messages (ticket_id, dedupe_key);
CREATE UNIQUE INDEX ticket_messages_seq ON ticket_messages (ticket_id, seq);
CREATE INDEX ticket_messages_account ON ticket_messages (account_id);
-- What operators note about a ticket, for themselves (S42). No tenant's transaction sees a row.
CREATE TABLE ticket_notes (
    id         text PRIMARY KEY,
    ticket_id  text NOT NULL REFERENCES tickets (id),
    account_id text NOT NULL REFERENCES accounts (id),
    seq        integer NOT NULL,
    author_id  text NOT NULL,
    note       text NOT NULL,
    dedupe_key text NOT NULL,
    created_at datetime NOT NULL
);
CREATE UNIQUE INDEX ticket_notes_once ON ticket_notes (ticket_id, dedupe_key);
CREATE UNIQUE INDEX ticket_notes_seq ON ticket_notes (ticket_id, seq);
CREATE INDEX ticket_notes_account ON ticket_notes (account_id);
-- What happened to a ticket beside its words. fact is what its clocks are computed from.
CREATE TABLE ticket_events (
    id         text PRIMARY KEY,
    ticket_id  text NOT NULL REFERENCES tickets (id),
    account_id text NOT NULL REFERENCES accounts (id),
    seq        integer NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('OPENED','MOVED','SEVERITY','WORSE','THANKS','ASSIGNED','WATCHER_ADDED','WATCHER_REMOVED','DUPLICATE','FOLLOWED','RMA_LINKED','RMA_APPROVED','RMA_SHIPPED','RMA_ENDED','REMINDED','REOPENED','REOPENING_UNDONE')),
    internal   boolean NOT NULL,
    at         datetime NOT NULL,
    actor_id   text NOT NULL,
    actor_role text NOT NULL CHECK (actor_role IN ('CUSTOMER_ADMIN','CUSTOMER_READ_ONLY','PARTNER_ADMIN','PARTNER_READ_ONLY','RESELLER','DISTRIBUTOR','OPERATOR_AGENT','OPERATOR_LEAD','OPERATOR_CSM','OPERATOR_MANAGER','SYSTEM')),
    details    text NOT NULL,
    fact       text NOT NULL
);
CREATE UNIQUE INDEX ticket_events_seq ON ticket_events (ticket_id, seq);
CREATE INDEX ticket_events_account ON ticket_events (account_id);
-- The clocks of a ticket as they follow from its events, each with what explains it (S41).
CREATE TABLE ticket_clocks (
    id               text PRIMARY KEY,
    ticket_id        text NOT NULL REFERENCES tickets (id),
    account_id       text NOT NULL REFERENCES accounts (id),
    kind             text NOT NULL CHECK (kind IN ('FIRST_RESPONSE','UPDATE','RESTORE')),
    seq              integer NOT NULL,
    severity         integer NOT NULL CHECK (severity BETWEEN 1 AND 4),
    state            text NOT NULL CHECK (state IN ('RUNNING','PAUSED','MET','BREACHED','CANCELLED')),
    started_at       datetime NOT NULL,
    warn_at          datetime,
    due_at           datetime,
    warned_at        datetime,
    breached_at      datetime,
    ended_at         datetime,
    elapsed_seconds  integer NOT NULL,
    explanation      text NOT NULL,
    policy_code      text NOT NULL,
    policy_version   integer NOT NULL,
    calendar_code    text NOT NULL,
    calendar_version integer NOT NULL
);
CREATE UNIQUE INDEX ticket_clocks_once ON ticket_clocks (ticket_id, kind, seq);
CREATE INDEX ticket_clocks_account ON ticket_clocks (account_id);
-- Each warning and each breach of a clock, once.
CREATE TABLE ticket_clock_marks (
    clock_id   text NOT NULL REFERENCES ticket_clocks (id),
    kind       text NOT NULL CHECK (kind IN ('WARNING','BREACH')),
    account_id text NOT NULL REFERENCES accounts (id),
    at         datetime NOT NULL,
    noticed_at datetime NOT NULL,
    PRIMARY KEY (clock_id, kind)
);
CREATE INDEX ticket_clock_marks_account ON ticket_clock_marks (account_id);
-- Members of the account who are told beside the one for whom the ticket was opened.
CREATE TABLE ticket_watchers (
    ticket_id  text NOT NULL REFERENCES tickets (id),
    user_id    text NOT NULL REFERENCES users (id),
    account_id text NOT NULL REFERENCES accounts (id),
    added_by   text NOT NULL,
    added_at   datetime NOT NULL,
    PRIMARY KEY (ticket_id, user_id)
);
CREATE INDEX ticket_watchers_user ON ticket_watchers (user_id);
CREATE INDEX ticket_watchers_account ON ticket_watchers (account_id);
-- What somebody has begun to write. What is meant for a note is no tenant's to see.
CREATE TABLE ticket_drafts (
    id         text PRIMARY KEY,
    ticket_id  text NOT NULL REFERENCES tickets (id),
    author_id  text NOT NULL,
    account_id text NOT NULL REFERENCES accounts (id),
    internal   boolean NOT NULL,
    text       text NOT NULL,
    updated_at datetime NOT NULL
);
CREATE UNIQUE INDEX ticket_drafts_once ON ticket_drafts (ticket_id, author_id, internal);
CREATE INDEX ticket_drafts_account ON ticket_drafts (account_id);
ALTER TABLE rmas ADD COLUMN ticket_id text REFERENCES tickets (id);
CREATE INDEX rmas_ticket ON rmas (ticket_id) WHERE ticket_id IS NOT NULL;
-- +goose StatementBegin
CREATE TRIGGER tickets_room_id_of_account_on_insert BEFORE INSERT ON tickets
WHEN NEW.account_id IS NOT NULL AND NEW.room_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM rooms WHERE id = NEW.room_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: tickets.room_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tickets_room_id_of_account_on_update BEFORE UPDATE OF account_id, room_id ON tickets
WHEN NEW.account_id IS NOT NULL AND NEW.room_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM rooms WHERE id = NEW.room_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: tickets.room_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tickets_device_id_of_account_on_insert BEFORE INSERT ON tickets
WHEN NEW.account_id IS NOT NULL AND NEW.device_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM devices WHERE id = NEW.device_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: tickets.device_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tickets_device_id_of_account_on_update BEFORE UPDATE OF account_id, device_id ON tickets
WHEN NEW.account_id IS NOT NULL AND NEW.device_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM devices WHERE id = NEW.device_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: tickets.device_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tickets_contract_id_of_account_on_insert BEFORE INSERT ON tickets
WHEN NEW.account_id IS NOT NULL AND NEW.contract_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM service_contracts WHERE id = NEW.contract_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: tickets.contract_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tickets_contract_id_of_account_on_update BEFORE UPDATE OF account_id, contract_id ON tickets
WHEN NEW.account_id IS NOT NULL AND NEW.contract_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM service_contracts WHERE id = NEW.contract_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: tickets.contract_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tickets_duplicate_of_of_account_on_insert BEFORE INSERT ON tickets
WHEN NEW.account_id IS NOT NULL AND NEW.duplicate_of IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.duplicate_of AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: tickets.duplicate_of is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tickets_duplicate_of_of_account_on_update BEFORE UPDATE OF account_id, duplicate_of ON tickets
WHEN NEW.account_id IS NOT NULL AND NEW.duplicate_of IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.duplicate_of AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: tickets.duplicate_of is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tickets_follows_id_of_account_on_insert BEFORE INSERT ON tickets
WHEN NEW.account_id IS NOT NULL AND NEW.follows_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.follows_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: tickets.follows_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tickets_follows_id_of_account_on_update BEFORE UPDATE OF account_id, follows_id ON tickets
WHEN NEW.account_id IS NOT NULL AND NEW.follows_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.follows_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: tickets.follows_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_messages_ticket_id_of_account_on_insert BEFORE INSERT ON ticket_messages
WHEN NEW.account_id IS NOT NULL AND NEW.ticket_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: ticket_messages.ticket_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_messages_ticket_id_of_account_on_update BEFORE UPDATE OF account_id, ticket_id ON ticket_messages
WHEN NEW.account_id IS NOT NULL AND NEW.ticket_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: ticket_messages.ticket_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_notes_ticket_id_of_account_on_insert BEFORE INSERT ON ticket_notes
WHEN NEW.account_id IS NOT NULL AND NEW.ticket_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: ticket_notes.ticket_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_notes_ticket_id_of_account_on_update BEFORE UPDATE OF account_id, ticket_id ON ticket_notes
WHEN NEW.account_id IS NOT NULL AND NEW.ticket_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: ticket_notes.ticket_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_events_ticket_id_of_account_on_insert BEFORE INSERT ON ticket_events
WHEN NEW.account_id IS NOT NULL AND NEW.ticket_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: ticket_events.ticket_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_events_ticket_id_of_account_on_update BEFORE UPDATE OF account_id, ticket_id ON ticket_events
WHEN NEW.account_id IS NOT NULL AND NEW.ticket_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: ticket_events.ticket_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_clocks_ticket_id_of_account_on_insert BEFORE INSERT ON ticket_clocks
WHEN NEW.account_id IS NOT NULL AND NEW.ticket_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: ticket_clocks.ticket_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_clocks_ticket_id_of_account_on_update BEFORE UPDATE OF account_id, ticket_id ON ticket_clocks
WHEN NEW.account_id IS NOT NULL AND NEW.ticket_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: ticket_clocks.ticket_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_clock_marks_clock_id_of_account_on_insert BEFORE INSERT ON ticket_clock_marks
WHEN NEW.account_id IS NOT NULL AND NEW.clock_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM ticket_clocks WHERE id = NEW.clock_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: ticket_clock_marks.clock_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_clock_marks_clock_id_of_account_on_update BEFORE UPDATE OF account_id, clock_id ON ticket_clock_marks
WHEN NEW.account_id IS NOT NULL AND NEW.clock_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM ticket_clocks WHERE id = NEW.clock_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: ticket_clock_marks.clock_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_watchers_ticket_id_of_account_on_insert BEFORE INSERT ON ticket_watchers
WHEN NEW.account_id IS NOT NULL AND NEW.ticket_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: ticket_watchers.ticket_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_watchers_ticket_id_of_account_on_update BEFORE UPDATE OF account_id, ticket_id ON ticket_watchers
WHEN NEW.account_id IS NOT NULL AND NEW.ticket_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: ticket_watchers.ticket_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_drafts_ticket_id_of_account_on_insert BEFORE INSERT ON ticket_drafts
WHEN NEW.account_id IS NOT NULL AND NEW.ticket_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: ticket_drafts.ticket_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_drafts_ticket_id_of_account_on_update BEFORE UPDATE OF account_id, ticket_id ON ticket_drafts
WHEN NEW.account_id IS NOT NULL AND NEW.ticket_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: ticket_drafts.ticket_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER rmas_ticket_id_of_account_on_insert BEFORE INSERT ON rmas
WHEN NEW.account_id IS NOT NULL AND NEW.ticket_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: rmas.ticket_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER rmas_ticket_id_of_account_on_update BEFORE UPDATE OF account_id, ticket_id ON rmas
WHEN NEW.account_id IS NOT NULL AND NEW.ticket_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: rmas.ticket_id is of another account');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER rmas_ticket_id_of_account_on_update;
DROP TRIGGER rmas_ticket_id_of_account_on_insert;
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
