-- +goose Up
-- SQLite reads every row for a part of a name: it is for development.
SELECT 1;

-- +goose Down
SELECT 1;
