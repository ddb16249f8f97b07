-- +goose Up
SET LOCAL lock_timeout = '2s';
-- What workflows are told about tickets, and what operators are asked about them.
ALTER TABLE outbox_events DROP CONSTRAINT IF EXISTS outbox_events_kind_check,
    ADD CONSTRAINT outbox_events_kind_check CHECK (kind IN (
        'order.start', 'order.decided', 'order.cancelled', 'order.retry',
        'invitation.start', 'invitation.closed', 'invitation.retry', 'mail.start',
        'import.start', 'shipment.moved', 'rma.start', 'rma.changed', 'rma.retry',
        'spare.start', 'spare.changed', 'spare.retry', 'event.rma_breached',
        'event.fee_billed', 'event.fee_credited', 'ticket.start', 'ticket.changed',
        'ticket.mails', 'ticket.retry')) NOT VALID;
ALTER TABLE outbox_events VALIDATE CONSTRAINT outbox_events_kind_check;
ALTER TABLE operator_tasks DROP CONSTRAINT IF EXISTS operator_tasks_kind_check,
    ADD CONSTRAINT operator_tasks_kind_check CHECK (kind IN (
        'ASSIGN_CSM', 'AWAITING_STOCK', 'BREAK_GLASS_USED', 'CALENDAR_WITHOUT_HOLIDAYS',
        'CALENDAR_WITHOUT_WORKING_TIME', 'CHOOSE_SPARE', 'DECIDE_CONTACT', 'DECIDE_RMA',
        'INVITATION_REQUESTED', 'INVITATION_UNCLAIMED', 'LABEL_UNREADABLE',
        'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'NEAR_ACCOUNT', 'ONE_PARENT', 'OUTBOX_STUCK',
        'PRIVACY_INCIDENT', 'PRIVACY_TEXTS', 'PROCESS_STUCK', 'REVIEW_ORDER', 'RMA_FEE',
        'RMA_LATE', 'RMA_PARCEL_SILENT', 'RMA_WRONG_UNIT', 'SERIAL_CLAIMED',
        'SHIPMENT_CONTRADICTED', 'SPARE_FEE', 'SWEEP_FAILED', 'SWEEP_LATE',
        'TICKET', 'TICKET_WORSE', 'WARRANTY_CLAIMED',
        'WARRANTY_UNMATCHED')) NOT VALID;
ALTER TABLE operator_tasks VALIDATE CONSTRAINT operator_tasks_kind_check;

-- +goose Down
ALTER TABLE outbox_events DROP CONSTRAINT IF EXISTS outbox_events_kind_check,
    ADD CONSTRAINT outbox_events_kind_check CHECK (kind IN (
        'order.start', 'order.decided', 'order.cancelled', 'order.retry',
        'invitation.start', 'invitation.closed', 'invitation.retry', 'mail.start',
        'import.start', 'shipment.moved', 'rma.start', 'rma.changed', 'rma.retry',
        'spare.start', 'spare.changed', 'spare.retry', 'event.rma_breached',
        'event.fee_billed', 'event.fee_credited')) NOT VALID;
ALTER TABLE outbox_events VALIDATE CONSTRAINT outbox_events_kind_check;
ALTER TABLE operator_tasks DROP CONSTRAINT IF EXISTS operator_tasks_kind_check,
    ADD CONSTRAINT operator_tasks_kind_check CHECK (kind IN (
        'ASSIGN_CSM', 'AWAITING_STOCK', 'BREAK_GLASS_USED', 'CALENDAR_WITHOUT_HOLIDAYS',
        'CALENDAR_WITHOUT_WORKING_TIME', 'CHOOSE_SPARE', 'DECIDE_CONTACT', 'DECIDE_RMA',
        'INVITATION_REQUESTED', 'INVITATION_UNCLAIMED', 'LABEL_UNREADABLE',
        'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'NEAR_ACCOUNT', 'ONE_PARENT', 'OUTBOX_STUCK',
        'PRIVACY_INCIDENT', 'PRIVACY_TEXTS', 'PROCESS_STUCK', 'REVIEW_ORDER', 'RMA_FEE',
        'RMA_LATE', 'RMA_PARCEL_SILENT', 'RMA_WRONG_UNIT', 'SERIAL_CLAIMED',
        'SHIPMENT_CONTRADICTED', 'SPARE_FEE', 'SWEEP_FAILED', 'SWEEP_LATE',
        'WARRANTY_CLAIMED', 'WARRANTY_UNMATCHED')) NOT VALID;
ALTER TABLE operator_tasks VALIDATE CONSTRAINT operator_tasks_kind_check;
