-- +goose Up
SET LOCAL lock_timeout = '2s';
-- What became of a session stands in its ticket's conversation (S46). remind_at is when those who
-- take part in a session are reminded; nil: not any more. session_remind_at is the earliest of
-- those of a ticket, for which its workflow waits.
ALTER TABLE ticket_events DROP CONSTRAINT IF EXISTS ticket_events_kind_check,
    ADD CONSTRAINT ticket_events_kind_check CHECK (kind IN ('OPENED','MOVED','SEVERITY','WORSE','THANKS','ASSIGNED','WATCHER_ADDED','WATCHER_REMOVED','DUPLICATE','FOLLOWED','RMA_LINKED','RMA_APPROVED','RMA_SHIPPED','RMA_ENDED','REMINDED','REOPENED','REOPENING_UNDONE','SESSION_PROPOSED','SESSION_AGREED','SESSION_SCHEDULED','SESSION_MOVED','SESSION_RELINKED','SESSION_CANCELLED','SESSION_HELD','SESSION_NO_SHOW')) NOT VALID;
ALTER TABLE ticket_events VALIDATE CONSTRAINT ticket_events_kind_check;
ALTER TABLE ticket_sessions ADD COLUMN remind_at timestamptz;
ALTER TABLE tickets ADD COLUMN session_remind_at timestamptz;
CREATE INDEX tickets_session_remind_at ON tickets (session_remind_at) WHERE session_remind_at IS NOT NULL;

-- +goose Down
DROP INDEX tickets_session_remind_at;
ALTER TABLE tickets DROP COLUMN session_remind_at;
ALTER TABLE ticket_sessions DROP COLUMN remind_at;
DELETE FROM ticket_events WHERE kind LIKE 'SESSION!_%' ESCAPE '!';
ALTER TABLE ticket_events DROP CONSTRAINT IF EXISTS ticket_events_kind_check,
    ADD CONSTRAINT ticket_events_kind_check CHECK (kind IN ('OPENED','MOVED','SEVERITY','WORSE','THANKS','ASSIGNED','WATCHER_ADDED','WATCHER_REMOVED','DUPLICATE','FOLLOWED','RMA_LINKED','RMA_APPROVED','RMA_SHIPPED','RMA_ENDED','REMINDED','REOPENED','REOPENING_UNDONE')) NOT VALID;
ALTER TABLE ticket_events VALIDATE CONSTRAINT ticket_events_kind_check;
