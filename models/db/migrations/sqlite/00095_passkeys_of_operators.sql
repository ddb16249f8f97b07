-- +goose Up
-- Passkeys (WebAuthn) of operators who sign in without an issuer: public data alone. The counter is
-- that of the last use; one that goes back tells of a copy.
CREATE TABLE operator_passkeys (
    id              text PRIMARY KEY,
    operator_id     text NOT NULL REFERENCES operators (id),
    credential_id   text NOT NULL,
    public_key      blob NOT NULL,
    counter         integer NOT NULL,
    backup_eligible boolean NOT NULL,
    transports      text NOT NULL,
    name            text NOT NULL,
    created_at      datetime NOT NULL,
    used_at         datetime
);
CREATE UNIQUE INDEX operator_passkeys_credential ON operator_passkeys (credential_id);
CREATE INDEX operator_passkeys_operator ON operator_passkeys (operator_id);

-- +goose Down
DROP TABLE operator_passkeys;
