-- +goose Up
-- What the carrier is asked to move. Both ends are ids: an address is read when the
-- parcel is booked. Without a service nobody is asked.
ALTER TABLE shipments ADD COLUMN site_id text REFERENCES sites (id);
ALTER TABLE shipments ADD COLUMN depot_id text REFERENCES depots (id);
ALTER TABLE shipments ADD COLUMN service text NOT NULL DEFAULT '';
ALTER TABLE shipments ADD COLUMN model_code text NOT NULL DEFAULT '';
ALTER TABLE shipments ADD COLUMN quantity bigint NOT NULL DEFAULT 1;
ALTER TABLE shipments ADD COLUMN contents text NOT NULL DEFAULT '';
ALTER TABLE shipments ADD COLUMN cancel_asked_at timestamptz;
ALTER TABLE rmas ADD COLUMN return_parcels bigint NOT NULL DEFAULT 0;
-- The label as the carrier gave it: it shows an address, and goes with its account.
CREATE TABLE shipment_labels (
    shipment_id text PRIMARY KEY REFERENCES shipments (id),
    account_id  text NOT NULL REFERENCES accounts (id),
    media_type  text NOT NULL,
    content     bytea NOT NULL,
    created_at  timestamptz NOT NULL
);
ALTER TABLE shipment_labels ENABLE ROW LEVEL SECURITY;
ALTER TABLE shipment_labels FORCE ROW LEVEL SECURITY;
CREATE POLICY shipment_labels_scope ON shipment_labels USING (roomcover_sees(account_id, NULL));

-- +goose Down
DROP TABLE shipment_labels;
ALTER TABLE rmas DROP COLUMN return_parcels;
ALTER TABLE shipments DROP COLUMN cancel_asked_at;
ALTER TABLE shipments DROP COLUMN contents;
ALTER TABLE shipments DROP COLUMN quantity;
ALTER TABLE shipments DROP COLUMN model_code;
ALTER TABLE shipments DROP COLUMN service;
ALTER TABLE shipments DROP COLUMN depot_id;
ALTER TABLE shipments DROP COLUMN site_id;
