-- +goose Up
-- A replacement and a spare unit have a number that people can read out. Rows of earlier
-- releases get theirs when the service starts.
ALTER TABLE rmas ADD COLUMN number text NOT NULL DEFAULT '';
ALTER TABLE spare_units ADD COLUMN number text NOT NULL DEFAULT '';
-- Letters of the address that no label can print.
ALTER TABLE rmas ADD COLUMN unprintable text NOT NULL DEFAULT '';
ALTER TABLE spare_units ADD COLUMN unprintable text NOT NULL DEFAULT '';
CREATE UNIQUE INDEX rmas_number ON rmas (number) WHERE number <> '';
CREATE UNIQUE INDEX spare_units_number ON spare_units (number) WHERE number <> '';

-- +goose Down
DROP INDEX spare_units_number;
DROP INDEX rmas_number;
ALTER TABLE spare_units DROP COLUMN unprintable;
ALTER TABLE rmas DROP COLUMN unprintable;
ALTER TABLE spare_units DROP COLUMN number;
ALTER TABLE rmas DROP COLUMN number;
