-- +goose Up
-- An enterprise plan has a largest number of rooms and no assignment room by room;
-- an account has one at a time (S37). Rows of before fit the wider list: it is not
-- checked against them again.
ALTER TABLE service_contracts DROP CONSTRAINT service_contracts_type_check;
ALTER TABLE service_contracts ADD CONSTRAINT service_contracts_type_check CHECK (type IN ('SELECT','SYNC_PLUS','EXT_WARRANTY','JUMPSTART','ENTERPRISE')) NOT VALID;
ALTER TABLE service_contracts ADD COLUMN max_rooms bigint;
ALTER TABLE service_contracts ADD CONSTRAINT service_contracts_max_rooms CHECK ((type = 'ENTERPRISE') = (max_rooms IS NOT NULL) AND (max_rooms IS NULL OR max_rooms >= 1)) NOT VALID;
CREATE UNIQUE INDEX service_contracts_enterprise ON service_contracts (account_id) WHERE type = 'ENTERPRISE' AND state IN ('PENDING_START','ACTIVE','SUSPENDED');

-- +goose Down
DROP INDEX service_contracts_enterprise;
ALTER TABLE service_contracts DROP CONSTRAINT service_contracts_max_rooms;
ALTER TABLE service_contracts DROP COLUMN max_rooms;
ALTER TABLE service_contracts DROP CONSTRAINT service_contracts_type_check;
ALTER TABLE service_contracts ADD CONSTRAINT service_contracts_type_check CHECK (type IN ('SELECT','SYNC_PLUS','EXT_WARRANTY','JUMPSTART'));
