-- +goose Up
-- SQLite checks what it adds, and has no vacuum that runs by itself.
SELECT 1;

-- +goose Down
SELECT 1;
