-- +goose Up
-- How a room was when help was asked for from its Sync (R55d). content is what is hashed: text, so
-- that it stays octet for octet. Nothing ever changes or deletes one. room_well_since is since when
-- the room is well of which the ticket's conversation says so last; instants of Sync are real time.
CREATE TABLE ticket_snapshots (
    id          text PRIMARY KEY,
    ticket_id   text NOT NULL REFERENCES tickets (id),
    account_id  text NOT NULL REFERENCES accounts (id),
    captured_at datetime NOT NULL,
    content     text NOT NULL,
    sha256      text NOT NULL
);
CREATE UNIQUE INDEX ticket_snapshots_once ON ticket_snapshots (ticket_id, captured_at);
CREATE INDEX ticket_snapshots_ticket ON ticket_snapshots (account_id, ticket_id);
-- +goose StatementBegin
CREATE TRIGGER ticket_snapshots_ticket_id_of_account_on_insert BEFORE INSERT ON ticket_snapshots
WHEN NEW.account_id IS NOT NULL AND NEW.ticket_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: ticket_snapshots.ticket_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_snapshots_ticket_id_of_account_on_update BEFORE UPDATE OF account_id, ticket_id ON ticket_snapshots
WHEN NEW.account_id IS NOT NULL AND NEW.ticket_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: ticket_snapshots.ticket_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_snapshots_fixed BEFORE UPDATE ON ticket_snapshots BEGIN
    SELECT RAISE(ABORT, 'snapshots of rooms are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_snapshots_kept BEFORE DELETE ON ticket_snapshots BEGIN
    SELECT RAISE(ABORT, 'snapshots of rooms are append-only');
END;
-- +goose StatementEnd
CREATE TABLE ticket_events_next (
    id         text PRIMARY KEY,
    ticket_id  text NOT NULL REFERENCES tickets (id),
    account_id text NOT NULL REFERENCES accounts (id),
    seq        integer NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('OPENED','MOVED','SEVERITY','WORSE','THANKS','ASSIGNED','WATCHER_ADDED','WATCHER_REMOVED','DUPLICATE','FOLLOWED','RMA_LINKED','RMA_APPROVED','RMA_SHIPPED','RMA_ENDED','REMINDED','REOPENED','REOPENING_UNDONE','SESSION_PROPOSED','SESSION_AGREED','SESSION_SCHEDULED','SESSION_MOVED','SESSION_RELINKED','SESSION_CANCELLED','SESSION_HELD','SESSION_NO_SHOW','ROOM_WELL')),
    internal   boolean NOT NULL,
    at         datetime NOT NULL,
    actor_id   text NOT NULL,
    actor_role text NOT NULL CHECK (actor_role IN ('CUSTOMER_ADMIN','CUSTOMER_READ_ONLY','PARTNER_ADMIN','PARTNER_READ_ONLY','RESELLER','DISTRIBUTOR','OPERATOR_AGENT','OPERATOR_LEAD','OPERATOR_CSM','OPERATOR_MANAGER','SYSTEM')),
    details    text NOT NULL,
    fact       text NOT NULL
);
INSERT INTO ticket_events_next (
    id, ticket_id, account_id, seq, kind, internal, at, actor_id, actor_role, details, fact
)
SELECT id, ticket_id, account_id, seq, kind, internal, at, actor_id, actor_role, details, fact
FROM ticket_events;
DROP TABLE ticket_events;
ALTER TABLE ticket_events_next RENAME TO ticket_events;
CREATE UNIQUE INDEX ticket_events_seq ON ticket_events (ticket_id, seq);
CREATE INDEX ticket_events_account ON ticket_events (account_id);
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
ALTER TABLE tickets ADD COLUMN room_well_since datetime;

-- +goose Down
ALTER TABLE tickets DROP COLUMN room_well_since;
CREATE TABLE ticket_events_next (
    id         text PRIMARY KEY,
    ticket_id  text NOT NULL REFERENCES tickets (id),
    account_id text NOT NULL REFERENCES accounts (id),
    seq        integer NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('OPENED','MOVED','SEVERITY','WORSE','THANKS','ASSIGNED','WATCHER_ADDED','WATCHER_REMOVED','DUPLICATE','FOLLOWED','RMA_LINKED','RMA_APPROVED','RMA_SHIPPED','RMA_ENDED','REMINDED','REOPENED','REOPENING_UNDONE','SESSION_PROPOSED','SESSION_AGREED','SESSION_SCHEDULED','SESSION_MOVED','SESSION_RELINKED','SESSION_CANCELLED','SESSION_HELD','SESSION_NO_SHOW')),
    internal   boolean NOT NULL,
    at         datetime NOT NULL,
    actor_id   text NOT NULL,
    actor_role text NOT NULL CHECK (actor_role IN ('CUSTOMER_ADMIN','CUSTOMER_READ_ONLY','PARTNER_ADMIN','PARTNER_READ_ONLY','RESELLER','DISTRIBUTOR','OPERATOR_AGENT','OPERATOR_LEAD','OPERATOR_CSM','OPERATOR_MANAGER','SYSTEM')),
    details    text NOT NULL,
    fact       text NOT NULL
);
INSERT INTO ticket_events_next (
    id, ticket_id, account_id, seq, kind, internal, at, actor_id, actor_role, details, fact
)
SELECT id, ticket_id, account_id, seq, kind, internal, at, actor_id, actor_role, details, fact
FROM ticket_events WHERE kind <> 'ROOM_WELL';
DROP TABLE ticket_events;
ALTER TABLE ticket_events_next RENAME TO ticket_events;
CREATE UNIQUE INDEX ticket_events_seq ON ticket_events (ticket_id, seq);
CREATE INDEX ticket_events_account ON ticket_events (account_id);
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
DROP TABLE ticket_snapshots;
