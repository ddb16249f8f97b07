-- +goose Up
CREATE TABLE idempotency_keys (
    token_id   text NOT NULL,
    key        text NOT NULL,
    request    text NOT NULL,
    status     bigint NOT NULL,
    response   bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (token_id, key)
);
CREATE TABLE import_jobs (
    id             text PRIMARY KEY,
    org_id         text NOT NULL REFERENCES orgs (id),
    format         text NOT NULL CHECK (format IN ('csv','json')),
    dry_run        boolean NOT NULL,
    all_or_nothing boolean NOT NULL,
    state          text NOT NULL CHECK (state IN ('QUEUED','CHECKING','STORING','DONE','REFUSED','FAILED')),
    content_hash   text NOT NULL,
    content        bytea NOT NULL,
    rows_total     bigint NOT NULL,
    rows_checked   bigint NOT NULL,
    rows_stored    bigint NOT NULL,
    rows_unchanged bigint NOT NULL,
    rows_refused   bigint NOT NULL,
    requested_by   text NOT NULL,
    error          text NOT NULL,
    created_at     timestamptz NOT NULL,
    finished_at    timestamptz
);
CREATE INDEX import_jobs_org ON import_jobs (org_id, created_at);
CREATE TABLE import_rows (
    job_id   text NOT NULL REFERENCES import_jobs (id),
    row_no   bigint NOT NULL,
    outcome  text NOT NULL CHECK (outcome IN ('VALID','STORED','UNCHANGED','REFUSED')),
    order_id text,
    errors   jsonb NOT NULL,
    PRIMARY KEY (job_id, row_no)
);
CREATE TABLE sweeps (
    name        text PRIMARY KEY,
    finished_at timestamptz NOT NULL,
    result      jsonb NOT NULL
);

-- +goose Down
DROP TABLE sweeps;
DROP TABLE import_rows;
DROP TABLE import_jobs;
DROP TABLE idempotency_keys;
