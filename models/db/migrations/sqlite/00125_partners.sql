-- +goose Up
-- A service partner is an organisation whose people are the members of an account of its own. A
-- delegation lets them act in a customer's account, for as long as the customer wants (R41, S51).
-- Whatever opens something reads the row; there is one open one for each pair.
CREATE TABLE partners (
    org_id     text PRIMARY KEY REFERENCES orgs (id),
    account_id text NOT NULL REFERENCES accounts (id),
    created_at datetime NOT NULL
);
CREATE UNIQUE INDEX partners_account ON partners (account_id);

CREATE TABLE delegations (
    id             text PRIMARY KEY,
    account_id     text NOT NULL REFERENCES accounts (id),
    partner_org_id text NOT NULL REFERENCES partners (org_id),
    role           text NOT NULL CHECK (role IN ('ADMIN','READ_ONLY')),
    state          text NOT NULL CHECK (state IN ('PROPOSED','ACTIVE','REFUSED','ENDED','EXPIRED')),
    days           integer NOT NULL CHECK (days BETWEEN 1 AND 731),
    asked_side     text NOT NULL CHECK (asked_side IN ('CUSTOMER','PARTNER')),
    asked_by       text NOT NULL,
    asked_at       datetime NOT NULL,
    answer_until   datetime NOT NULL,
    answered_by    text NOT NULL,
    starts_at      datetime,
    ends_at        datetime,
    closed_side    text NOT NULL CHECK (closed_side IN ('','CUSTOMER','PARTNER','OPERATOR')),
    closed_by      text NOT NULL,
    closed_at      datetime,
    CHECK ((state = 'ACTIVE') <= (starts_at IS NOT NULL AND ends_at IS NOT NULL)),
    CHECK (ends_at > starts_at)
);
CREATE UNIQUE INDEX delegations_open ON delegations (account_id, partner_org_id)
    WHERE state IN ('PROPOSED','ACTIVE');
CREATE INDEX delegations_account ON delegations (account_id, id);
CREATE INDEX delegations_partner ON delegations (partner_org_id, state, id);
CREATE INDEX delegations_due ON delegations (id) WHERE state IN ('PROPOSED','ACTIVE');

-- +goose Down
DROP TABLE delegations;
DROP TABLE partners;
