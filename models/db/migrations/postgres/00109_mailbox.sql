-- +goose Up
SET LOCAL lock_timeout = '2s';
-- Mails as they came in (S44), before anything was read of them; dedupe_key is the hash of the mail
-- and its recipient. What was read and decided stands beside it; sender is emptied with the mail.
CREATE TABLE inbound_mails (
    id            text PRIMARY KEY,
    dedupe_key    text NOT NULL,
    envelope_from text NOT NULL,
    envelope_to   text NOT NULL,
    envelope      boolean NOT NULL,
    size          bigint NOT NULL,
    state         text NOT NULL CHECK (state IN ('RECEIVED','DECIDED','FAILED')),
    outcome       text NOT NULL CHECK (outcome IN ('','MESSAGE','AUTOMATIC_REPLY','DELIVERY','ITEM','FILED')),
    reason        text NOT NULL CHECK (reason IN ('','PROVED','NO_TICKET','STRANGER','FORGED','UNPROVED','AUTOMATIC','REPORT','TOO_MANY','MANY_REOPENED','TICKET_GONE','UNREADABLE')),
    sender        text NOT NULL,
    sender_hash   text NOT NULL,
    message_hash  text NOT NULL,
    ticket        text NOT NULL,
    account_id    text REFERENCES accounts (id),
    reopened      boolean NOT NULL,
    attempts      bigint NOT NULL,
    received_at   timestamptz NOT NULL,
    decided_at    timestamptz
);
CREATE UNIQUE INDEX inbound_mails_once ON inbound_mails (dedupe_key);
CREATE INDEX inbound_mails_waiting ON inbound_mails (received_at) WHERE state = 'RECEIVED';
CREATE INDEX inbound_mails_ticket ON inbound_mails (ticket, decided_at) WHERE ticket <> '';
CREATE INDEX inbound_mails_message ON inbound_mails (message_hash) WHERE message_hash <> '';
CREATE INDEX inbound_mails_account ON inbound_mails (account_id);
-- The bytes of a mail, in pieces.
CREATE TABLE inbound_mail_chunks (
    mail_id     text NOT NULL REFERENCES inbound_mails (id),
    seq         bigint NOT NULL,
    content     bytea NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (mail_id, seq)
);
CREATE INDEX inbound_mail_chunks_age ON inbound_mail_chunks (received_at);
-- What an operator has to look at (S56): what a mail asks for as it seems, who may have written it,
-- and what was decided. matches are ids. proof is what proves a sender beside the mail itself.
CREATE TABLE inbox_items (
    id           text PRIMARY KEY,
    mail_id      text NOT NULL REFERENCES inbound_mails (id),
    kind         text NOT NULL CHECK (kind IN ('LOST_INVITATION','WRONG_PERSON','EXPIRED_LINK','EXTRA_PERSON','MISSING_WARRANTY','OTHER','REPLY_BY_STRANGER')),
    state        text NOT NULL CHECK (state IN ('OPEN','FILED','DONE','SPAM')),
    reason       text NOT NULL CHECK (reason IN ('PROVED','NO_TICKET','STRANGER','FORGED','UNPROVED','AUTOMATIC','REPORT','TOO_MANY','MANY_REOPENED','TICKET_GONE','UNREADABLE')),
    sender       text NOT NULL,
    sender_name  text NOT NULL,
    subject      text NOT NULL,
    body         text NOT NULL,
    quoted       text NOT NULL,
    attachments  jsonb NOT NULL,
    verdict      text NOT NULL CHECK (verdict IN ('PASS','FAIL','NONE')),
    method       text NOT NULL,
    automatic    boolean NOT NULL,
    ticket       text NOT NULL,
    hinted       text NOT NULL,
    message_id   text NOT NULL,
    matches      jsonb NOT NULL,
    account_id   text REFERENCES accounts (id),
    proof        text NOT NULL CHECK (proof IN ('','CALL')),
    proof_note   text NOT NULL,
    proved_by    text NOT NULL,
    proved_at    timestamptz,
    decision     text NOT NULL CHECK (decision IN ('','ANSWERED','SPAM','REISSUED','RECIPIENT_CHANGED','PERSON_ADDED','WARRANTY_DECIDED','ADDED_TO_TICKET')),
    decision_ref text NOT NULL,
    decided_by   text NOT NULL,
    decided_at   timestamptz,
    version      bigint NOT NULL,
    created_at   timestamptz NOT NULL
);
CREATE UNIQUE INDEX inbox_items_mail ON inbox_items (mail_id);
CREATE INDEX inbox_items_open ON inbox_items (state, id);
CREATE INDEX inbox_items_account ON inbox_items (account_id);
-- Whom the mailbox has answered by itself, and on which day: nobody twice.
CREATE TABLE mailbox_answers (
    sender_hash text NOT NULL,
    day         text NOT NULL,
    mail_id     text NOT NULL REFERENCES inbound_mails (id),
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (sender_hash, day)
);
CREATE INDEX mailbox_answers_mail ON mailbox_answers (mail_id);
ALTER TABLE inbound_mails ENABLE ROW LEVEL SECURITY;
ALTER TABLE inbound_mails FORCE ROW LEVEL SECURITY;
CREATE POLICY inbound_mails_scope ON inbound_mails USING (roomcover_open());
ALTER TABLE inbound_mail_chunks ENABLE ROW LEVEL SECURITY;
ALTER TABLE inbound_mail_chunks FORCE ROW LEVEL SECURITY;
CREATE POLICY inbound_mail_chunks_scope ON inbound_mail_chunks USING (roomcover_open());
ALTER TABLE inbox_items ENABLE ROW LEVEL SECURITY;
ALTER TABLE inbox_items FORCE ROW LEVEL SECURITY;
CREATE POLICY inbox_items_scope ON inbox_items USING (roomcover_open());
ALTER TABLE mailbox_answers ENABLE ROW LEVEL SECURITY;
ALTER TABLE mailbox_answers FORCE ROW LEVEL SECURITY;
CREATE POLICY mailbox_answers_scope ON mailbox_answers USING (roomcover_open());
ALTER TABLE operator_tasks DROP CONSTRAINT IF EXISTS operator_tasks_kind_check,
    ADD CONSTRAINT operator_tasks_kind_check CHECK (kind IN (
        'ASSIGN_CSM', 'AWAITING_STOCK', 'BREAK_GLASS_USED', 'CALENDAR_WITHOUT_HOLIDAYS',
        'CALENDAR_WITHOUT_WORKING_TIME', 'CHOOSE_SPARE', 'DECIDE_CONTACT', 'DECIDE_RMA',
        'INVITATION_REQUESTED', 'INVITATION_UNCLAIMED', 'LABEL_UNREADABLE',
        'MAILBOX_REQUEST', 'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'NEAR_ACCOUNT',
        'ONE_PARENT', 'OUTBOX_STUCK', 'PRIVACY_INCIDENT', 'PRIVACY_TEXTS', 'PROCESS_STUCK',
        'REVIEW_ORDER', 'RMA_FEE', 'RMA_LATE', 'RMA_PARCEL_SILENT', 'RMA_WRONG_UNIT',
        'SERIAL_CLAIMED', 'SHIPMENT_CONTRADICTED', 'SPARE_FEE', 'SWEEP_FAILED',
        'SWEEP_LATE', 'TICKET', 'TICKET_WORSE', 'WARRANTY_CLAIMED', 'WARRANTY_UNMATCHED')) NOT VALID;
ALTER TABLE operator_tasks VALIDATE CONSTRAINT operator_tasks_kind_check;

-- +goose Down
ALTER TABLE operator_tasks DROP CONSTRAINT IF EXISTS operator_tasks_kind_check,
    ADD CONSTRAINT operator_tasks_kind_check CHECK (kind IN (
        'ASSIGN_CSM', 'AWAITING_STOCK', 'BREAK_GLASS_USED', 'CALENDAR_WITHOUT_HOLIDAYS',
        'CALENDAR_WITHOUT_WORKING_TIME', 'CHOOSE_SPARE', 'DECIDE_CONTACT', 'DECIDE_RMA',
        'INVITATION_REQUESTED', 'INVITATION_UNCLAIMED', 'LABEL_UNREADABLE',
        'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'NEAR_ACCOUNT', 'ONE_PARENT', 'OUTBOX_STUCK',
        'PRIVACY_INCIDENT', 'PRIVACY_TEXTS', 'PROCESS_STUCK', 'REVIEW_ORDER', 'RMA_FEE',
        'RMA_LATE', 'RMA_PARCEL_SILENT', 'RMA_WRONG_UNIT', 'SERIAL_CLAIMED',
        'SHIPMENT_CONTRADICTED', 'SPARE_FEE', 'SWEEP_FAILED', 'SWEEP_LATE', 'TICKET', 'TICKET_WORSE',
        'WARRANTY_CLAIMED', 'WARRANTY_UNMATCHED')) NOT VALID;
ALTER TABLE operator_tasks VALIDATE CONSTRAINT operator_tasks_kind_check;
DROP TABLE mailbox_answers;
DROP TABLE inbox_items;
DROP TABLE inbound_mail_chunks;
DROP TABLE inbound_mails;
