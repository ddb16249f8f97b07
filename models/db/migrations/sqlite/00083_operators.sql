-- +goose Up
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
    totp_step      integer NOT NULL,
    setup_hash     text NOT NULL,
    setup_until    datetime,
    armed_until    datetime,
    armed_reason   text NOT NULL,
    created_at     datetime NOT NULL,
    signed_in_at   datetime,
    disabled_at    datetime
);
CREATE UNIQUE INDEX operators_subject ON operators (issuer, subject) WHERE source = 'ISSUER';
CREATE UNIQUE INDEX operators_email ON operators (email) WHERE source = 'PASSWORD';
CREATE UNIQUE INDEX operators_setup ON operators (setup_hash) WHERE setup_hash <> '';
CREATE TABLE operator_sessions (
    token_hash  text PRIMARY KEY,
    operator_id text REFERENCES operators (id),
    label       text NOT NULL,
    data        blob NOT NULL,
    created_at  datetime NOT NULL,
    seen_at     datetime NOT NULL,
    expires_at  datetime NOT NULL
);
CREATE INDEX operator_sessions_operator ON operator_sessions (operator_id);
CREATE INDEX operator_sessions_expiry ON operator_sessions (expires_at);
CREATE TABLE operator_recovery_codes (
    operator_id text NOT NULL REFERENCES operators (id),
    code_hash   text NOT NULL,
    used_at     datetime,
    PRIMARY KEY (operator_id, code_hash)
);
-- Which operator has taken a task; empty: nobody.
ALTER TABLE operator_tasks ADD COLUMN assignee_id text;

-- +goose Down
ALTER TABLE operator_tasks DROP COLUMN assignee_id;
DROP TABLE operator_recovery_codes;
DROP TABLE operator_sessions;
DROP TABLE operators;
