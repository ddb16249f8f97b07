-- +goose Up
SET LOCAL lock_timeout = '2s';
-- Assertions of SAML providers that were used (S48): each counts once, in whichever process, until
-- it would be refused by its age.
CREATE TABLE sso_assertions (
    connection_id  text NOT NULL REFERENCES sso_connections (id),
    assertion_hash text NOT NULL,
    expires_at     timestamptz NOT NULL,
    PRIMARY KEY (connection_id, assertion_hash)
);
CREATE INDEX sso_assertions_expiry ON sso_assertions (expires_at);
ALTER TABLE sso_assertions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sso_assertions FORCE ROW LEVEL SECURITY;
CREATE POLICY sso_assertions_scope ON sso_assertions USING (roomcover_open());
-- What a SAML provider said, encrypted, until the browser comes for it: it is posted without the
-- browser's cookie.
ALTER TABLE sso_states ADD COLUMN answer text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE sso_states DROP COLUMN answer;
DROP TABLE sso_assertions;
