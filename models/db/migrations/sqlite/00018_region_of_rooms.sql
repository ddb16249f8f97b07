-- +goose Up
-- The region whose holidays count at a room (C3); empty: the country's own.
ALTER TABLE rooms ADD COLUMN region text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE rooms DROP COLUMN region;
