-- +goose Up
-- The time zone in which a person wants to be shown when they did something; NULL: that of the
-- account at hand.
SET LOCAL lock_timeout = '2s';
ALTER TABLE users ADD COLUMN time_zone text;

-- +goose Down
ALTER TABLE users DROP COLUMN time_zone;
