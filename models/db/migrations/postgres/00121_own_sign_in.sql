-- +goose Up
SET LOCAL lock_timeout = '2s';
-- Customers' own sign-in (S48): how an organisation's identity provider is reached. secret is
-- encrypted. An organisation has one that lets people in, and others beside it as drafts.
CREATE TABLE sso_connections (
    id                 text PRIMARY KEY,
    org_id             text NOT NULL REFERENCES orgs (id),
    account_id         text NOT NULL REFERENCES accounts (id),
    kind               text NOT NULL CHECK (kind IN ('OIDC','SAML')),
    state              text NOT NULL CHECK (state IN ('DRAFT','ENABLED','ENFORCED','OFF')),
    slug               text NOT NULL,
    issuer             text NOT NULL,
    client_id          text NOT NULL,
    secret             text NOT NULL,
    metadata_url       text NOT NULL,
    metadata_xml       text NOT NULL,
    metadata_read_at   timestamptz,
    certificates_until timestamptz,
    changed_at         timestamptz NOT NULL,
    rehearsed_at       timestamptz,
    rehearsed_by       text,
    enforced_at        timestamptz,
    created_by         text NOT NULL,
    created_at         timestamptz NOT NULL,
    version            bigint NOT NULL
);
CREATE UNIQUE INDEX sso_connections_slug ON sso_connections (slug);
CREATE UNIQUE INDEX sso_connections_live ON sso_connections (org_id) WHERE state IN ('ENABLED','ENFORCED');
CREATE INDEX sso_connections_org ON sso_connections (org_id, id);
CREATE INDEX sso_connections_account ON sso_connections (account_id);
-- Mail domains that an organisation says are its own: proved by a TXT record, or by an operator
-- with a reason. Any may be claimed by many, and proved by one.
CREATE TABLE sso_domains (
    id         text PRIMARY KEY,
    org_id     text NOT NULL REFERENCES orgs (id),
    account_id text NOT NULL REFERENCES accounts (id),
    domain     text NOT NULL,
    token      text NOT NULL,
    proved_at  timestamptz,
    proved_by  text NOT NULL CHECK (proved_by IN ('','DNS','OPERATOR')),
    checked_at timestamptz,
    missing_at timestamptz,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT sso_domains_proof CHECK ((proved_at IS NULL) = (proved_by = ''))
);
CREATE UNIQUE INDEX sso_domains_once ON sso_domains (org_id, domain);
CREATE UNIQUE INDEX sso_domains_proved ON sso_domains (domain) WHERE proved_at IS NOT NULL;
CREATE INDEX sso_domains_account ON sso_domains (account_id);
-- Who somebody is at an identity provider: (connection, issuer, subject). Nothing wrote the table
-- of before, which knew no connection.
DROP TABLE identities;
CREATE TABLE identities (
    id            text PRIMARY KEY,
    user_id       text NOT NULL REFERENCES users (id),
    connection_id text NOT NULL REFERENCES sso_connections (id),
    issuer        text NOT NULL,
    subject       text NOT NULL,
    created_at    timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL
);
CREATE UNIQUE INDEX identities_subject ON identities (connection_id, issuer, subject);
CREATE UNIQUE INDEX identities_person ON identities (connection_id, user_id);
CREATE INDEX identities_user ON identities (user_id);
-- What has to come back from an identity provider: once, within ten minutes, to the same browser.
CREATE TABLE sso_states (
    state_hash    text PRIMARY KEY,
    connection_id text NOT NULL REFERENCES sso_connections (id),
    purpose       text NOT NULL CHECK (purpose IN ('SIGN_IN','AGAIN','REHEARSAL')),
    browser_hash  text NOT NULL,
    request_id    text NOT NULL,
    nonce         text NOT NULL,
    verifier      text NOT NULL,
    next          text NOT NULL,
    invitation_id text NOT NULL,
    user_id       text NOT NULL,
    expires_at    timestamptz NOT NULL
);
CREATE INDEX sso_states_connection ON sso_states (connection_id);
CREATE INDEX sso_states_expiry ON sso_states (expires_at);
-- The connection by which a session began; NULL: none.
ALTER TABLE sessions ADD COLUMN connection_id text;
CREATE INDEX sessions_connection ON sessions (connection_id) WHERE connection_id IS NOT NULL;
ALTER TABLE sso_connections ENABLE ROW LEVEL SECURITY;
ALTER TABLE sso_connections FORCE ROW LEVEL SECURITY;
CREATE POLICY sso_connections_scope ON sso_connections USING (roomcover_open());
ALTER TABLE sso_domains ENABLE ROW LEVEL SECURITY;
ALTER TABLE sso_domains FORCE ROW LEVEL SECURITY;
CREATE POLICY sso_domains_scope ON sso_domains USING (roomcover_open());
ALTER TABLE identities ENABLE ROW LEVEL SECURITY;
ALTER TABLE identities FORCE ROW LEVEL SECURITY;
CREATE POLICY identities_scope ON identities USING (roomcover_open());
ALTER TABLE sso_states ENABLE ROW LEVEL SECURITY;
ALTER TABLE sso_states FORCE ROW LEVEL SECURITY;
CREATE POLICY sso_states_scope ON sso_states USING (roomcover_open());

-- +goose Down
DROP INDEX sessions_connection;
ALTER TABLE sessions DROP COLUMN connection_id;
DROP TABLE sso_states;
DROP TABLE identities;
DROP TABLE sso_domains;
DROP TABLE sso_connections;
CREATE TABLE identities (
    id         text PRIMARY KEY,
    user_id    text NOT NULL REFERENCES users (id),
    issuer     text NOT NULL,
    subject    text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX identities_subject ON identities (issuer, subject);
CREATE INDEX identities_user ON identities (user_id);
ALTER TABLE identities ENABLE ROW LEVEL SECURITY;
ALTER TABLE identities FORCE ROW LEVEL SECURITY;
CREATE POLICY identities_scope ON identities USING (roomcover_open());
