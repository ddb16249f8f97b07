-- +goose NO TRANSACTION
-- +goose Up
-- A replacement and a spare unit have a number that people can read out. Rows of earlier
-- releases get theirs when the service starts.
ALTER TABLE rmas ADD COLUMN IF NOT EXISTS number text NOT NULL DEFAULT '';
ALTER TABLE spare_units ADD COLUMN IF NOT EXISTS number text NOT NULL DEFAULT '';
-- Letters of the address that no label can print.
ALTER TABLE rmas ADD COLUMN IF NOT EXISTS unprintable text NOT NULL DEFAULT '';
ALTER TABLE spare_units ADD COLUMN IF NOT EXISTS unprintable text NOT NULL DEFAULT '';
DROP INDEX IF EXISTS rmas_number;
CREATE UNIQUE INDEX CONCURRENTLY rmas_number ON rmas (number) WHERE number <> '';
DROP INDEX IF EXISTS spare_units_number;
CREATE UNIQUE INDEX CONCURRENTLY spare_units_number ON spare_units (number) WHERE number <> '';

-- +goose Down
DROP INDEX spare_units_number;
DROP INDEX rmas_number;
ALTER TABLE spare_units DROP COLUMN unprintable;
ALTER TABLE rmas DROP COLUMN unprintable;
ALTER TABLE spare_units DROP COLUMN number;
ALTER TABLE rmas DROP COLUMN number;
