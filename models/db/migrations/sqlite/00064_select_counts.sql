-- +goose Up
-- How many Select licences of an account count for its parent's spares, by their states
-- and those of their contracts. Every change keeps it under the lock on the account; the
-- sweep looks at each once a day, those that were filled by a migration first.
CREATE TABLE select_counts (
    account_id text PRIMARY KEY REFERENCES accounts,
    licences   integer NOT NULL,
    checked_at datetime NOT NULL
);
CREATE INDEX select_counts_checked ON select_counts (checked_at, account_id);

-- +goose Down
DROP TABLE select_counts;
