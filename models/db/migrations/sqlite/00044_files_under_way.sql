-- +goose Up
-- How many files of one seller, or of one customer's accounts, are not read yet.
CREATE INDEX import_jobs_open ON import_jobs (org_id) WHERE finished_at IS NULL;

-- +goose Down
DROP INDEX import_jobs_open;
