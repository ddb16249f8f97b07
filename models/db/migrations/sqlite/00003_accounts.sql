-- +goose Up
CREATE TABLE accounts (
    id            text PRIMARY KEY,
    parent_org_id text NOT NULL REFERENCES orgs (id),
    legal_name    text NOT NULL,
    company_key   text NOT NULL,
    street        text NOT NULL,
    city          text NOT NULL,
    region        text NOT NULL,
    postal_code   text NOT NULL,
    country       text NOT NULL,
    address_hash  text NOT NULL,
    match_key     text,
    time_zone     text NOT NULL,
    locale        text NOT NULL,
    mode          text NOT NULL CHECK (mode IN ('CONSOLIDATED','SITE')),
    user_limit    integer NOT NULL,
    created_at    datetime NOT NULL
);
CREATE UNIQUE INDEX accounts_match ON accounts (match_key);
CREATE INDEX accounts_company ON accounts (company_key, address_hash);
CREATE INDEX accounts_parent ON accounts (parent_org_id);

-- +goose Down
DROP TABLE accounts;
