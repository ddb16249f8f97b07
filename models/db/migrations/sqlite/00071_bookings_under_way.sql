-- +goose Up
-- When the carrier was first asked to book a parcel: from then on it may have the address, also
-- where its answer is not stored. Empty: it was not asked, or has refused.
ALTER TABLE shipments ADD COLUMN carrier_asked_at datetime;

-- +goose Down
ALTER TABLE shipments DROP COLUMN carrier_asked_at;
