-- +goose Up
-- A unit of an extended warranty stands with a serial number (R39a): with one at a
-- time, and a serial has one. The serial need not be registered any more.
CREATE TABLE warranty_attachments (
    id          text PRIMARY KEY,
    account_id  text NOT NULL REFERENCES accounts (id),
    licence_id  text NOT NULL REFERENCES licences (id),
    serial      text NOT NULL,
    from_at     datetime NOT NULL,
    to_at       datetime,
    end_reason  text NOT NULL,
    attached_by text NOT NULL,
    CHECK (to_at IS NULL OR to_at >= from_at),
    CHECK ((to_at IS NULL) = (end_reason = ''))
);
CREATE UNIQUE INDEX warranty_attachments_open ON warranty_attachments (licence_id) WHERE to_at IS NULL;
CREATE UNIQUE INDEX warranty_attachments_open_serial ON warranty_attachments (account_id, serial) WHERE to_at IS NULL;
CREATE INDEX warranty_attachments_licence ON warranty_attachments (licence_id);
CREATE INDEX warranty_attachments_serial ON warranty_attachments (serial);
CREATE INDEX warranty_attachments_account ON warranty_attachments (account_id, id);
-- Extended warranties from before this service (R111): imported or claimed. Company
-- and address stay only until an operator has decided; the fingerprint tells a row
-- of a file that comes again.
CREATE TABLE earlier_warranties (
    id           text PRIMARY KEY,
    account_id   text REFERENCES accounts (id),
    source       text NOT NULL CHECK (source IN ('IMPORT','CLAIM')),
    state        text NOT NULL CHECK (state IN ('UNMATCHED','LINKED','REFUSED')),
    why          text NOT NULL,
    serial       text NOT NULL,
    starts_on    text NOT NULL,
    ends_on      text NOT NULL,
    start_at     datetime,
    end_at       datetime,
    sku          text NOT NULL,
    po_number    text NOT NULL,
    purchased_on text NOT NULL,
    company      text NOT NULL,
    address      text,
    fingerprint  text UNIQUE,
    submitted_by text NOT NULL,
    created_at   datetime NOT NULL,
    decided_by   text NOT NULL,
    decided_at   datetime,
    CHECK ((source = 'IMPORT') = (fingerprint IS NOT NULL)),
    CHECK ((state = 'LINKED') = (end_at IS NOT NULL) AND (start_at IS NULL) = (end_at IS NULL)),
    CHECK (state <> 'LINKED' OR account_id IS NOT NULL),
    CHECK (state = 'UNMATCHED' OR (company = '' AND address IS NULL))
);
CREATE UNIQUE INDEX earlier_warranties_claim ON earlier_warranties (account_id, serial) WHERE source = 'CLAIM' AND state = 'UNMATCHED';
CREATE UNIQUE INDEX earlier_warranties_linked ON earlier_warranties (account_id, serial, ends_on) WHERE state = 'LINKED';
CREATE INDEX earlier_warranties_serial ON earlier_warranties (serial);
CREATE INDEX earlier_warranties_account ON earlier_warranties (account_id, id);

-- +goose Down
DROP TABLE earlier_warranties;
DROP TABLE warranty_attachments;
