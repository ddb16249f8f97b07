-- +goose Up
DROP INDEX IF EXISTS invitations_next;
CREATE INDEX invitations_next ON invitations (next_at) WHERE state IN ('ISSUED','SENT','BOUNCED');
DROP INDEX IF EXISTS orders_next;
CREATE INDEX orders_next ON orders (next_at) WHERE state = 'NEEDS_REVIEW';

-- +goose Down
DROP INDEX orders_next;
DROP INDEX invitations_next;
