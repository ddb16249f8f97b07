-- What stands at a customer's sites is counted by its accounts, not by one device after another,
-- and the few rooms without an alternative are found without the others.

-- +goose Up
CREATE INDEX device_placements_account ON device_placements (account_id, device_id, room_id) WHERE to_at IS NULL;
CREATE INDEX rooms_critical ON rooms (account_id, site, name, id) WHERE state = 'ACTIVE' AND criticality = 'CRITICAL';

-- +goose Down
DROP INDEX rooms_critical;
DROP INDEX device_placements_account;
