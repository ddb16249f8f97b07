-- +goose Up
-- What operators search for in all accounts at once: trackings and spares' serials.
CREATE INDEX shipments_tracking_any ON shipments (tracking) WHERE tracking IS NOT NULL;
CREATE INDEX spare_units_serial ON spare_units (serial) WHERE serial <> '';

-- +goose Down
DROP INDEX spare_units_serial;
DROP INDEX shipments_tracking_any;
