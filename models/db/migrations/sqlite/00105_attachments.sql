-- +goose Up
-- Files that people attach to what they write (S43). owner_id is what a file hangs on, group_id
-- what that belongs to. next_at, a real instant, is when it is to be scanned or drawn.
CREATE TABLE attachments (
    id          text PRIMARY KEY,
    account_id  text REFERENCES accounts (id),
    owner_id    text NOT NULL,
    group_id    text NOT NULL,
    name        text NOT NULL,
    media_type  text NOT NULL,
    size        integer NOT NULL CHECK (size > 0),
    sha256      text NOT NULL,
    scan_state  text NOT NULL CHECK (scan_state IN ('CLEAN','ERROR','INFECTED','NOT_SCANNED','PENDING','TOO_LARGE')),
    finding     text NOT NULL,
    uploaded_by text NOT NULL,
    created_at  datetime NOT NULL,
    gone_at     datetime,
    attempts    integer NOT NULL,
    next_at     datetime,
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
    no            integer NOT NULL,
    account_id    text REFERENCES accounts (id),
    content       blob NOT NULL,
    PRIMARY KEY (attachment_id, no)
);
CREATE INDEX attachment_chunks_account ON attachment_chunks (account_id);
-- Small pictures that the service has drawn.
CREATE TABLE attachment_thumbnails (
    attachment_id text PRIMARY KEY REFERENCES attachments (id),
    account_id    text REFERENCES accounts (id),
    media_type    text NOT NULL,
    content       blob NOT NULL,
    width         integer NOT NULL,
    height        integer NOT NULL
);
CREATE INDEX attachment_thumbnails_account ON attachment_thumbnails (account_id);
-- How much hangs on an owner, and on a group of owners.
CREATE TABLE attachment_quotas (
    owner_id   text PRIMARY KEY,
    account_id text REFERENCES accounts (id),
    files      integer NOT NULL,
    bytes      integer NOT NULL
);
CREATE INDEX attachment_quotas_account ON attachment_quotas (account_id);
-- +goose StatementBegin
CREATE TRIGGER attachment_chunks_attachment_id_of_account_on_insert BEFORE INSERT ON attachment_chunks
WHEN NEW.account_id IS NOT NULL AND NEW.attachment_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM attachments WHERE id = NEW.attachment_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: attachment_chunks.attachment_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER attachment_chunks_attachment_id_of_account_on_update BEFORE UPDATE OF account_id, attachment_id ON attachment_chunks
WHEN NEW.account_id IS NOT NULL AND NEW.attachment_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM attachments WHERE id = NEW.attachment_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: attachment_chunks.attachment_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER attachment_thumbnails_attachment_id_of_account_on_insert BEFORE INSERT ON attachment_thumbnails
WHEN NEW.account_id IS NOT NULL AND NEW.attachment_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM attachments WHERE id = NEW.attachment_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: attachment_thumbnails.attachment_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER attachment_thumbnails_attachment_id_of_account_on_update BEFORE UPDATE OF account_id, attachment_id ON attachment_thumbnails
WHEN NEW.account_id IS NOT NULL AND NEW.attachment_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM attachments WHERE id = NEW.attachment_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: attachment_thumbnails.attachment_id is of another account');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE attachment_quotas;
DROP TABLE attachment_thumbnails;
DROP TABLE attachment_chunks;
DROP TABLE attachments;
