-- +goose Up
-- A file may hold rooms of an account, not only orders of a seller. stored_through
-- is the last row of the last batch that was stored: a job goes on behind it.
ALTER TABLE import_jobs ADD COLUMN kind text NOT NULL DEFAULT 'ORDERS' CHECK (kind IN ('ORDERS','ROOMS'));
ALTER TABLE import_jobs ADD COLUMN account_id text REFERENCES accounts (id);
ALTER TABLE import_jobs ADD COLUMN requested_role text NOT NULL DEFAULT '';
ALTER TABLE import_jobs ADD COLUMN reason text NOT NULL DEFAULT '';
ALTER TABLE import_jobs ADD COLUMN stored_through integer NOT NULL DEFAULT 0;
ALTER TABLE import_rows ADD COLUMN room_id text;
ALTER TABLE import_rows ADD COLUMN device_id text;
-- An import finds the rooms that are there by name and site. Not built concurrently:
-- that would wait for another migrate that waits for this one, and no release has
-- a table of rooms that is not empty.
CREATE INDEX rooms_name ON rooms (account_id, name, site);

-- +goose Down
DROP INDEX rooms_name;
ALTER TABLE import_rows DROP COLUMN device_id;
ALTER TABLE import_rows DROP COLUMN room_id;
ALTER TABLE import_jobs DROP COLUMN stored_through;
ALTER TABLE import_jobs DROP COLUMN reason;
ALTER TABLE import_jobs DROP COLUMN requested_role;
ALTER TABLE import_jobs DROP COLUMN account_id;
ALTER TABLE import_jobs DROP COLUMN kind;
