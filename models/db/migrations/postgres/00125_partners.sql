-- +goose Up
-- A service partner is an organisation whose people are the members of an account of its own. A
-- delegation lets them act in a customer's account, for as long as the customer wants (R41, S51).
-- Whatever opens something reads the row; there is one open one for each pair.
CREATE TABLE partners (
    org_id     text PRIMARY KEY REFERENCES orgs (id),
    account_id text NOT NULL CONSTRAINT partners_account UNIQUE REFERENCES accounts (id),
    created_at timestamptz NOT NULL
);

CREATE TABLE delegations (
    id             text PRIMARY KEY,
    account_id     text NOT NULL REFERENCES accounts (id),
    partner_org_id text NOT NULL REFERENCES partners (org_id),
    role           text NOT NULL CHECK (role IN ('ADMIN','READ_ONLY')),
    state          text NOT NULL CHECK (state IN ('PROPOSED','ACTIVE','REFUSED','ENDED','EXPIRED')),
    days           bigint NOT NULL CHECK (days BETWEEN 1 AND 731),
    asked_side     text NOT NULL CHECK (asked_side IN ('CUSTOMER','PARTNER')),
    asked_by       text NOT NULL,
    asked_at       timestamptz NOT NULL,
    answer_until   timestamptz NOT NULL,
    answered_by    text NOT NULL,
    starts_at      timestamptz,
    ends_at        timestamptz,
    closed_side    text NOT NULL CHECK (closed_side IN ('','CUSTOMER','PARTNER','OPERATOR')),
    closed_by      text NOT NULL,
    closed_at      timestamptz,
    CHECK ((state = 'ACTIVE') <= (starts_at IS NOT NULL AND ends_at IS NOT NULL)),
    CHECK (ends_at > starts_at)
);
CREATE UNIQUE INDEX delegations_open ON delegations (account_id, partner_org_id)
    WHERE state IN ('PROPOSED','ACTIVE');
CREATE INDEX delegations_account ON delegations (account_id, id);
CREATE INDEX delegations_partner ON delegations (partner_org_id, state, id);
CREATE INDEX delegations_due ON delegations (id) WHERE state IN ('PROPOSED','ACTIVE');

ALTER TABLE partners ENABLE ROW LEVEL SECURITY;
ALTER TABLE partners FORCE ROW LEVEL SECURITY;
CREATE POLICY partners_scope ON partners USING (roomcover_sees(account_id, org_id));
ALTER TABLE delegations ENABLE ROW LEVEL SECURITY;
ALTER TABLE delegations FORCE ROW LEVEL SECURITY;
CREATE POLICY delegations_scope ON delegations USING (roomcover_sees(account_id, partner_org_id));

-- +goose Down
DROP TABLE delegations;
DROP TABLE partners;
