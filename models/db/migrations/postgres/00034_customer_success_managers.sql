-- +goose Up
-- Customer success managers are the operator's own people (R35e); an account names
-- one, who may have left since.
CREATE TABLE csms (
    id         text PRIMARY KEY,
    name       text NOT NULL,
    email      text NOT NULL UNIQUE,
    phone      text NOT NULL,
    active     boolean NOT NULL,
    created_at timestamptz NOT NULL,
    version    bigint NOT NULL
);
ALTER TABLE accounts ADD COLUMN csm_id text REFERENCES csms (id);
ALTER TABLE accounts ADD COLUMN version bigint NOT NULL DEFAULT 1;
CREATE INDEX accounts_csm ON accounts (csm_id);
-- Customers who have Select already are asked for too (A8).
INSERT INTO operator_tasks (id, kind, subject_id, account_id, dedupe_key, what, why, state, resolution, resolved_by, created_at)
SELECT 'tsk_' || substr(a.id, 5), 'ASSIGN_CSM', a.id, a.id, 'ASSIGN_CSM/' || a.id, 'Name the account''s customer success manager.',
    'It has Select, and nobody looks after it by name (R35e).', 'OPEN', '', '', a.created_at
FROM accounts a WHERE EXISTS (SELECT 1 FROM service_contracts c WHERE c.account_id = a.id AND c.type = 'SELECT' AND c.state NOT IN ('CANCELLED','EXPIRED'));

-- +goose Down
DELETE FROM operator_tasks WHERE kind = 'ASSIGN_CSM';
DROP INDEX accounts_csm;
ALTER TABLE accounts DROP COLUMN version;
ALTER TABLE accounts DROP COLUMN csm_id;
DROP TABLE csms;
