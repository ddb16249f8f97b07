-- +goose Up
-- SQLite has no roles.
SELECT 1;

-- +goose Down
SELECT 1;
