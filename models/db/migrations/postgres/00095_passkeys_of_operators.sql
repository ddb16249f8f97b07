-- +goose Up
SET LOCAL lock_timeout = '2s';
-- Passkeys (WebAuthn) of operators who sign in without an issuer: public data alone. The counter is
-- that of the last use; one that goes back tells of a copy.
CREATE TABLE operator_passkeys (
    id              text PRIMARY KEY,
    operator_id     text NOT NULL REFERENCES operators (id),
    credential_id   text NOT NULL,
    public_key      bytea NOT NULL,
    counter         bigint NOT NULL,
    backup_eligible boolean NOT NULL,
    transports      text NOT NULL,
    name            text NOT NULL,
    created_at      timestamptz NOT NULL,
    used_at         timestamptz
);
CREATE UNIQUE INDEX operator_passkeys_credential ON operator_passkeys (credential_id);
CREATE INDEX operator_passkeys_operator ON operator_passkeys (operator_id);
ALTER TABLE operator_passkeys ENABLE ROW LEVEL SECURITY;
ALTER TABLE operator_passkeys FORCE ROW LEVEL SECURITY;
CREATE POLICY operator_passkeys_scope ON operator_passkeys USING (roomcover_open());

-- +goose Down
DROP TABLE operator_passkeys;
