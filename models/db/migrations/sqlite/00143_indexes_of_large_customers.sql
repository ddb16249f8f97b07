-- What is counted of a customer with thousands of rooms and contracts, its devices by site and its
-- licences by kind, is read from indexes alone: its rooms lie among those of all others.

-- +goose Up
CREATE INDEX rooms_in_use ON rooms (account_id, id, site, criticality) WHERE state = 'ACTIVE';
CREATE INDEX service_contracts_account_type ON service_contracts (account_id, id, type);

-- +goose Down
DROP INDEX service_contracts_account_type;
DROP INDEX rooms_in_use;
