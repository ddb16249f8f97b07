-- +goose Up
SET LOCAL lock_timeout = '2s';
-- A file of what operators note for themselves is no tenant's to see (S42).
ALTER TABLE attachments ADD COLUMN internal boolean NOT NULL DEFAULT false;
ALTER TABLE attachment_chunks ADD COLUMN internal boolean NOT NULL DEFAULT false;
ALTER TABLE attachment_thumbnails ADD COLUMN internal boolean NOT NULL DEFAULT false;
ALTER TABLE attachment_quotas ADD COLUMN internal boolean NOT NULL DEFAULT false;
CREATE INDEX attachments_group ON attachments (group_id);
DROP POLICY attachments_scope ON attachments;
CREATE POLICY attachments_scope ON attachments USING (roomcover_open() OR (NOT internal AND roomcover_sees(account_id, NULL)));
DROP POLICY attachment_chunks_scope ON attachment_chunks;
CREATE POLICY attachment_chunks_scope ON attachment_chunks USING (roomcover_open() OR (NOT internal AND roomcover_sees(account_id, NULL)));
DROP POLICY attachment_thumbnails_scope ON attachment_thumbnails;
CREATE POLICY attachment_thumbnails_scope ON attachment_thumbnails USING (roomcover_open() OR (NOT internal AND roomcover_sees(account_id, NULL)));
DROP POLICY attachment_quotas_scope ON attachment_quotas;
CREATE POLICY attachment_quotas_scope ON attachment_quotas USING (roomcover_open() OR (NOT internal AND roomcover_sees(account_id, NULL)));
-- A note stands behind the last entry before it, and takes no number of its own: it changes nothing
-- of the ticket that a customer can see.
DROP INDEX ticket_notes_seq;
CREATE INDEX ticket_notes_seq ON ticket_notes (ticket_id, seq, id);
-- Files of a mail that were not taken: what they were called, how large they were, and why (S44).
CREATE TABLE attachment_refusals (
    id         text PRIMARY KEY,
    account_id text REFERENCES accounts (id),
    owner_id   text NOT NULL,
    group_id   text NOT NULL,
    name       text NOT NULL,
    size       bigint NOT NULL,
    code       text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX attachment_refusals_group ON attachment_refusals (group_id);
CREATE INDEX attachment_refusals_account ON attachment_refusals (account_id);
ALTER TABLE attachment_refusals ENABLE ROW LEVEL SECURITY;
ALTER TABLE attachment_refusals FORCE ROW LEVEL SECURITY;
CREATE POLICY attachment_refusals_scope ON attachment_refusals USING (roomcover_sees(account_id, NULL));

-- +goose Down
DROP TABLE attachment_refusals;
DROP INDEX ticket_notes_seq;
CREATE INDEX ticket_notes_seq ON ticket_notes (ticket_id, seq);
DROP POLICY attachment_quotas_scope ON attachment_quotas;
CREATE POLICY attachment_quotas_scope ON attachment_quotas USING (roomcover_sees(account_id, NULL));
DROP POLICY attachment_thumbnails_scope ON attachment_thumbnails;
CREATE POLICY attachment_thumbnails_scope ON attachment_thumbnails USING (roomcover_sees(account_id, NULL));
DROP POLICY attachment_chunks_scope ON attachment_chunks;
CREATE POLICY attachment_chunks_scope ON attachment_chunks USING (roomcover_sees(account_id, NULL));
DROP POLICY attachments_scope ON attachments;
CREATE POLICY attachments_scope ON attachments USING (roomcover_sees(account_id, NULL));
DROP INDEX attachments_group;
ALTER TABLE attachment_quotas DROP COLUMN internal;
ALTER TABLE attachment_thumbnails DROP COLUMN internal;
ALTER TABLE attachment_chunks DROP COLUMN internal;
ALTER TABLE attachments DROP COLUMN internal;
