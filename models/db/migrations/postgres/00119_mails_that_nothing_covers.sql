-- +goose Up
SET LOCAL lock_timeout = '2s';
-- A mail that would open a ticket which nothing covers says so to the operator.
ALTER TABLE inbound_mails
    DROP CONSTRAINT IF EXISTS inbound_mails_reason_check,
    ADD CONSTRAINT inbound_mails_reason_check CHECK (reason IN (
        '','PROVED','NO_TICKET','STRANGER','FORGED','UNPROVED','AUTOMATIC',
        'REPORT','TOO_MANY','MANY_REOPENED','TICKET_GONE','NOT_COVERED','UNREADABLE')) NOT VALID;
ALTER TABLE inbox_items
    DROP CONSTRAINT IF EXISTS inbox_items_reason_check,
    ADD CONSTRAINT inbox_items_reason_check CHECK (reason IN (
        'PROVED','NO_TICKET','STRANGER','FORGED','UNPROVED','AUTOMATIC','REPORT',
        'TOO_MANY','MANY_REOPENED','TICKET_GONE','NOT_COVERED','UNREADABLE')) NOT VALID;
ALTER TABLE inbound_mails VALIDATE CONSTRAINT inbound_mails_reason_check;
ALTER TABLE inbox_items VALIDATE CONSTRAINT inbox_items_reason_check;

-- +goose Down
UPDATE inbound_mails SET reason = 'TICKET_GONE' WHERE reason = 'NOT_COVERED';
UPDATE inbox_items SET reason = 'TICKET_GONE' WHERE reason = 'NOT_COVERED';
ALTER TABLE inbound_mails
    DROP CONSTRAINT IF EXISTS inbound_mails_reason_check,
    ADD CONSTRAINT inbound_mails_reason_check CHECK (reason IN (
        '','PROVED','NO_TICKET','STRANGER','FORGED','UNPROVED','AUTOMATIC',
        'REPORT','TOO_MANY','MANY_REOPENED','TICKET_GONE','UNREADABLE'));
ALTER TABLE inbox_items
    DROP CONSTRAINT IF EXISTS inbox_items_reason_check,
    ADD CONSTRAINT inbox_items_reason_check CHECK (reason IN (
        'PROVED','NO_TICKET','STRANGER','FORGED','UNPROVED','AUTOMATIC','REPORT',
        'TOO_MANY','MANY_REOPENED','TICKET_GONE','UNREADABLE'));
