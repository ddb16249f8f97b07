-- +goose Up
SET LOCAL lock_timeout = '2s';
-- How many Select licences of an account count for its parent's spares, by their states
-- and those of their contracts. Every change keeps it under the lock on the account; the
-- sweep looks at each once a day, those that were filled by a migration first.
CREATE TABLE select_counts (
    account_id text PRIMARY KEY REFERENCES accounts,
    licences   bigint NOT NULL,
    checked_at timestamptz NOT NULL
);
CREATE INDEX select_counts_checked ON select_counts (checked_at, account_id);
ALTER TABLE select_counts ENABLE ROW LEVEL SECURITY;
ALTER TABLE select_counts FORCE ROW LEVEL SECURITY;
CREATE POLICY select_counts_scope ON select_counts USING (roomcover_sees(account_id, NULL));

-- +goose Down
DROP TABLE select_counts;
