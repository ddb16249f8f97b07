-- +goose Up
-- What became of a session stands in its ticket's conversation (S46). remind_at is when those who
-- take part in a session are reminded; nil: not any more. session_remind_at is the earliest of
-- those of a ticket, for which its workflow waits.
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
FROM ticket_events;
DROP TABLE ticket_events;
ALTER TABLE ticket_events_next RENAME TO ticket_events;
CREATE UNIQUE INDEX ticket_events_seq ON ticket_events (ticket_id, seq);
CREATE INDEX ticket_events_account ON ticket_events (account_id);
ALTER TABLE ticket_sessions ADD COLUMN remind_at datetime;
ALTER TABLE tickets ADD COLUMN session_remind_at datetime;
CREATE INDEX tickets_session_remind_at ON tickets (session_remind_at) WHERE session_remind_at IS NOT NULL;

-- +goose Down
DROP INDEX tickets_session_remind_at;
ALTER TABLE tickets DROP COLUMN session_remind_at;
ALTER TABLE ticket_sessions DROP COLUMN remind_at;
CREATE TABLE ticket_events_next (
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
INSERT INTO ticket_events_next (
    id, ticket_id, account_id, seq, kind, internal, at, actor_id, actor_role, details, fact
)
SELECT id, ticket_id, account_id, seq, kind, internal, at, actor_id, actor_role, details, fact
FROM ticket_events WHERE kind NOT LIKE 'SESSION!_%' ESCAPE '!';
DROP TABLE ticket_events;
ALTER TABLE ticket_events_next RENAME TO ticket_events;
CREATE UNIQUE INDEX ticket_events_seq ON ticket_events (ticket_id, seq);
CREATE INDEX ticket_events_account ON ticket_events (account_id);
