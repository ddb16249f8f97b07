-- +goose Up
SET LOCAL lock_timeout = '2s';
-- The operator's own people, who use the console. Whoever the issuer signs in gets a row with
-- the first sign-in; one without an issuer is made by the command line. An empty role may
-- nothing.
CREATE TABLE operators (
    id             text PRIMARY KEY,
    source         text NOT NULL CHECK (source IN ('ISSUER','PASSWORD')),
    issuer         text NOT NULL,
    subject        text NOT NULL,
    issuer_session text NOT NULL,
    email          text NOT NULL,
    name           text NOT NULL,
    role           text NOT NULL CHECK (role IN ('','OPERATOR_AGENT','OPERATOR_LEAD','OPERATOR_CSM','OPERATOR_MANAGER')),
    locale         text NOT NULL,
    password_hash  text NOT NULL,
    totp_secret    text NOT NULL,
    totp_step      bigint NOT NULL,
    setup_hash     text NOT NULL,
    setup_until    timestamptz,
    armed_until    timestamptz,
    armed_reason   text NOT NULL,
    created_at     timestamptz NOT NULL,
    signed_in_at   timestamptz,
    disabled_at    timestamptz
);
CREATE UNIQUE INDEX operators_subject ON operators (issuer, subject) WHERE source = 'ISSUER';
CREATE UNIQUE INDEX operators_email ON operators (email) WHERE source = 'PASSWORD';
CREATE UNIQUE INDEX operators_setup ON operators (setup_hash) WHERE setup_hash <> '';
CREATE TABLE operator_sessions (
    token_hash  text PRIMARY KEY,
    operator_id text REFERENCES operators (id),
    label       text NOT NULL,
    data        bytea NOT NULL,
    created_at  timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX operator_sessions_operator ON operator_sessions (operator_id);
CREATE INDEX operator_sessions_expiry ON operator_sessions (expires_at);
CREATE TABLE operator_recovery_codes (
    operator_id text NOT NULL REFERENCES operators (id),
    code_hash   text NOT NULL,
    used_at     timestamptz,
    PRIMARY KEY (operator_id, code_hash)
);
ALTER TABLE operators ENABLE ROW LEVEL SECURITY;
ALTER TABLE operators FORCE ROW LEVEL SECURITY;
CREATE POLICY operators_scope ON operators USING (roomcover_open());
ALTER TABLE operator_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE operator_sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY operator_sessions_scope ON operator_sessions USING (roomcover_open());
ALTER TABLE operator_recovery_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE operator_recovery_codes FORCE ROW LEVEL SECURITY;
CREATE POLICY operator_recovery_codes_scope ON operator_recovery_codes USING (roomcover_open());
-- Which operator has taken a task; empty: nobody.
ALTER TABLE operator_tasks ADD COLUMN assignee_id text;

-- +goose Down
ALTER TABLE operator_tasks DROP COLUMN assignee_id;
DROP TABLE operator_recovery_codes;
DROP TABLE operator_sessions;
DROP TABLE operators;
