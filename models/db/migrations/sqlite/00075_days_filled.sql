-- +goose Up
-- SQLite moved the days with their columns.
SELECT 1;

-- +goose Down
SELECT 1;
