-- +goose Up
SET LOCAL lock_timeout = '2s';
-- A reply that its writer can take back for some seconds (undo_until, a real instant): what the
-- ticket was before it stands in undo_to. One that was taken back is shown to operators alone.
ALTER TABLE ticket_messages ADD COLUMN undo_until timestamptz;
ALTER TABLE ticket_messages ADD COLUMN undo_to text NOT NULL DEFAULT '';
ALTER TABLE ticket_messages ADD COLUMN taken_back_at timestamptz;

-- +goose Down
ALTER TABLE ticket_messages DROP COLUMN taken_back_at;
ALTER TABLE ticket_messages DROP COLUMN undo_to;
ALTER TABLE ticket_messages DROP COLUMN undo_until;
