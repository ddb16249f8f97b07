-- +goose Up
CREATE TABLE invitations (
    id            text PRIMARY KEY,
    account_id    text NOT NULL REFERENCES accounts (id),
    order_id      text REFERENCES orders (id),
    kind          text NOT NULL CHECK (kind IN ('ORDER','EXTRA','COLLEAGUE')),
    email         text NOT NULL,
    contact_name  text NOT NULL,
    role          text NOT NULL CHECK (role IN ('ADMIN','READ_ONLY')),
    token_hash    text NOT NULL UNIQUE,
    state         text NOT NULL CHECK (state IN ('ISSUED','SENT','BOUNCED','ACCEPTED','EXPIRED','SUPERSEDED','REVOKED')),
    state_since   timestamptz NOT NULL,
    issued_at     timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    supersedes_id text REFERENCES invitations (id),
    invited_by    text NOT NULL,
    last_error    text NOT NULL
);
CREATE UNIQUE INDEX invitations_live ON invitations (account_id, email) WHERE state IN ('ISSUED','SENT');
CREATE INDEX invitations_order ON invitations (order_id);
CREATE TABLE users (
    id            text PRIMARY KEY,
    email         text NOT NULL UNIQUE,
    name          text NOT NULL,
    password_hash text NOT NULL,
    locale        text NOT NULL,
    created_at    timestamptz NOT NULL
);
CREATE TABLE identities (
    id         text PRIMARY KEY,
    user_id    text NOT NULL REFERENCES users (id),
    issuer     text NOT NULL,
    subject    text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX identities_subject ON identities (issuer, subject);
CREATE TABLE memberships (
    id            text PRIMARY KEY,
    account_id    text NOT NULL REFERENCES accounts (id),
    user_id       text NOT NULL REFERENCES users (id),
    role          text NOT NULL CHECK (role IN ('ADMIN','READ_ONLY')),
    state         text NOT NULL CHECK (state IN ('ACTIVE','SUSPENDED','REMOVED')),
    invitation_id text REFERENCES invitations (id),
    created_at    timestamptz NOT NULL
);
CREATE UNIQUE INDEX memberships_person ON memberships (account_id, user_id);
CREATE INDEX memberships_user ON memberships (user_id);
CREATE TABLE sessions (
    token_hash text PRIMARY KEY,
    user_id    text,
    label      text NOT NULL,
    data       bytea NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE TABLE challenges (
    id           text PRIMARY KEY,
    purpose      text NOT NULL CHECK (purpose IN ('INVITATION','PASSWORD_RESET')),
    subject_id   text NOT NULL,
    browser_hash text NOT NULL,
    secret_hash  text NOT NULL,
    tries        bigint NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    consumed_at  timestamptz
);
CREATE INDEX challenges_subject ON challenges (subject_id);
CREATE TABLE throttles (
    key       text PRIMARY KEY,
    count     bigint NOT NULL,
    resets_at timestamptz NOT NULL
);

-- +goose Down
DROP TABLE throttles;
DROP TABLE challenges;
DROP TABLE sessions;
DROP TABLE memberships;
DROP TABLE identities;
DROP TABLE users;
DROP TABLE invitations;
