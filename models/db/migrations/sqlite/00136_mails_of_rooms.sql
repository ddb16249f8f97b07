-- +goose Up
-- By which mail people were told that a room is down or well again (S57): the epoch of that mail;
-- empty, nobody is told of it; NULL, it waits. What was noticed before this is told to nobody.
ALTER TABLE sync_changes ADD COLUMN told_in text DEFAULT '';
CREATE INDEX sync_changes_waiting ON sync_changes (connection_id, at)
    WHERE what IN ('DOWN','WELL') AND told_in IS NULL;

-- +goose Down
DROP INDEX sync_changes_waiting;
ALTER TABLE sync_changes DROP COLUMN told_in;
