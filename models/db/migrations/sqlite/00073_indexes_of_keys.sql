-- +goose Up
-- Keys that are followed from the row they point to. Those that nobody follows have none, and
-- say why in the test of the keys.
CREATE INDEX api_tokens_account ON api_tokens (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX contact_questions_invitation ON contact_questions (invitation_id) WHERE invitation_id IS NOT NULL;
CREATE INDEX device_claims_account ON device_claims (account_id, id);
CREATE INDEX device_claims_device ON device_claims (device_id);
CREATE INDEX device_claims_room ON device_claims (room_id) WHERE room_id IS NOT NULL;
CREATE INDEX import_jobs_account ON import_jobs (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX orders_submitted_by ON orders (submitted_by, id);
CREATE INDEX shipments_site ON shipments (site_id) WHERE site_id IS NOT NULL;
CREATE INDEX spare_units_site ON spare_units (site_id) WHERE site_id IS NOT NULL;

-- +goose Down
DROP INDEX spare_units_site;
DROP INDEX shipments_site;
DROP INDEX orders_submitted_by;
DROP INDEX import_jobs_account;
DROP INDEX device_claims_room;
DROP INDEX device_claims_device;
DROP INDEX device_claims_account;
DROP INDEX contact_questions_invitation;
DROP INDEX api_tokens_account;
