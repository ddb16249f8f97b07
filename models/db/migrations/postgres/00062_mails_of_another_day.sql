-- +goose NO TRANSACTION
-- +goose Up
-- Of how many licenses a mail spoke that an address did not get, because it had enough on that
-- day; 0: everybody was told.
SET lock_timeout = '2s';
ALTER TABLE order_cancellations ADD COLUMN IF NOT EXISTS untold_quantity bigint NOT NULL DEFAULT 0;
RESET lock_timeout;
DROP INDEX IF EXISTS order_cancellations_untold;
CREATE INDEX CONCURRENTLY order_cancellations_untold ON order_cancellations (order_id) WHERE untold_quantity > 0;

-- +goose Down
DROP INDEX order_cancellations_untold;
ALTER TABLE order_cancellations DROP COLUMN untold_quantity;
