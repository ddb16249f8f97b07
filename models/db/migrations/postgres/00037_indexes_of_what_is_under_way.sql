-- +goose NO TRANSACTION
-- +goose Up
-- What is under way is found without reading what is over: its conditions are those
-- of the indexes.
DROP INDEX IF EXISTS orders_window;
CREATE INDEX CONCURRENTLY orders_window ON orders (cancellable_until) WHERE state IN ('FULFILLED','PARTIALLY_CANCELLED');
DROP INDEX IF EXISTS order_cancellations_requested;
CREATE INDEX CONCURRENTLY order_cancellations_requested ON order_cancellations (order_id) WHERE state = 'REQUESTED';
DROP INDEX IF EXISTS invitations_waiting;
CREATE INDEX CONCURRENTLY invitations_waiting ON invitations (expires_at) WHERE state IN ('ISSUED','SENT','BOUNCED');

-- +goose Down
DROP INDEX invitations_waiting;
DROP INDEX order_cancellations_requested;
DROP INDEX orders_window;
