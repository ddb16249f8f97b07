-- +goose Up
SET LOCAL lock_timeout = '2s';
-- A company's own sign-in says in time that it ends (S48): of which days before the end of its
-- provider's last certificate its company was told last; an operator is asked to help; and the
-- records of proved domains are looked for again each day.
ALTER TABLE sso_connections ADD COLUMN reminded_days bigint NOT NULL DEFAULT 0;
CREATE INDEX sso_connections_certificates ON sso_connections (certificates_until)
    WHERE certificates_until IS NOT NULL;
CREATE INDEX sso_domains_checked ON sso_domains (checked_at) WHERE proved_by = 'DNS';
ALTER TABLE operator_tasks DROP CONSTRAINT IF EXISTS operator_tasks_kind_check,
    ADD CONSTRAINT operator_tasks_kind_check CHECK (kind IN (
        'ASSIGN_CSM', 'AWAITING_STOCK', 'BREAK_GLASS_USED', 'CALENDAR_WITHOUT_HOLIDAYS',
        'CALENDAR_WITHOUT_WORKING_TIME', 'CHOOSE_SPARE', 'DECIDE_CONTACT', 'DECIDE_RMA',
        'INVITATION_REQUESTED', 'INVITATION_UNCLAIMED', 'LABEL_UNREADABLE',
        'MAILBOX_REQUEST', 'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'NEAR_ACCOUNT',
        'NO_ADMIN_REACHABLE', 'ONE_PARENT', 'OUTBOX_STUCK', 'PRIVACY_INCIDENT', 'PRIVACY_TEXTS', 'PROCESS_STUCK',
        'REVIEW_ORDER', 'RMA_FEE', 'RMA_LATE', 'RMA_PARCEL_SILENT', 'RMA_WRONG_UNIT',
        'SERIAL_CLAIMED', 'SHIPMENT_CONTRADICTED', 'SIGN_IN_ENDS', 'SPARE_FEE', 'SWEEP_FAILED',
        'SWEEP_LATE', 'TICKET', 'TICKET_WORSE', 'WARRANTY_CLAIMED', 'WARRANTY_UNMATCHED')) NOT VALID;
ALTER TABLE operator_tasks VALIDATE CONSTRAINT operator_tasks_kind_check;

-- +goose Down
DELETE FROM operator_tasks WHERE kind = 'SIGN_IN_ENDS';
ALTER TABLE operator_tasks DROP CONSTRAINT IF EXISTS operator_tasks_kind_check,
    ADD CONSTRAINT operator_tasks_kind_check CHECK (kind IN (
        'ASSIGN_CSM', 'AWAITING_STOCK', 'BREAK_GLASS_USED', 'CALENDAR_WITHOUT_HOLIDAYS',
        'CALENDAR_WITHOUT_WORKING_TIME', 'CHOOSE_SPARE', 'DECIDE_CONTACT', 'DECIDE_RMA',
        'INVITATION_REQUESTED', 'INVITATION_UNCLAIMED', 'LABEL_UNREADABLE',
        'MAILBOX_REQUEST', 'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'NEAR_ACCOUNT',
        'NO_ADMIN_REACHABLE', 'ONE_PARENT', 'OUTBOX_STUCK', 'PRIVACY_INCIDENT', 'PRIVACY_TEXTS', 'PROCESS_STUCK',
        'REVIEW_ORDER', 'RMA_FEE', 'RMA_LATE', 'RMA_PARCEL_SILENT', 'RMA_WRONG_UNIT',
        'SERIAL_CLAIMED', 'SHIPMENT_CONTRADICTED', 'SPARE_FEE', 'SWEEP_FAILED',
        'SWEEP_LATE', 'TICKET', 'TICKET_WORSE', 'WARRANTY_CLAIMED', 'WARRANTY_UNMATCHED')) NOT VALID;
ALTER TABLE operator_tasks VALIDATE CONSTRAINT operator_tasks_kind_check;
DROP INDEX sso_domains_checked;
DROP INDEX sso_connections_certificates;
ALTER TABLE sso_connections DROP COLUMN reminded_days;
