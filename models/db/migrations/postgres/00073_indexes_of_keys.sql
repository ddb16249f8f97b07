-- +goose NO TRANSACTION
-- +goose Up
-- Keys that are followed from the row they point to. Those that nobody follows have none, and
-- say why in the test of the keys.
DROP INDEX CONCURRENTLY IF EXISTS api_tokens_account;
CREATE INDEX CONCURRENTLY api_tokens_account ON api_tokens (account_id) WHERE account_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS contact_questions_invitation;
CREATE INDEX CONCURRENTLY contact_questions_invitation ON contact_questions (invitation_id) WHERE invitation_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS device_claims_account;
CREATE INDEX CONCURRENTLY device_claims_account ON device_claims (account_id, id);
DROP INDEX CONCURRENTLY IF EXISTS device_claims_device;
CREATE INDEX CONCURRENTLY device_claims_device ON device_claims (device_id);
DROP INDEX CONCURRENTLY IF EXISTS device_claims_room;
CREATE INDEX CONCURRENTLY device_claims_room ON device_claims (room_id) WHERE room_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS import_jobs_account;
CREATE INDEX CONCURRENTLY import_jobs_account ON import_jobs (account_id) WHERE account_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS orders_submitted_by;
CREATE INDEX CONCURRENTLY orders_submitted_by ON orders (submitted_by, id);
DROP INDEX CONCURRENTLY IF EXISTS shipments_site;
CREATE INDEX CONCURRENTLY shipments_site ON shipments (site_id) WHERE site_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS spare_units_site;
CREATE INDEX CONCURRENTLY spare_units_site ON spare_units (site_id) WHERE site_id IS NOT NULL;

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
