-- +goose NO TRANSACTION
-- +goose Up
-- These were added without looking at the rows that stood there; now they are looked at, while
-- others go on reading and writing.
ALTER TABLE service_contracts VALIDATE CONSTRAINT service_contracts_type_check;
ALTER TABLE service_contracts VALIDATE CONSTRAINT service_contracts_max_rooms;
-- Tables whose rows come and go, or change all the time: vacuum them after a fiftieth rather
-- than a fifth of the rows, and leave room on each page for a changed row.
ALTER TABLE outbox_events SET (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 85);
ALTER TABLE notifications SET (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 90);
ALTER TABLE notification_attempts SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE idempotency_keys SET (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 85);
ALTER TABLE sessions SET (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 85);
ALTER TABLE throttles SET (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 85);
ALTER TABLE carrier_events SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE stock_levels SET (fillfactor = 85);
ALTER TABLE audit_heads SET (fillfactor = 85);
ALTER TABLE service_contracts SET (fillfactor = 90);

-- +goose Down
ALTER TABLE service_contracts RESET (fillfactor);
ALTER TABLE audit_heads RESET (fillfactor);
ALTER TABLE stock_levels RESET (fillfactor);
ALTER TABLE carrier_events RESET (autovacuum_vacuum_scale_factor);
ALTER TABLE throttles RESET (autovacuum_vacuum_scale_factor, fillfactor);
ALTER TABLE sessions RESET (autovacuum_vacuum_scale_factor, fillfactor);
ALTER TABLE idempotency_keys RESET (autovacuum_vacuum_scale_factor, fillfactor);
ALTER TABLE notification_attempts RESET (autovacuum_vacuum_scale_factor);
ALTER TABLE notifications RESET (autovacuum_vacuum_scale_factor, fillfactor);
ALTER TABLE outbox_events RESET (autovacuum_vacuum_scale_factor, fillfactor);
