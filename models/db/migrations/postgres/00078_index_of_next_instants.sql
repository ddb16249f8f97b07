-- +goose NO TRANSACTION
-- +goose Up
DROP INDEX CONCURRENTLY IF EXISTS invitations_next;
CREATE INDEX CONCURRENTLY invitations_next ON invitations (next_at) WHERE state IN ('ISSUED','SENT','BOUNCED');
DROP INDEX CONCURRENTLY IF EXISTS orders_next;
CREATE INDEX CONCURRENTLY orders_next ON orders (next_at) WHERE state = 'NEEDS_REVIEW';

-- +goose Down
DROP INDEX orders_next;
DROP INDEX invitations_next;
