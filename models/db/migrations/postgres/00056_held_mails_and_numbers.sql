-- +goose NO TRANSACTION
-- +goose Up
-- A cancellation whose mail waits for the next one of its order, which says both in sum.
ALTER TABLE order_cancellations ADD COLUMN IF NOT EXISTS mail_held boolean NOT NULL DEFAULT false;
DROP INDEX IF EXISTS order_cancellations_held;
CREATE INDEX CONCURRENTLY order_cancellations_held ON order_cancellations (order_id) WHERE mail_held;
-- Each start looks for rows of earlier releases that have no number yet.
DROP INDEX IF EXISTS rmas_unnumbered;
CREATE INDEX CONCURRENTLY rmas_unnumbered ON rmas (id) WHERE number = '';
DROP INDEX IF EXISTS spare_units_unnumbered;
CREATE INDEX CONCURRENTLY spare_units_unnumbered ON spare_units (id) WHERE number = '';

-- +goose Down
DROP INDEX spare_units_unnumbered;
DROP INDEX rmas_unnumbered;
DROP INDEX order_cancellations_held;
ALTER TABLE order_cancellations DROP COLUMN mail_held;
