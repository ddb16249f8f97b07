-- +goose Up
SET LOCAL lock_timeout = '2s';
-- How a room was when help was asked for from its Sync (R55d). content is what is hashed: text, so
-- that it stays octet for octet. Nothing ever changes or deletes one. room_well_since is since when
-- the room is well of which the ticket's conversation says so last; instants of Sync are real time.
CREATE TABLE ticket_snapshots (
    id          text PRIMARY KEY,
    ticket_id   text NOT NULL,
    account_id  text NOT NULL REFERENCES accounts (id),
    captured_at timestamptz NOT NULL,
    content     text NOT NULL,
    sha256      text NOT NULL,
    CONSTRAINT ticket_snapshots_ticket_id_of_account FOREIGN KEY (account_id, ticket_id)
        REFERENCES tickets (account_id, id)
);
CREATE UNIQUE INDEX ticket_snapshots_once ON ticket_snapshots (ticket_id, captured_at);
CREATE INDEX ticket_snapshots_ticket ON ticket_snapshots (account_id, ticket_id);
-- +goose StatementBegin
CREATE FUNCTION roomcover_snapshots_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'snapshots of rooms are append-only' USING ERRCODE = 'check_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER ticket_snapshots_append_only BEFORE UPDATE OR DELETE ON ticket_snapshots
    FOR EACH ROW EXECUTE FUNCTION roomcover_snapshots_append_only();
ALTER TABLE ticket_snapshots ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticket_snapshots FORCE ROW LEVEL SECURITY;
CREATE POLICY ticket_snapshots_scope ON ticket_snapshots USING (
    (SELECT roomcover_open()) OR account_id = ANY ((SELECT roomcover_accounts())::text[]));
ALTER TABLE ticket_events DROP CONSTRAINT IF EXISTS ticket_events_kind_check,
    ADD CONSTRAINT ticket_events_kind_check CHECK (kind IN ('OPENED','MOVED','SEVERITY','WORSE','THANKS','ASSIGNED','WATCHER_ADDED','WATCHER_REMOVED','DUPLICATE','FOLLOWED','RMA_LINKED','RMA_APPROVED','RMA_SHIPPED','RMA_ENDED','REMINDED','REOPENED','REOPENING_UNDONE','SESSION_PROPOSED','SESSION_AGREED','SESSION_SCHEDULED','SESSION_MOVED','SESSION_RELINKED','SESSION_CANCELLED','SESSION_HELD','SESSION_NO_SHOW','ROOM_WELL')) NOT VALID;
ALTER TABLE ticket_events VALIDATE CONSTRAINT ticket_events_kind_check;
ALTER TABLE tickets ADD COLUMN room_well_since timestamptz;

-- +goose Down
ALTER TABLE tickets DROP COLUMN room_well_since;
DELETE FROM ticket_events WHERE kind = 'ROOM_WELL';
ALTER TABLE ticket_events DROP CONSTRAINT IF EXISTS ticket_events_kind_check,
    ADD CONSTRAINT ticket_events_kind_check CHECK (kind IN ('OPENED','MOVED','SEVERITY','WORSE','THANKS','ASSIGNED','WATCHER_ADDED','WATCHER_REMOVED','DUPLICATE','FOLLOWED','RMA_LINKED','RMA_APPROVED','RMA_SHIPPED','RMA_ENDED','REMINDED','REOPENED','REOPENING_UNDONE','SESSION_PROPOSED','SESSION_AGREED','SESSION_SCHEDULED','SESSION_MOVED','SESSION_RELINKED','SESSION_CANCELLED','SESSION_HELD','SESSION_NO_SHOW')) NOT VALID;
ALTER TABLE ticket_events VALIDATE CONSTRAINT ticket_events_kind_check;
DROP TABLE ticket_snapshots;
DROP FUNCTION roomcover_snapshots_append_only();
