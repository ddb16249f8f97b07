-- +goose NO TRANSACTION
-- +goose Up
-- A purchase order's number belongs to the organisation that sends it (S65): a distributor
-- no longer takes a reseller's number, nor the other way round.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS orders_number ON orders (submitted_by, po_key) WHERE po_key <> '';
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_reseller ON orders (reseller_id);
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_customer ON orders (customer_hash, created_at);
DROP INDEX CONCURRENTLY IF EXISTS orders_po;

-- +goose Down
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS orders_po ON orders (reseller_id, po_number);
DROP INDEX CONCURRENTLY IF EXISTS orders_customer;
DROP INDEX CONCURRENTLY IF EXISTS orders_reseller;
DROP INDEX CONCURRENTLY IF EXISTS orders_number;
