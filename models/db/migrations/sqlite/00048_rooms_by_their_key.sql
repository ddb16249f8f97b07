-- +goose Up
-- An import finds rooms however they are spelt: by the key of a search.
CREATE INDEX rooms_search_key ON rooms (account_id, search_key);

-- +goose Down
DROP INDEX rooms_search_key;
