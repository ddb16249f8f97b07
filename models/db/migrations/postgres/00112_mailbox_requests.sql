-- +goose Up
SET LOCAL lock_timeout = '2s';
-- How an item came (S56): by mail, or by the form on the web. further counts the mails of its sender
-- that were not kept, because a day had enough of them. The code columns hold the one-time code that
-- was mailed last to the seller of the invitation in code_for; proof_for is the invitation that a
-- code has proved.
ALTER TABLE inbox_items
    ADD COLUMN channel text NOT NULL DEFAULT 'MAIL'
        CONSTRAINT inbox_items_channel_check CHECK (channel IN ('MAIL','FORM')),
    ADD COLUMN further bigint NOT NULL DEFAULT 0,
    ADD COLUMN further_at timestamptz,
    ADD COLUMN proof_for text NOT NULL DEFAULT '',
    ADD COLUMN code_id text NOT NULL DEFAULT '',
    ADD COLUMN code_hash text NOT NULL DEFAULT '',
    ADD COLUMN code_for text NOT NULL DEFAULT '',
    ADD COLUMN code_tries bigint NOT NULL DEFAULT 0,
    ADD COLUMN codes_sent bigint NOT NULL DEFAULT 0,
    ADD COLUMN code_sent_at timestamptz,
    ADD COLUMN code_until timestamptz,
    DROP CONSTRAINT IF EXISTS inbox_items_proof_check,
    ADD CONSTRAINT inbox_items_proof_check CHECK (proof IN ('','CALL','CODE')) NOT VALID,
    DROP CONSTRAINT IF EXISTS inbox_items_decision_check,
    ADD CONSTRAINT inbox_items_decision_check CHECK (decision IN (
        '','ANSWERED','SPAM','REISSUED',
        'RECIPIENT_CHANGED','PERSON_ADDED','WARRANTY_DECIDED','ADDED_TO_TICKET','TICKET_OPENED')) NOT VALID;
ALTER TABLE inbox_items VALIDATE CONSTRAINT inbox_items_proof_check;
ALTER TABLE inbox_items VALIDATE CONSTRAINT inbox_items_decision_check;
CREATE INDEX inbound_mails_sender ON inbound_mails (sender_hash, received_at);

-- +goose Down
DROP INDEX inbound_mails_sender;
UPDATE inbox_items SET proof = '' WHERE proof = 'CODE';
UPDATE inbox_items SET decision = 'ANSWERED' WHERE decision = 'TICKET_OPENED';
ALTER TABLE inbox_items
    DROP COLUMN channel,
    DROP COLUMN further,
    DROP COLUMN further_at,
    DROP COLUMN proof_for,
    DROP COLUMN code_id,
    DROP COLUMN code_hash,
    DROP COLUMN code_for,
    DROP COLUMN code_tries,
    DROP COLUMN codes_sent,
    DROP COLUMN code_sent_at,
    DROP COLUMN code_until,
    DROP CONSTRAINT IF EXISTS inbox_items_proof_check,
    ADD CONSTRAINT inbox_items_proof_check CHECK (proof IN ('','CALL')),
    DROP CONSTRAINT IF EXISTS inbox_items_decision_check,
    ADD CONSTRAINT inbox_items_decision_check CHECK (decision IN (
        '','ANSWERED','SPAM','REISSUED',
        'RECIPIENT_CHANGED','PERSON_ADDED','WARRANTY_DECIDED','ADDED_TO_TICKET'));
