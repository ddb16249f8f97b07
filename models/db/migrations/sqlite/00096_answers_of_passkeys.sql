-- +goose Up
-- The questions to passkeys that were answered, by their hash: an answer opens the console once. A row
-- is worth nothing once no session can hold its question any more.
CREATE TABLE operator_passkey_answers (
    challenge_hash text NOT NULL,
    expires_at     datetime NOT NULL
);
CREATE UNIQUE INDEX operator_passkey_answers_challenge ON operator_passkey_answers (challenge_hash);
CREATE INDEX operator_passkey_answers_expires ON operator_passkey_answers (expires_at);

-- +goose Down
DROP TABLE operator_passkey_answers;
