-- +goose Up
-- Whom orders name beyond those whom an account knows (S15): the administrators are asked,
-- and nobody comes in before a person said so.
CREATE TABLE contact_questions (
    id            text PRIMARY KEY,
    account_id    text NOT NULL REFERENCES accounts (id),
    order_id      text NOT NULL REFERENCES orders (id),
    email         text NOT NULL,
    contact_name  text NOT NULL,
    seller        text NOT NULL,
    sent_by       text NOT NULL,
    state         text NOT NULL CHECK (state IN ('OPEN','CONFIRMED','REFUSED')),
    role          text NOT NULL CHECK (role IN ('','ADMIN','READ_ONLY')),
    asked_at      timestamptz NOT NULL,
    answer_until  timestamptz NOT NULL,
    escalated_at  timestamptz,
    answered_at   timestamptz,
    answered_by   text NOT NULL,
    invitation_id text REFERENCES invitations (id)
);
CREATE UNIQUE INDEX contact_questions_open ON contact_questions (account_id, email) WHERE state = 'OPEN';
CREATE INDEX contact_questions_account ON contact_questions (account_id);
CREATE INDEX contact_questions_order ON contact_questions (order_id);
CREATE INDEX contact_questions_waiting ON contact_questions (id) WHERE state = 'OPEN' AND escalated_at IS NULL;
-- Mail domains that an operator recorded as an account's own.
CREATE TABLE account_domains (
    account_id  text NOT NULL REFERENCES accounts (id),
    domain      text NOT NULL,
    recorded_by text NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (account_id, domain)
);
ALTER TABLE contact_questions ENABLE ROW LEVEL SECURITY;
ALTER TABLE contact_questions FORCE ROW LEVEL SECURITY;
CREATE POLICY contact_questions_scope ON contact_questions USING (roomcover_sees(account_id, NULL));
ALTER TABLE account_domains ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_domains FORCE ROW LEVEL SECURITY;
CREATE POLICY account_domains_scope ON account_domains USING (roomcover_sees(account_id, NULL));

-- +goose Down
DROP TABLE account_domains;
DROP TABLE contact_questions;
