-- +goose NO TRANSACTION
-- +goose Up
-- A licence is renewed once (S4).
DROP INDEX IF EXISTS licences_renewed_once;
CREATE UNIQUE INDEX CONCURRENTLY licences_renewed_once ON licences (renews_licence_id) WHERE renews_licence_id IS NOT NULL AND state <> 'REVOKED';
-- What the daily sweep ends, and what it reminds of: their conditions are those of
-- its queries, so that a sweep with nothing to do reads next to nothing.
DROP INDEX IF EXISTS service_contracts_over;
CREATE INDEX CONCURRENTLY service_contracts_over ON service_contracts (end_at) WHERE state IN ('ACTIVE','SUSPENDED');
DROP INDEX IF EXISTS service_contracts_reminding;
CREATE INDEX CONCURRENTLY service_contracts_reminding ON service_contracts (end_at) WHERE state IN ('ACTIVE','EXPIRED') AND type <> 'JUMPSTART';

-- +goose Down
DROP INDEX service_contracts_reminding;
DROP INDEX service_contracts_over;
DROP INDEX licences_renewed_once;
