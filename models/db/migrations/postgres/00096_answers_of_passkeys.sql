-- +goose Up
SET LOCAL lock_timeout = '2s';
-- The questions to passkeys that were answered, by their hash: an answer opens the console once. A row
-- is worth nothing once no session can hold its question any more.
CREATE TABLE operator_passkey_answers (
    challenge_hash text NOT NULL,
    expires_at     timestamptz NOT NULL
);
CREATE UNIQUE INDEX operator_passkey_answers_challenge ON operator_passkey_answers (challenge_hash);
CREATE INDEX operator_passkey_answers_expires ON operator_passkey_answers (expires_at);
ALTER TABLE operator_passkey_answers ENABLE ROW LEVEL SECURITY;
ALTER TABLE operator_passkey_answers FORCE ROW LEVEL SECURITY;
CREATE POLICY operator_passkey_answers_scope ON operator_passkey_answers USING (roomcover_open());

-- +goose Down
DROP TABLE operator_passkey_answers;
