-- +goose Up
-- What programs beside a customer's Sync sign their requests for help with: two at once at most, so
-- that one takes over from the other. secret is encrypted, and emptied with its end.
CREATE TABLE sync_secrets (
    id            text PRIMARY KEY,
    account_id    text NOT NULL REFERENCES accounts (id),
    connection_id text NOT NULL REFERENCES sync_connections (id),
    place         integer NOT NULL CHECK (place IN (1, 2)),
    secret        text NOT NULL,
    once_key      text NOT NULL,
    created_by    text NOT NULL,
    created_at    datetime NOT NULL,
    ended_at      datetime
);
CREATE UNIQUE INDEX sync_secrets_place ON sync_secrets (connection_id, place) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX sync_secrets_once ON sync_secrets (connection_id, once_key);
CREATE INDEX sync_secrets_connection ON sync_secrets (account_id, connection_id);
-- +goose StatementBegin
CREATE TRIGGER sync_secrets_connection_id_of_account_on_insert BEFORE INSERT ON sync_secrets
WHEN NEW.account_id IS NOT NULL AND NEW.connection_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sync_connections WHERE id = NEW.connection_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: sync_secrets.connection_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sync_secrets_connection_id_of_account_on_update BEFORE UPDATE OF account_id, connection_id ON sync_secrets
WHEN NEW.account_id IS NOT NULL AND NEW.connection_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sync_connections WHERE id = NEW.connection_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: sync_secrets.connection_id is of another account');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE sync_secrets;
