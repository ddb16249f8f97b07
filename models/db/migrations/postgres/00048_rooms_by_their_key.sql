-- +goose NO TRANSACTION
-- +goose Up
-- An import finds rooms however they are spelt: by the key of a search.
DROP INDEX IF EXISTS rooms_search_key;
CREATE INDEX CONCURRENTLY rooms_search_key ON rooms (account_id, search_key);

-- +goose Down
DROP INDEX rooms_search_key;
