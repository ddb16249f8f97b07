-- +goose Up
-- How an item came (S56): by mail, or by the form on the web. further counts the mails of its sender
-- that were not kept, because a day had enough of them. The code columns hold the one-time code that
-- was mailed last to the seller of the invitation in code_for; proof_for is the invitation that a
-- code has proved.
CREATE TABLE inbox_items_next (
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
    attachments  text NOT NULL,
    verdict      text NOT NULL CHECK (verdict IN ('PASS','FAIL','NONE')),
    method       text NOT NULL,
    automatic    boolean NOT NULL,
    ticket       text NOT NULL,
    hinted       text NOT NULL,
    message_id   text NOT NULL,
    matches      text NOT NULL,
    account_id   text REFERENCES accounts (id),
    proof        text NOT NULL CHECK (proof IN ('','CALL','CODE')),
    proof_note   text NOT NULL,
    proved_by    text NOT NULL,
    proved_at    datetime,
    decision     text NOT NULL CHECK (decision IN ('','ANSWERED','SPAM','REISSUED','RECIPIENT_CHANGED','PERSON_ADDED','WARRANTY_DECIDED','ADDED_TO_TICKET','TICKET_OPENED')),
    decision_ref text NOT NULL,
    decided_by   text NOT NULL,
    decided_at   datetime,
    version      integer NOT NULL,
    created_at   datetime NOT NULL,
    channel      text NOT NULL DEFAULT 'MAIL' CHECK (channel IN ('MAIL','FORM')),
    further      integer NOT NULL DEFAULT 0,
    further_at   datetime,
    proof_for    text NOT NULL DEFAULT '',
    code_id      text NOT NULL DEFAULT '',
    code_hash    text NOT NULL DEFAULT '',
    code_for     text NOT NULL DEFAULT '',
    code_tries   integer NOT NULL DEFAULT 0,
    codes_sent   integer NOT NULL DEFAULT 0,
    code_sent_at datetime,
    code_until   datetime
);
INSERT INTO inbox_items_next (
    id, mail_id, kind, state, reason, sender, sender_name, subject, body, quoted,
    attachments, verdict, method, automatic, ticket, hinted, message_id, matches,
    account_id, proof, proof_note, proved_by, proved_at, decision, decision_ref, decided_by,
    decided_at, version, created_at
)
SELECT
    id, mail_id, kind, state, reason, sender, sender_name, subject, body, quoted,
    attachments, verdict, method, automatic, ticket, hinted, message_id, matches,
    account_id, proof, proof_note, proved_by, proved_at, decision, decision_ref, decided_by,
    decided_at, version, created_at
FROM inbox_items;
DROP TABLE inbox_items;
ALTER TABLE inbox_items_next RENAME TO inbox_items;
CREATE UNIQUE INDEX inbox_items_mail ON inbox_items (mail_id);
CREATE INDEX inbox_items_open ON inbox_items (state, id);
CREATE INDEX inbox_items_account ON inbox_items (account_id);
CREATE INDEX inbound_mails_sender ON inbound_mails (sender_hash, received_at);

-- +goose Down
DROP INDEX inbound_mails_sender;
CREATE TABLE inbox_items_next (
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
    attachments  text NOT NULL,
    verdict      text NOT NULL CHECK (verdict IN ('PASS','FAIL','NONE')),
    method       text NOT NULL,
    automatic    boolean NOT NULL,
    ticket       text NOT NULL,
    hinted       text NOT NULL,
    message_id   text NOT NULL,
    matches      text NOT NULL,
    account_id   text REFERENCES accounts (id),
    proof        text NOT NULL CHECK (proof IN ('','CALL')),
    proof_note   text NOT NULL,
    proved_by    text NOT NULL,
    proved_at    datetime,
    decision     text NOT NULL CHECK (decision IN ('','ANSWERED','SPAM','REISSUED','RECIPIENT_CHANGED','PERSON_ADDED','WARRANTY_DECIDED','ADDED_TO_TICKET')),
    decision_ref text NOT NULL,
    decided_by   text NOT NULL,
    decided_at   datetime,
    version      integer NOT NULL,
    created_at   datetime NOT NULL
);
INSERT INTO inbox_items_next (
    id, mail_id, kind, state, reason, sender, sender_name, subject, body, quoted,
    attachments, verdict, method, automatic, ticket, hinted, message_id, matches,
    account_id, proof, proof_note, proved_by, proved_at, decision, decision_ref, decided_by,
    decided_at, version, created_at
)
SELECT
    id, mail_id, kind, state, reason, sender, sender_name, subject, body, quoted,
    attachments, verdict, method, automatic, ticket, hinted, message_id, matches,
    account_id, CASE proof WHEN 'CODE' THEN '' ELSE proof END, proof_note, proved_by,
    proved_at, CASE decision WHEN 'TICKET_OPENED' THEN 'ANSWERED' ELSE decision END,
    decision_ref, decided_by, decided_at, version, created_at
FROM inbox_items;
DROP TABLE inbox_items;
ALTER TABLE inbox_items_next RENAME TO inbox_items;
CREATE UNIQUE INDEX inbox_items_mail ON inbox_items (mail_id);
CREATE INDEX inbox_items_open ON inbox_items (state, id);
CREATE INDEX inbox_items_account ON inbox_items (account_id);
