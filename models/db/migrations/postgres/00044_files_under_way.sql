-- +goose NO TRANSACTION
-- +goose Up
-- How many files of one seller, or of one customer's accounts, are not read yet.
DROP INDEX IF EXISTS import_jobs_open;
CREATE INDEX CONCURRENTLY import_jobs_open ON import_jobs (org_id) WHERE finished_at IS NULL;

-- +goose Down
DROP INDEX import_jobs_open;
