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
    asked_at      datetime NOT NULL,
    answer_until  datetime NOT NULL,
    escalated_at  datetime,
    answered_at   datetime,
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
    created_at  datetime NOT NULL,
    PRIMARY KEY (account_id, domain)
);

-- +goose Down
DROP TABLE account_domains;
DROP TABLE contact_questions;
