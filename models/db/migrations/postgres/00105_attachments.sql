-- +goose Up
SET LOCAL lock_timeout = '2s';
-- Files that people attach to what they write (S43). owner_id is what a file hangs on, group_id
-- what that belongs to. next_at, a real instant, is when it is to be scanned or drawn.
CREATE TABLE attachments (
    id          text PRIMARY KEY,
    account_id  text REFERENCES accounts (id),
    owner_id    text NOT NULL,
    group_id    text NOT NULL,
    name        text NOT NULL,
    media_type  text NOT NULL,
    size        bigint NOT NULL CHECK (size > 0),
    sha256      text NOT NULL,
    scan_state  text NOT NULL CHECK (scan_state IN ('CLEAN','ERROR','INFECTED','NOT_SCANNED','PENDING','TOO_LARGE')),
    finding     text NOT NULL,
    uploaded_by text NOT NULL,
    created_at  timestamptz NOT NULL,
    gone_at     timestamptz,
    attempts    bigint NOT NULL,
    next_at     timestamptz,
    CONSTRAINT attachments_of_account UNIQUE (account_id, id)
);
CREATE UNIQUE INDEX attachments_once ON attachments (owner_id, sha256, name);
CREATE INDEX attachments_account ON attachments (account_id);
CREATE INDEX attachments_next ON attachments (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX attachments_kept ON attachments (created_at) WHERE gone_at IS NULL;
CREATE INDEX attachments_scan ON attachments (scan_state, id) WHERE scan_state <> 'CLEAN' AND gone_at IS NULL;
-- Their content, in pieces of 256 KiB.
CREATE TABLE attachment_chunks (
    attachment_id text NOT NULL REFERENCES attachments (id),
    no            bigint NOT NULL,
    account_id    text REFERENCES accounts (id),
    content       bytea NOT NULL,
    PRIMARY KEY (attachment_id, no),
    CONSTRAINT attachment_chunks_attachment_id_of_account FOREIGN KEY (account_id, attachment_id)
        REFERENCES attachments (account_id, id)
);
CREATE INDEX attachment_chunks_account ON attachment_chunks (account_id);
-- Most files are compressed already.
ALTER TABLE attachment_chunks ALTER COLUMN content SET STORAGE EXTERNAL;
-- Small pictures that the service has drawn.
CREATE TABLE attachment_thumbnails (
    attachment_id text PRIMARY KEY REFERENCES attachments (id),
    account_id    text REFERENCES accounts (id),
    media_type    text NOT NULL,
    content       bytea NOT NULL,
    width         bigint NOT NULL,
    height        bigint NOT NULL,
    CONSTRAINT attachment_thumbnails_attachment_id_of_account FOREIGN KEY (account_id, attachment_id)
        REFERENCES attachments (account_id, id)
);
CREATE INDEX attachment_thumbnails_account ON attachment_thumbnails (account_id);
-- How much hangs on an owner, and on a group of owners.
CREATE TABLE attachment_quotas (
    owner_id   text PRIMARY KEY,
    account_id text REFERENCES accounts (id),
    files      bigint NOT NULL,
    bytes      bigint NOT NULL
);
CREATE INDEX attachment_quotas_account ON attachment_quotas (account_id);
ALTER TABLE attachments ENABLE ROW LEVEL SECURITY;
ALTER TABLE attachments FORCE ROW LEVEL SECURITY;
CREATE POLICY attachments_scope ON attachments USING (roomcover_sees(account_id, NULL));
ALTER TABLE attachment_chunks ENABLE ROW LEVEL SECURITY;
ALTER TABLE attachment_chunks FORCE ROW LEVEL SECURITY;
CREATE POLICY attachment_chunks_scope ON attachment_chunks USING (roomcover_sees(account_id, NULL));
ALTER TABLE attachment_thumbnails ENABLE ROW LEVEL SECURITY;
ALTER TABLE attachment_thumbnails FORCE ROW LEVEL SECURITY;
CREATE POLICY attachment_thumbnails_scope ON attachment_thumbnails USING (roomcover_sees(account_id, NULL));
ALTER TABLE attachment_quotas ENABLE ROW LEVEL SECURITY;
ALTER TABLE attachment_quotas FORCE ROW LEVEL SECURITY;
CREATE POLICY attachment_quotas_scope ON attachment_quotas USING (roomcover_sees(account_id, NULL));

-- +goose Down
DROP TABLE attachment_quotas;
DROP TABLE attachment_thumbnails;
DROP TABLE attachment_chunks;
DROP TABLE attachments;
