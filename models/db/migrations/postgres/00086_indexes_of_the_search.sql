-- +goose NO TRANSACTION
-- +goose Up
-- What operators search for in all accounts at once: companies by a part of their name, numbers
-- of purchase orders by their beginning, trackings and spares' serials exactly.
DROP INDEX CONCURRENTLY IF EXISTS accounts_company_part;
CREATE INDEX CONCURRENTLY accounts_company_part ON accounts USING gin (company_key gin_trgm_ops) WITH (fastupdate = off);
DROP INDEX CONCURRENTLY IF EXISTS orgs_company_part;
CREATE INDEX CONCURRENTLY orgs_company_part ON orgs USING gin (company_key gin_trgm_ops) WITH (fastupdate = off);
DROP INDEX CONCURRENTLY IF EXISTS orders_po_prefix;
CREATE INDEX CONCURRENTLY orders_po_prefix ON orders (po_key text_pattern_ops);
DROP INDEX CONCURRENTLY IF EXISTS orders_po_key;
DROP INDEX CONCURRENTLY IF EXISTS shipments_tracking_any;
CREATE INDEX CONCURRENTLY shipments_tracking_any ON shipments (tracking) WHERE tracking IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS spare_units_serial;
CREATE INDEX CONCURRENTLY spare_units_serial ON spare_units (serial) WHERE serial <> '';

-- +goose Down
DROP INDEX spare_units_serial;
DROP INDEX shipments_tracking_any;
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_po_key ON orders (po_key);
DROP INDEX orders_po_prefix;
DROP INDEX orgs_company_part;
DROP INDEX accounts_company_part;
