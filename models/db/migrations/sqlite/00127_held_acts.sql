-- +goose Up
-- An operator's command that leaves the house is held for some seconds, in which it can be taken
-- back. The row goes when the command is done, refused or taken back; the audit says which. One
-- subject has one such command at a time.
CREATE TABLE held_acts (
    id          text PRIMARY KEY,
    subject_id  text NOT NULL,
    account_id  text REFERENCES accounts (id),
    operator_id text NOT NULL,
    name        text NOT NULL,
    command     text NOT NULL,
    created_at  datetime NOT NULL,
    due_at      datetime NOT NULL
);
CREATE UNIQUE INDEX held_acts_subject ON held_acts (subject_id);
CREATE INDEX held_acts_account ON held_acts (account_id);
DROP TRIGGER outbox_events_kind_check_on_update;
DROP TRIGGER outbox_events_kind_check_on_insert;
-- +goose StatementBegin
CREATE TRIGGER outbox_events_kind_check_on_insert BEFORE INSERT ON outbox_events
WHEN NOT (NEW.kind IN (
    'order.start', 'order.decided', 'order.cancelled', 'order.retry',
    'invitation.start', 'invitation.closed', 'invitation.retry', 'mail.start',
    'import.start', 'shipment.moved', 'rma.start', 'rma.changed', 'rma.retry',
    'spare.start', 'spare.changed', 'spare.retry', 'event.rma_breached',
    'event.fee_billed', 'event.fee_credited', 'ticket.start', 'ticket.changed',
    'ticket.mails', 'ticket.retry', 'act.due'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: outbox_events.kind');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER outbox_events_kind_check_on_update BEFORE UPDATE OF kind ON outbox_events
WHEN NOT (NEW.kind IN (
    'order.start', 'order.decided', 'order.cancelled', 'order.retry',
    'invitation.start', 'invitation.closed', 'invitation.retry', 'mail.start',
    'import.start', 'shipment.moved', 'rma.start', 'rma.changed', 'rma.retry',
    'spare.start', 'spare.changed', 'spare.retry', 'event.rma_breached',
    'event.fee_billed', 'event.fee_credited', 'ticket.start', 'ticket.changed',
    'ticket.mails', 'ticket.retry', 'act.due'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: outbox_events.kind');
END;
-- +goose StatementEnd

-- +goose Down
DELETE FROM outbox_events WHERE kind = 'act.due';
DROP TABLE held_acts;
DROP TRIGGER outbox_events_kind_check_on_update;
DROP TRIGGER outbox_events_kind_check_on_insert;
-- +goose StatementBegin
CREATE TRIGGER outbox_events_kind_check_on_insert BEFORE INSERT ON outbox_events
WHEN NOT (NEW.kind IN (
    'order.start', 'order.decided', 'order.cancelled', 'order.retry',
    'invitation.start', 'invitation.closed', 'invitation.retry', 'mail.start',
    'import.start', 'shipment.moved', 'rma.start', 'rma.changed', 'rma.retry',
    'spare.start', 'spare.changed', 'spare.retry', 'event.rma_breached',
    'event.fee_billed', 'event.fee_credited', 'ticket.start', 'ticket.changed',
    'ticket.mails', 'ticket.retry'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: outbox_events.kind');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER outbox_events_kind_check_on_update BEFORE UPDATE OF kind ON outbox_events
WHEN NOT (NEW.kind IN (
    'order.start', 'order.decided', 'order.cancelled', 'order.retry',
    'invitation.start', 'invitation.closed', 'invitation.retry', 'mail.start',
    'import.start', 'shipment.moved', 'rma.start', 'rma.changed', 'rma.retry',
    'spare.start', 'spare.changed', 'spare.retry', 'event.rma_breached',
    'event.fee_billed', 'event.fee_credited', 'ticket.start', 'ticket.changed',
    'ticket.mails', 'ticket.retry'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: outbox_events.kind');
END;
-- +goose StatementEnd
