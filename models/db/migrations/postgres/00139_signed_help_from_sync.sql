-- +goose Up
SET LOCAL lock_timeout = '2s';
-- What programs beside a customer's Sync sign their requests for help with: two at once at most, so
-- that one takes over from the other. secret is encrypted, and emptied with its end.
CREATE TABLE sync_secrets (
    id            text PRIMARY KEY,
    account_id    text NOT NULL REFERENCES accounts (id),
    connection_id text NOT NULL,
    place         bigint NOT NULL CHECK (place IN (1, 2)),
    secret        text NOT NULL,
    once_key      text NOT NULL,
    created_by    text NOT NULL,
    created_at    timestamptz NOT NULL,
    ended_at      timestamptz,
    CONSTRAINT sync_secrets_connection_id_of_account FOREIGN KEY (account_id, connection_id)
        REFERENCES sync_connections (account_id, id)
);
CREATE UNIQUE INDEX sync_secrets_place ON sync_secrets (connection_id, place) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX sync_secrets_once ON sync_secrets (connection_id, once_key);
CREATE INDEX sync_secrets_connection ON sync_secrets (account_id, connection_id);
ALTER TABLE sync_secrets ENABLE ROW LEVEL SECURITY;
ALTER TABLE sync_secrets FORCE ROW LEVEL SECURITY;
CREATE POLICY sync_secrets_scope ON sync_secrets USING ((SELECT roomcover_open()));

-- +goose Down
DROP TABLE sync_secrets;
