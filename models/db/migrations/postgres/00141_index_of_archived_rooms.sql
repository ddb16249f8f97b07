-- +goose NO TRANSACTION
-- Few of an account's rooms are archived. What counts those in use, by the places of Sync or by
-- their licences, leaves them out, and need not read the thousands that are in use. A build that was
-- cut short leaves an index that is not valid, so it is dropped first. The table is not locked
-- against writing.

-- +goose Up
DROP INDEX CONCURRENTLY IF EXISTS rooms_archived;
CREATE INDEX CONCURRENTLY rooms_archived ON rooms (account_id, id) WHERE state = 'ARCHIVED';

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS rooms_archived;
