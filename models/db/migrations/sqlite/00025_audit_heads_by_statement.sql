-- +goose Up
-- SQLite knows triggers for each row only: nothing changes here.
SELECT 1;

-- +goose Down
SELECT 1;
