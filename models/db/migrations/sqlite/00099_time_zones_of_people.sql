-- +goose Up
-- The time zone in which a person wants to be shown when they did something; NULL: that of the
-- account at hand.
ALTER TABLE users ADD COLUMN time_zone text;

-- +goose Down
ALTER TABLE users DROP COLUMN time_zone;
