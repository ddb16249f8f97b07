-- +goose Up
-- The indexes that go on PostgreSQL stand beside constraints that SQLite does not have.
SELECT 1;

-- +goose Down
SELECT 1;
