-- +goose Up
-- What operators search for in all accounts at once: numbers of purchase orders, trackings and
-- spares' serials exactly.
CREATE INDEX orders_number_any ON orders (po_key);
CREATE INDEX shipments_tracking_any ON shipments (tracking) WHERE tracking IS NOT NULL;
CREATE INDEX spare_units_serial ON spare_units (serial) WHERE serial <> '';

-- +goose Down
DROP INDEX spare_units_serial;
DROP INDEX shipments_tracking_any;
DROP INDEX orders_number_any;
