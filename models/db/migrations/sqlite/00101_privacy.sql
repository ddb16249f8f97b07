-- +goose Up
-- Requests of people about their own data (S33): an export or an erasure. subject is who it is
-- about, as rows name people; it is emptied when an erasure is done. gone counts the rows that an
-- erasure has changed so far.
CREATE TABLE privacy_requests (
    id           text PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('EXPORT','ERASURE')),
    state        text NOT NULL CHECK (state IN ('ASKED','READY','DECIDE','DONE','EXPIRED')),
    account_id   text REFERENCES accounts (id),
    user_id      text REFERENCES users (id),
    subject      text NOT NULL,
    subject_hash text NOT NULL,
    pseudonym    text NOT NULL,
    reason       text NOT NULL,
    requested_by text NOT NULL,
    gone         integer NOT NULL,
    stage        text NOT NULL,
    created_at   datetime NOT NULL,
    done_at      datetime,
    expires_at   datetime
);
CREATE INDEX privacy_requests_account ON privacy_requests (account_id);
CREATE INDEX privacy_requests_user ON privacy_requests (user_id);
CREATE UNIQUE INDEX privacy_requests_open ON privacy_requests (subject_hash, kind) WHERE state = 'ASKED';
-- What an export is, until it has expired.
CREATE TABLE privacy_exports (
    request_id text PRIMARY KEY REFERENCES privacy_requests (id),
    content    blob NOT NULL,
    created_at datetime NOT NULL
);
-- Texts that people wrote and that name an erased person: somebody decides about each.
CREATE TABLE privacy_findings (
    id         text PRIMARY KEY,
    request_id text NOT NULL REFERENCES privacy_requests (id),
    place      text NOT NULL,
    row_id     text NOT NULL,
    state      text NOT NULL CHECK (state IN ('OPEN','REPLACED','KEPT')),
    decided_by text NOT NULL,
    decided_at datetime
);
CREATE UNIQUE INDEX privacy_findings_once ON privacy_findings (request_id, place, row_id);
-- Incidents with personal data, and who was told of them.
CREATE TABLE incidents (
    id         text PRIMARY KEY,
    what       text NOT NULL,
    noticed_at datetime NOT NULL,
    noticed_by text NOT NULL,
    due_at     datetime NOT NULL,
    outcome    text NOT NULL,
    created_at datetime NOT NULL,
    closed_by  text NOT NULL,
    closed_at  datetime
);
CREATE TABLE incident_tellings (
    id          text PRIMARY KEY,
    incident_id text NOT NULL REFERENCES incidents (id),
    whom        text NOT NULL,
    told_by     text NOT NULL,
    told_at     datetime NOT NULL
);
CREATE INDEX incident_tellings_incident ON incident_tellings (incident_id, id);
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

-- +goose Down
DROP TRIGGER operator_tasks_kind_check_on_update;
DROP TRIGGER operator_tasks_kind_check_on_insert;
-- +goose StatementBegin
CREATE TRIGGER operator_tasks_kind_check_on_insert BEFORE INSERT ON operator_tasks
WHEN NOT (NEW.kind IN (
    'REVIEW_ORDER', 'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'INVITATION_UNCLAIMED',
    'INVITATION_REQUESTED', 'DECIDE_CONTACT', 'PROCESS_STUCK', 'OUTBOX_STUCK', 'SWEEP_LATE',
    'SWEEP_FAILED', 'SERIAL_CLAIMED', 'SHIPMENT_CONTRADICTED', 'CALENDAR_WITHOUT_HOLIDAYS',
    'CALENDAR_WITHOUT_WORKING_TIME', 'WARRANTY_UNMATCHED', 'WARRANTY_CLAIMED', 'ONE_PARENT',
    'NEAR_ACCOUNT', 'ASSIGN_CSM', 'DECIDE_RMA', 'RMA_LATE', 'RMA_PARCEL_SILENT', 'AWAITING_STOCK',
    'RMA_WRONG_UNIT', 'RMA_FEE', 'LABEL_UNREADABLE', 'CHOOSE_SPARE', 'SPARE_FEE', 'BREAK_GLASS_USED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: operator_tasks.kind');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER operator_tasks_kind_check_on_update BEFORE UPDATE OF kind ON operator_tasks
WHEN NOT (NEW.kind IN (
    'REVIEW_ORDER', 'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'INVITATION_UNCLAIMED',
    'INVITATION_REQUESTED', 'DECIDE_CONTACT', 'PROCESS_STUCK', 'OUTBOX_STUCK', 'SWEEP_LATE',
    'SWEEP_FAILED', 'SERIAL_CLAIMED', 'SHIPMENT_CONTRADICTED', 'CALENDAR_WITHOUT_HOLIDAYS',
    'CALENDAR_WITHOUT_WORKING_TIME', 'WARRANTY_UNMATCHED', 'WARRANTY_CLAIMED', 'ONE_PARENT',
    'NEAR_ACCOUNT', 'ASSIGN_CSM', 'DECIDE_RMA', 'RMA_LATE', 'RMA_PARCEL_SILENT', 'AWAITING_STOCK',
    'RMA_WRONG_UNIT', 'RMA_FEE', 'LABEL_UNREADABLE', 'CHOOSE_SPARE', 'SPARE_FEE', 'BREAK_GLASS_USED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: operator_tasks.kind');
END;
-- +goose StatementEnd
DROP TABLE incident_tellings;
DROP TABLE incidents;
DROP TABLE privacy_findings;
DROP TABLE privacy_exports;
DROP TABLE privacy_requests;
