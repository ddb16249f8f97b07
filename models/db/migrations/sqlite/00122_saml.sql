-- +goose Up
-- Assertions of SAML providers that were used (S48): each counts once, in whichever process, until
-- it would be refused by its age.
CREATE TABLE sso_assertions (
    connection_id  text NOT NULL REFERENCES sso_connections (id),
    assertion_hash text NOT NULL,
    expires_at     datetime NOT NULL,
    PRIMARY KEY (connection_id, assertion_hash)
);
CREATE INDEX sso_assertions_expiry ON sso_assertions (expires_at);
-- What a SAML provider said, encrypted, until the browser comes for it: it is posted without the
-- browser's cookie.
ALTER TABLE sso_states ADD COLUMN answer text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE sso_states DROP COLUMN answer;
DROP TABLE sso_assertions;
