-- +goose Up
-- A part of a name is found by its groups of three letters. The extension is one of those
-- that the owner of a database may create, where PostgreSQL's additional modules are installed.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- +goose Down
SELECT 1;
