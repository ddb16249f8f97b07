-- +goose Up
-- SQLite has no row-level security; the number is kept.
SELECT 1;

-- +goose Down
SELECT 1;
