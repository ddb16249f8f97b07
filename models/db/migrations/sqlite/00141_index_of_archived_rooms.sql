-- Few of an account's rooms are archived. What counts those in use, by the places of Sync or by
-- their licences, leaves them out, and need not read the thousands that are in use.

-- +goose Up
CREATE INDEX rooms_archived ON rooms (account_id, id) WHERE state = 'ARCHIVED';

-- +goose Down
DROP INDEX rooms_archived;
