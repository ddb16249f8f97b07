-- +goose Up
SET LOCAL lock_timeout = '2s';
-- Second factors of people with a password (S52): an app, whose key is encrypted, and the step of
-- the last code that was used.
ALTER TABLE users ADD COLUMN totp_secret text NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN totp_step bigint NOT NULL DEFAULT 0;
-- Passkeys: public data alone.
CREATE TABLE user_passkeys (
    id              text PRIMARY KEY,
    user_id         text NOT NULL REFERENCES users (id),
    credential_id   text NOT NULL,
    public_key      bytea NOT NULL,
    counter         bigint NOT NULL,
    backup_eligible boolean NOT NULL,
    transports      text NOT NULL,
    name            text NOT NULL,
    created_at      timestamptz NOT NULL,
    used_at         timestamptz
);
CREATE UNIQUE INDEX user_passkeys_credential ON user_passkeys (credential_id);
CREATE INDEX user_passkeys_user ON user_passkeys (user_id);
CREATE TABLE user_recovery_codes (
    user_id   text NOT NULL REFERENCES users (id),
    code_hash text NOT NULL,
    used_at   timestamptz,
    PRIMARY KEY (user_id, code_hash)
);
-- Who comes in by password although the organisation enforces its own sign-in (S49). proved_at is
-- when they showed password and second factor for it last.
CREATE TABLE sso_break_glass (
    org_id     text NOT NULL REFERENCES orgs (id),
    user_id    text NOT NULL REFERENCES users (id),
    account_id text NOT NULL REFERENCES accounts (id),
    proved_at  timestamptz NOT NULL,
    used_at    timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, user_id)
);
CREATE INDEX sso_break_glass_user ON sso_break_glass (user_id);
CREATE INDEX sso_break_glass_account ON sso_break_glass (account_id);
ALTER TABLE user_passkeys ENABLE ROW LEVEL SECURITY;
ALTER TABLE user_passkeys FORCE ROW LEVEL SECURITY;
CREATE POLICY user_passkeys_scope ON user_passkeys USING (roomcover_open());
ALTER TABLE user_recovery_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE user_recovery_codes FORCE ROW LEVEL SECURITY;
CREATE POLICY user_recovery_codes_scope ON user_recovery_codes USING (roomcover_open());
ALTER TABLE sso_break_glass ENABLE ROW LEVEL SECURITY;
ALTER TABLE sso_break_glass FORCE ROW LEVEL SECURITY;
CREATE POLICY sso_break_glass_scope ON sso_break_glass USING (roomcover_open());

-- +goose Down
DROP TABLE sso_break_glass;
DROP TABLE user_recovery_codes;
DROP TABLE user_passkeys;
ALTER TABLE users DROP COLUMN totp_step;
ALTER TABLE users DROP COLUMN totp_secret;
