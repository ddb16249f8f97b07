-- +goose Up
-- A parent that was merged into another; its companies' new accounts go there (S27).
ALTER TABLE orgs ADD COLUMN merged_into text REFERENCES orgs (id);
-- What each parent earned and lost in spares, and why (R80, R81). One cause writes
-- once; a parent's lines are numbered, so that two writers cannot both be next.
CREATE TABLE spare_ledger (
    id            text PRIMARY KEY,
    parent_org_id text NOT NULL REFERENCES orgs (id),
    seq           bigint NOT NULL,
    delta         bigint NOT NULL CHECK (delta <> 0),
    cause         text NOT NULL CHECK (cause IN ('ORDER','CANCELLATION','EXPIRY','MERGE','SPLIT','TRANSFER')),
    source_id     text NOT NULL,
    licences      bigint NOT NULL,
    created_at    datetime NOT NULL
);
CREATE UNIQUE INDEX spare_ledger_seq ON spare_ledger (parent_org_id, seq);
CREATE UNIQUE INDEX spare_ledger_once ON spare_ledger (parent_org_id, cause, source_id) WHERE cause IN ('ORDER','CANCELLATION','EXPIRY');

-- +goose Down
DROP TABLE spare_ledger;
ALTER TABLE orgs DROP COLUMN merged_into;
