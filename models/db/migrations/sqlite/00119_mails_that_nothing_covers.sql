-- +goose Up
-- A mail that would open a ticket which nothing covers says so to the operator. SQLite changes no
-- check in place: the column is written anew.
ALTER TABLE inbound_mails RENAME COLUMN reason TO reason_before;
ALTER TABLE inbound_mails ADD COLUMN reason text NOT NULL DEFAULT '' CHECK (reason IN ('','PROVED','NO_TICKET','STRANGER','FORGED','UNPROVED','AUTOMATIC','REPORT','TOO_MANY','MANY_REOPENED','TICKET_GONE','NOT_COVERED','UNREADABLE'));
UPDATE inbound_mails SET reason = reason_before;
ALTER TABLE inbound_mails DROP COLUMN reason_before;
ALTER TABLE inbox_items RENAME COLUMN reason TO reason_before;
ALTER TABLE inbox_items ADD COLUMN reason text NOT NULL DEFAULT 'NO_TICKET' CHECK (reason IN ('PROVED','NO_TICKET','STRANGER','FORGED','UNPROVED','AUTOMATIC','REPORT','TOO_MANY','MANY_REOPENED','TICKET_GONE','NOT_COVERED','UNREADABLE'));
UPDATE inbox_items SET reason = reason_before;
ALTER TABLE inbox_items DROP COLUMN reason_before;

-- +goose Down
ALTER TABLE inbound_mails RENAME COLUMN reason TO reason_before;
ALTER TABLE inbound_mails ADD COLUMN reason text NOT NULL DEFAULT '' CHECK (reason IN ('','PROVED','NO_TICKET','STRANGER','FORGED','UNPROVED','AUTOMATIC','REPORT','TOO_MANY','MANY_REOPENED','TICKET_GONE','UNREADABLE'));
UPDATE inbound_mails SET reason = CASE reason_before WHEN 'NOT_COVERED' THEN 'TICKET_GONE' ELSE reason_before END;
ALTER TABLE inbound_mails DROP COLUMN reason_before;
ALTER TABLE inbox_items RENAME COLUMN reason TO reason_before;
ALTER TABLE inbox_items ADD COLUMN reason text NOT NULL DEFAULT 'NO_TICKET' CHECK (reason IN ('PROVED','NO_TICKET','STRANGER','FORGED','UNPROVED','AUTOMATIC','REPORT','TOO_MANY','MANY_REOPENED','TICKET_GONE','UNREADABLE'));
UPDATE inbox_items SET reason = CASE reason_before WHEN 'NOT_COVERED' THEN 'TICKET_GONE' ELSE reason_before END;
ALTER TABLE inbox_items DROP COLUMN reason_before;
