-- +goose Up
-- What is doubtful in a row of a file and taken all the same. []: nothing, or a row of an
-- earlier release.
SET LOCAL lock_timeout = '2s';
ALTER TABLE import_rows ADD COLUMN warnings jsonb NOT NULL DEFAULT '[]';

-- +goose Down
ALTER TABLE import_rows DROP COLUMN warnings;
