-- +goose Up
-- Until when a mail that is sent again is held, so that whoever did so can take it back. Nobody
-- takes it before, whatever else makes a sender look.
ALTER TABLE notifications ADD COLUMN held_until datetime;

-- +goose Down
ALTER TABLE notifications DROP COLUMN held_until;
