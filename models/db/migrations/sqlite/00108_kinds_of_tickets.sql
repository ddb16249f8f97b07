-- +goose Up
-- What workflows are told about tickets, and what operators are asked about them.
DROP TRIGGER outbox_events_kind_check_on_update;
DROP TRIGGER outbox_events_kind_check_on_insert;
-- +goose StatementBegin
CREATE TRIGGER outbox_events_kind_check_on_insert BEFORE INSERT ON outbox_events
WHEN NOT (NEW.kind IN (
    'order.start', 'order.decided', 'order.cancelled', 'order.retry', 'invitation.start',
    'invitation.closed', 'invitation.retry', 'mail.start', 'import.start', 'shipment.moved',
    'rma.start', 'rma.changed', 'rma.retry', 'spare.start', 'spare.changed', 'spare.retry',
    'event.rma_breached', 'event.fee_billed', 'event.fee_credited', 'ticket.start',
    'ticket.changed', 'ticket.mails', 'ticket.retry'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: outbox_events.kind');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER outbox_events_kind_check_on_update BEFORE UPDATE OF kind ON outbox_events
WHEN NOT (NEW.kind IN (
    'order.start', 'order.decided', 'order.cancelled', 'order.retry', 'invitation.start',
    'invitation.closed', 'invitation.retry', 'mail.start', 'import.start', 'shipment.moved',
    'rma.start', 'rma.changed', 'rma.retry', 'spare.start', 'spare.changed', 'spare.retry',
    'event.rma_breached', 'event.fee_billed', 'event.fee_credited', 'ticket.start',
    'ticket.changed', 'ticket.mails', 'ticket.retry'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: outbox_events.kind');
END;
-- +goose StatementEnd
DROP TRIGGER operator_tasks_kind_check_on_update;
DROP TRIGGER operator_tasks_kind_check_on_insert;
-- +goose StatementBegin
CREATE TRIGGER operator_tasks_kind_check_on_insert BEFORE INSERT ON operator_tasks
WHEN NOT (NEW.kind IN (
    'ASSIGN_CSM', 'AWAITING_STOCK', 'BREAK_GLASS_USED', 'CALENDAR_WITHOUT_HOLIDAYS',
    'CALENDAR_WITHOUT_WORKING_TIME', 'CHOOSE_SPARE', 'DECIDE_CONTACT', 'DECIDE_RMA',
    'INVITATION_REQUESTED', 'INVITATION_UNCLAIMED', 'LABEL_UNREADABLE',
    'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'NEAR_ACCOUNT', 'ONE_PARENT', 'OUTBOX_STUCK',
    'PRIVACY_INCIDENT', 'PRIVACY_TEXTS', 'PROCESS_STUCK', 'REVIEW_ORDER', 'RMA_FEE',
    'RMA_LATE', 'RMA_PARCEL_SILENT', 'RMA_WRONG_UNIT', 'SERIAL_CLAIMED',
    'SHIPMENT_CONTRADICTED', 'SPARE_FEE', 'SWEEP_FAILED', 'SWEEP_LATE', 'TICKET', 'TICKET_WORSE', 'WARRANTY_CLAIMED', 'WARRANTY_UNMATCHED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: operator_tasks.kind');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER operator_tasks_kind_check_on_update BEFORE UPDATE OF kind ON operator_tasks
WHEN NOT (NEW.kind IN (
    'ASSIGN_CSM', 'AWAITING_STOCK', 'BREAK_GLASS_USED', 'CALENDAR_WITHOUT_HOLIDAYS',
    'CALENDAR_WITHOUT_WORKING_TIME', 'CHOOSE_SPARE', 'DECIDE_CONTACT', 'DECIDE_RMA',
    'INVITATION_REQUESTED', 'INVITATION_UNCLAIMED', 'LABEL_UNREADABLE',
    'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'NEAR_ACCOUNT', 'ONE_PARENT', 'OUTBOX_STUCK',
    'PRIVACY_INCIDENT', 'PRIVACY_TEXTS', 'PROCESS_STUCK', 'REVIEW_ORDER', 'RMA_FEE',
    'RMA_LATE', 'RMA_PARCEL_SILENT', 'RMA_WRONG_UNIT', 'SERIAL_CLAIMED',
    'SHIPMENT_CONTRADICTED', 'SPARE_FEE', 'SWEEP_FAILED', 'SWEEP_LATE', 'TICKET', 'TICKET_WORSE', 'WARRANTY_CLAIMED', 'WARRANTY_UNMATCHED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: operator_tasks.kind');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER outbox_events_kind_check_on_update;
DROP TRIGGER outbox_events_kind_check_on_insert;
-- +goose StatementBegin
CREATE TRIGGER outbox_events_kind_check_on_insert BEFORE INSERT ON outbox_events
WHEN NOT (NEW.kind IN (
    'order.start', 'order.decided', 'order.cancelled', 'order.retry', 'invitation.start',
    'invitation.closed', 'invitation.retry', 'mail.start', 'import.start', 'shipment.moved',
    'rma.start', 'rma.changed', 'rma.retry', 'spare.start', 'spare.changed', 'spare.retry',
    'event.rma_breached', 'event.fee_billed', 'event.fee_credited'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: outbox_events.kind');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER outbox_events_kind_check_on_update BEFORE UPDATE OF kind ON outbox_events
WHEN NOT (NEW.kind IN (
    'order.start', 'order.decided', 'order.cancelled', 'order.retry', 'invitation.start',
    'invitation.closed', 'invitation.retry', 'mail.start', 'import.start', 'shipment.moved',
    'rma.start', 'rma.changed', 'rma.retry', 'spare.start', 'spare.changed', 'spare.retry',
    'event.rma_breached', 'event.fee_billed', 'event.fee_credited'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: outbox_events.kind');
END;
-- +goose StatementEnd
DROP TRIGGER operator_tasks_kind_check_on_update;
DROP TRIGGER operator_tasks_kind_check_on_insert;
-- +goose StatementBegin
CREATE TRIGGER operator_tasks_kind_check_on_insert BEFORE INSERT ON operator_tasks
WHEN NOT (NEW.kind IN (
    'ASSIGN_CSM', 'AWAITING_STOCK', 'BREAK_GLASS_USED', 'CALENDAR_WITHOUT_HOLIDAYS',
    'CALENDAR_WITHOUT_WORKING_TIME', 'CHOOSE_SPARE', 'DECIDE_CONTACT', 'DECIDE_RMA',
    'INVITATION_REQUESTED', 'INVITATION_UNCLAIMED', 'LABEL_UNREADABLE',
    'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'NEAR_ACCOUNT', 'ONE_PARENT', 'OUTBOX_STUCK',
    'PRIVACY_INCIDENT', 'PRIVACY_TEXTS', 'PROCESS_STUCK', 'REVIEW_ORDER', 'RMA_FEE',
    'RMA_LATE', 'RMA_PARCEL_SILENT', 'RMA_WRONG_UNIT', 'SERIAL_CLAIMED',
    'SHIPMENT_CONTRADICTED', 'SPARE_FEE', 'SWEEP_FAILED', 'SWEEP_LATE', 'WARRANTY_CLAIMED',
    'WARRANTY_UNMATCHED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: operator_tasks.kind');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER operator_tasks_kind_check_on_update BEFORE UPDATE OF kind ON operator_tasks
WHEN NOT (NEW.kind IN (
    'ASSIGN_CSM', 'AWAITING_STOCK', 'BREAK_GLASS_USED', 'CALENDAR_WITHOUT_HOLIDAYS',
    'CALENDAR_WITHOUT_WORKING_TIME', 'CHOOSE_SPARE', 'DECIDE_CONTACT', 'DECIDE_RMA',
    'INVITATION_REQUESTED', 'INVITATION_UNCLAIMED', 'LABEL_UNREADABLE',
    'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'NEAR_ACCOUNT', 'ONE_PARENT', 'OUTBOX_STUCK',
    'PRIVACY_INCIDENT', 'PRIVACY_TEXTS', 'PROCESS_STUCK', 'REVIEW_ORDER', 'RMA_FEE',
    'RMA_LATE', 'RMA_PARCEL_SILENT', 'RMA_WRONG_UNIT', 'SERIAL_CLAIMED',
    'SHIPMENT_CONTRADICTED', 'SPARE_FEE', 'SWEEP_FAILED', 'SWEEP_LATE', 'WARRANTY_CLAIMED',
    'WARRANTY_UNMATCHED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: operator_tasks.kind');
END;
-- +goose StatementEnd
