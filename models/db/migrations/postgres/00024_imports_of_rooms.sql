-- +goose Up
-- A file may hold rooms of an account, not only orders of a seller. stored_through
-- is the last row of the last batch that was stored: a job goes on behind it.
ALTER TABLE import_jobs
    ADD COLUMN kind text NOT NULL DEFAULT 'ORDERS' CHECK (kind IN ('ORDERS','ROOMS')),
    ADD COLUMN account_id text REFERENCES accounts (id),
    ADD COLUMN requested_role text NOT NULL DEFAULT '',
    ADD COLUMN reason text NOT NULL DEFAULT '',
    ADD COLUMN stored_through bigint NOT NULL DEFAULT 0;
-- Read in slices while the job runs: compressed, each slice would cost the whole.
ALTER TABLE import_jobs ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE import_rows
    ADD COLUMN room_id text,
    ADD COLUMN device_id text;
-- A customer sees the jobs of its account, and of those no seller sees any.
DROP POLICY import_jobs_scope ON import_jobs;
CREATE POLICY import_jobs_scope ON import_jobs USING (roomcover_sees(account_id, CASE WHEN account_id IS NULL THEN org_id END));
-- An import finds the rooms that are there by name and site. Not built concurrently:
-- that would wait for another migrate that waits for this one, and no release has
-- a table of rooms that is not empty.
CREATE INDEX rooms_name ON rooms (account_id, name, site);

-- +goose Down
DROP INDEX rooms_name;
DROP POLICY import_jobs_scope ON import_jobs;
CREATE POLICY import_jobs_scope ON import_jobs USING (roomcover_sees(NULL, org_id));
ALTER TABLE import_rows DROP COLUMN room_id, DROP COLUMN device_id;
ALTER TABLE import_jobs ALTER COLUMN content SET STORAGE EXTENDED;
ALTER TABLE import_jobs DROP COLUMN kind, DROP COLUMN account_id, DROP COLUMN requested_role, DROP COLUMN reason, DROP COLUMN stored_through;
