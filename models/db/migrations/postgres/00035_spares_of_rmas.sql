-- +goose Up
-- The spare that the customer used for an RMA (R35d): its approval replenishes it.
ALTER TABLE rmas ADD COLUMN spare_unit_id text REFERENCES spare_units (id);

-- +goose Down
ALTER TABLE rmas DROP COLUMN spare_unit_id;
