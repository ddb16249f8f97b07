-- +goose Up
-- Rooms, devices and what joins them are behind the fence of their account (C5).
ALTER TABLE rooms ENABLE ROW LEVEL SECURITY;
ALTER TABLE rooms FORCE ROW LEVEL SECURITY;
CREATE POLICY rooms_scope ON rooms USING (roomcover_sees(account_id, NULL));
ALTER TABLE devices ENABLE ROW LEVEL SECURITY;
ALTER TABLE devices FORCE ROW LEVEL SECURITY;
CREATE POLICY devices_scope ON devices USING (roomcover_sees(account_id, NULL));
ALTER TABLE device_claims ENABLE ROW LEVEL SECURITY;
ALTER TABLE device_claims FORCE ROW LEVEL SECURITY;
CREATE POLICY device_claims_scope ON device_claims USING (roomcover_sees(account_id, NULL));
ALTER TABLE device_placements ENABLE ROW LEVEL SECURITY;
ALTER TABLE device_placements FORCE ROW LEVEL SECURITY;
CREATE POLICY device_placements_scope ON device_placements USING (roomcover_sees(account_id, NULL));
ALTER TABLE licence_assignments ENABLE ROW LEVEL SECURITY;
ALTER TABLE licence_assignments FORCE ROW LEVEL SECURITY;
CREATE POLICY licence_assignments_scope ON licence_assignments USING (roomcover_sees(account_id, NULL));

-- +goose Down
DROP POLICY rooms_scope ON rooms;
ALTER TABLE rooms NO FORCE ROW LEVEL SECURITY;
ALTER TABLE rooms DISABLE ROW LEVEL SECURITY;
DROP POLICY devices_scope ON devices;
ALTER TABLE devices NO FORCE ROW LEVEL SECURITY;
ALTER TABLE devices DISABLE ROW LEVEL SECURITY;
DROP POLICY device_claims_scope ON device_claims;
ALTER TABLE device_claims NO FORCE ROW LEVEL SECURITY;
ALTER TABLE device_claims DISABLE ROW LEVEL SECURITY;
DROP POLICY device_placements_scope ON device_placements;
ALTER TABLE device_placements NO FORCE ROW LEVEL SECURITY;
ALTER TABLE device_placements DISABLE ROW LEVEL SECURITY;
DROP POLICY licence_assignments_scope ON licence_assignments;
ALTER TABLE licence_assignments NO FORCE ROW LEVEL SECURITY;
ALTER TABLE licence_assignments DISABLE ROW LEVEL SECURITY;
