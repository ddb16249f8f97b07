-- +goose Up
CREATE TABLE orgs (
    id               text PRIMARY KEY,
    kind             text NOT NULL CHECK (kind IN ('OPERATOR','CUSTOMER_PARENT','DISTRIBUTOR','RESELLER','PARTNER')),
    name             text NOT NULL,
    name_key         text NOT NULL,
    authorised_from  text NOT NULL,
    authorised_until text NOT NULL,
    suspended        boolean NOT NULL,
    created_at       datetime NOT NULL
);
CREATE UNIQUE INDEX orgs_name ON orgs (kind, name_key);
CREATE TABLE api_tokens (
    id         text PRIMARY KEY,
    org_id     text NOT NULL REFERENCES orgs (id),
    role       text NOT NULL,
    label      text NOT NULL,
    prefix     text NOT NULL,
    hash       text NOT NULL UNIQUE,
    scopes     text NOT NULL,
    created_at datetime NOT NULL,
    expires_at datetime NOT NULL,
    revoked_at datetime
);
CREATE INDEX api_tokens_org ON api_tokens (org_id);

-- +goose Down
DROP TABLE api_tokens;
DROP TABLE orgs;
