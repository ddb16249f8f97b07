-- +goose Up
-- SQLite lets one transaction write at a time: the end of an audit chain needs no lock.
SELECT 1;

-- +goose Down
SELECT 1;
