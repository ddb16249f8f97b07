-- +goose Up
-- A company's directory gives and takes access (S50). blocked_at: the directory has ended the
-- person's access; the last administrator's membership stays ACTIVE and is blocked all the same
-- (S18). provisioned: the directory made the membership, which goes with its reason.
ALTER TABLE memberships ADD COLUMN blocked_at datetime;
ALTER TABLE memberships ADD COLUMN provisioned boolean NOT NULL DEFAULT false;

-- The secrets of directories: two live ones of an organisation at most, one in each place.
CREATE TABLE scim_tokens (
    id           text PRIMARY KEY,
    org_id       text NOT NULL REFERENCES orgs (id),
    place        integer NOT NULL CHECK (place IN (1, 2)),
    prefix       text NOT NULL,
    hash         text NOT NULL,
    created_by   text NOT NULL,
    created_at   datetime NOT NULL,
    last_used_at datetime,
    revoked_at   datetime
);
CREATE UNIQUE INDEX scim_tokens_hash ON scim_tokens (hash);
CREATE UNIQUE INDEX scim_tokens_live ON scim_tokens (org_id, place) WHERE revoked_at IS NULL;
CREATE INDEX scim_tokens_org ON scim_tokens (org_id);

-- People as a directory knows them. attributes is the SCIM resource as it was sent.
CREATE TABLE scim_people (
    id          text PRIMARY KEY,
    org_id      text NOT NULL REFERENCES orgs (id),
    user_id     text NOT NULL REFERENCES users (id),
    user_name   text NOT NULL,
    name_key    text NOT NULL,
    external_id text NOT NULL,
    email       text NOT NULL,
    name        text NOT NULL,
    attributes  text NOT NULL,
    active      boolean NOT NULL,
    made_user   boolean NOT NULL,
    version     integer NOT NULL,
    created_at  datetime NOT NULL,
    updated_at  datetime NOT NULL,
    deleted_at  datetime,
    UNIQUE (org_id, id)
);
CREATE UNIQUE INDEX scim_people_name ON scim_people (org_id, name_key);
CREATE UNIQUE INDEX scim_people_user ON scim_people (org_id, user_id);
CREATE INDEX scim_people_of_user ON scim_people (user_id);
CREATE INDEX scim_people_external ON scim_people (org_id, external_id);
CREATE INDEX scim_people_email ON scim_people (org_id, email);

CREATE TABLE scim_groups (
    id          text PRIMARY KEY,
    org_id      text NOT NULL REFERENCES orgs (id),
    name        text NOT NULL,
    name_key    text NOT NULL,
    external_id text NOT NULL,
    attributes  text NOT NULL,
    version     integer NOT NULL,
    created_at  datetime NOT NULL,
    updated_at  datetime NOT NULL,
    UNIQUE (org_id, id)
);
CREATE UNIQUE INDEX scim_groups_name ON scim_groups (org_id, name_key);
CREATE INDEX scim_groups_external ON scim_groups (org_id, external_id);

-- Who is in which group: both of one organisation.
CREATE TABLE scim_group_people (
    org_id    text NOT NULL,
    group_id  text NOT NULL,
    person_id text NOT NULL,
    PRIMARY KEY (group_id, person_id),
    FOREIGN KEY (org_id, group_id) REFERENCES scim_groups (org_id, id),
    FOREIGN KEY (org_id, person_id) REFERENCES scim_people (org_id, id)
);
CREATE INDEX scim_group_people_group ON scim_group_people (org_id, group_id);
CREATE INDEX scim_group_people_person ON scim_group_people (person_id, org_id);

-- Which accounts the people of a group get into, as readers; without a group, everybody.
CREATE TABLE scim_grants (
    id         text PRIMARY KEY,
    org_id     text NOT NULL REFERENCES orgs (id),
    group_id   text,
    account_id text NOT NULL REFERENCES accounts (id),
    created_by text NOT NULL,
    created_at datetime NOT NULL,
    FOREIGN KEY (org_id, group_id) REFERENCES scim_groups (org_id, id)
);
CREATE UNIQUE INDEX scim_grants_once ON scim_grants (org_id, account_id, COALESCE(group_id, ''));
CREATE INDEX scim_grants_account ON scim_grants (account_id);
CREATE INDEX scim_grants_group ON scim_grants (group_id, org_id);

-- The latest requests of an organisation's directory, for its administrators.
CREATE TABLE scim_requests (
    id        text PRIMARY KEY,
    org_id    text NOT NULL REFERENCES orgs (id),
    token_id  text NOT NULL REFERENCES scim_tokens (id),
    person_id text,
    method    text NOT NULL,
    address   text NOT NULL,
    status    integer NOT NULL,
    outcome   text NOT NULL,
    detail    text NOT NULL,
    ignored   text NOT NULL,
    body      text NOT NULL,
    at        datetime NOT NULL
);
CREATE INDEX scim_requests_org ON scim_requests (org_id, id);
CREATE INDEX scim_requests_token ON scim_requests (token_id);
CREATE INDEX scim_requests_person ON scim_requests (person_id) WHERE person_id IS NOT NULL;

-- +goose Down
DROP TABLE scim_requests;
DROP TABLE scim_grants;
DROP TABLE scim_group_people;
DROP TABLE scim_groups;
DROP TABLE scim_people;
DROP TABLE scim_tokens;
ALTER TABLE memberships DROP COLUMN provisioned;
ALTER TABLE memberships DROP COLUMN blocked_at;
