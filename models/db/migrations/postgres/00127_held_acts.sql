-- +goose Up
SET LOCAL lock_timeout = '2s';
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
    created_at  timestamptz NOT NULL,
    due_at      timestamptz NOT NULL
);
CREATE UNIQUE INDEX held_acts_subject ON held_acts (subject_id);
CREATE INDEX held_acts_account ON held_acts (account_id);
ALTER TABLE held_acts ENABLE ROW LEVEL SECURITY;
ALTER TABLE held_acts FORCE ROW LEVEL SECURITY;
CREATE POLICY held_acts_scope ON held_acts USING (roomcover_open());
ALTER TABLE outbox_events DROP CONSTRAINT IF EXISTS outbox_events_kind_check,
    ADD CONSTRAINT outbox_events_kind_check CHECK (kind IN (
        'order.start', 'order.decided', 'order.cancelled', 'order.retry',
        'invitation.start', 'invitation.closed', 'invitation.retry', 'mail.start',
        'import.start', 'shipment.moved', 'rma.start', 'rma.changed', 'rma.retry',
        'spare.start', 'spare.changed', 'spare.retry', 'event.rma_breached',
        'event.fee_billed', 'event.fee_credited', 'ticket.start', 'ticket.changed',
        'ticket.mails', 'ticket.retry', 'act.due')) NOT VALID;
ALTER TABLE outbox_events VALIDATE CONSTRAINT outbox_events_kind_check;

-- +goose Down
DELETE FROM outbox_events WHERE kind = 'act.due';
DROP TABLE held_acts;
ALTER TABLE outbox_events DROP CONSTRAINT IF EXISTS outbox_events_kind_check,
    ADD CONSTRAINT outbox_events_kind_check CHECK (kind IN (
        'order.start', 'order.decided', 'order.cancelled', 'order.retry',
        'invitation.start', 'invitation.closed', 'invitation.retry', 'mail.start',
        'import.start', 'shipment.moved', 'rma.start', 'rma.changed', 'rma.retry',
        'spare.start', 'spare.changed', 'spare.retry', 'event.rma_breached',
        'event.fee_billed', 'event.fee_credited', 'ticket.start', 'ticket.changed',
        'ticket.mails', 'ticket.retry')) NOT VALID;
ALTER TABLE outbox_events VALIDATE CONSTRAINT outbox_events_kind_check;
