-- +goose Up
-- A purchase order's number belongs to the organisation that sends it (S65): a distributor
-- no longer takes a reseller's number, nor the other way round.
CREATE UNIQUE INDEX orders_number ON orders (submitted_by, po_key) WHERE po_key <> '';
CREATE INDEX orders_reseller ON orders (reseller_id);
CREATE INDEX orders_customer ON orders (customer_hash, created_at);
DROP INDEX orders_po;

-- +goose Down
CREATE UNIQUE INDEX orders_po ON orders (reseller_id, po_number);
DROP INDEX orders_customer;
DROP INDEX orders_reseller;
DROP INDEX orders_number;
