-- +goose Up
-- When the workflow of an invitation, or of an order in review, has to do something next: a
-- reminder that never came is noticed on its day. What is under way gets its instant from the
-- program once the schema is up to date, since it goes by the place's own days.
SET LOCAL lock_timeout = '2s';
ALTER TABLE invitations ADD COLUMN next_at timestamptz;
ALTER TABLE orders ADD COLUMN next_at timestamptz;

-- +goose Down
ALTER TABLE orders DROP COLUMN next_at;
ALTER TABLE invitations DROP COLUMN next_at;
