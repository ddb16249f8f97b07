-- +goose Up
-- What operators find orders by: the sender's number and the company, without case and accents.
-- The program fills it when it migrates, as it folds Unicode in one way on both databases.
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN search_key text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE orders DROP COLUMN search_key;
