-- +goose Up
-- What a mail brought that became a message of a ticket, and that our answers to it name, so that
-- mail programs show them together.
ALTER TABLE ticket_messages ADD COLUMN mail_message_id text NOT NULL DEFAULT '';
ALTER TABLE ticket_messages ADD COLUMN mail_thread_index text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE ticket_messages DROP COLUMN mail_thread_index;
ALTER TABLE ticket_messages DROP COLUMN mail_message_id;
