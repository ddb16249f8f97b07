-- +goose Up
-- What is doubtful in a row of a file and taken all the same. []: nothing, or a row of an
-- earlier release.
ALTER TABLE import_rows ADD COLUMN warnings text NOT NULL DEFAULT '[]';

-- +goose Down
ALTER TABLE import_rows DROP COLUMN warnings;
