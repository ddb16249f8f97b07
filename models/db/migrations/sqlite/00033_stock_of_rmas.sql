-- +goose Up
-- Which depot sends the replacement, and the open reservation of its units.
ALTER TABLE rmas ADD COLUMN depot_id text REFERENCES depots (id);
ALTER TABLE rmas ADD COLUMN reservation_id text REFERENCES stock_entries (id);

-- +goose Down
ALTER TABLE rmas DROP COLUMN reservation_id;
ALTER TABLE rmas DROP COLUMN depot_id;
