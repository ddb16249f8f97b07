-- +goose Up
-- What a row of an account points to belongs to the same account: the keys that the next
-- migration's foreign keys refer to. They serve look-ups by account too, so they take the
-- place of the indexes that did.
DROP INDEX IF EXISTS devices_of_account;
CREATE UNIQUE INDEX devices_of_account ON devices (account_id, id);
DROP INDEX IF EXISTS devices_account;
DROP INDEX IF EXISTS invitations_of_account;
CREATE UNIQUE INDEX invitations_of_account ON invitations (account_id, id);
DROP INDEX IF EXISTS invitations_account;
DROP INDEX IF EXISTS licences_of_account;
CREATE UNIQUE INDEX licences_of_account ON licences (account_id, id);
DROP INDEX IF EXISTS rmas_of_account;
CREATE UNIQUE INDEX rmas_of_account ON rmas (account_id, id);
DROP INDEX IF EXISTS rmas_account;
DROP INDEX IF EXISTS rooms_of_account;
CREATE UNIQUE INDEX rooms_of_account ON rooms (account_id, id);
DROP INDEX IF EXISTS rooms_account;
DROP INDEX IF EXISTS service_contracts_of_account;
CREATE UNIQUE INDEX service_contracts_of_account ON service_contracts (account_id, id);
DROP INDEX IF EXISTS service_contracts_account;
DROP INDEX IF EXISTS shipments_of_account;
CREATE UNIQUE INDEX shipments_of_account ON shipments (account_id, id);
DROP INDEX IF EXISTS shipments_account;
DROP INDEX IF EXISTS sites_of_account;
CREATE UNIQUE INDEX sites_of_account ON sites (account_id, id);
DROP INDEX IF EXISTS spare_units_of_account;
CREATE UNIQUE INDEX spare_units_of_account ON spare_units (account_id, id);

-- +goose Down
CREATE INDEX devices_account ON devices (account_id, id);
DROP INDEX devices_of_account;
CREATE INDEX invitations_account ON invitations (account_id);
DROP INDEX invitations_of_account;
DROP INDEX licences_of_account;
CREATE INDEX rmas_account ON rmas (account_id, id);
DROP INDEX rmas_of_account;
CREATE INDEX rooms_account ON rooms (account_id, id);
DROP INDEX rooms_of_account;
CREATE INDEX service_contracts_account ON service_contracts (account_id);
DROP INDEX service_contracts_of_account;
CREATE INDEX shipments_account ON shipments (account_id, id);
DROP INDEX shipments_of_account;
DROP INDEX sites_of_account;
DROP INDEX spare_units_of_account;
