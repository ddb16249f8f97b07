-- +goose Up
-- Since when a parcel that people handed in may have moved; empty: since its row is there.
ALTER TABLE shipments ADD COLUMN possible_from timestamptz;
-- What cannot be true is kept, shown, and not acted on.
ALTER TABLE shipment_scans ADD COLUMN contradicted boolean NOT NULL DEFAULT false;
ALTER TABLE carrier_events ADD COLUMN contradicted boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE carrier_events DROP COLUMN contradicted;
ALTER TABLE shipment_scans DROP COLUMN contradicted;
ALTER TABLE shipments DROP COLUMN possible_from;
