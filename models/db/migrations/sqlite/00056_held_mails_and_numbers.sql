-- +goose Up
-- A cancellation whose mail waits for the next one of its order, which says both in sum.
ALTER TABLE order_cancellations ADD COLUMN mail_held boolean NOT NULL DEFAULT false;
CREATE INDEX order_cancellations_held ON order_cancellations (order_id) WHERE mail_held;
-- Each start looks for rows of earlier releases that have no number yet.
CREATE INDEX rmas_unnumbered ON rmas (id) WHERE number = '';
CREATE INDEX spare_units_unnumbered ON spare_units (id) WHERE number = '';

-- +goose Down
DROP INDEX spare_units_unnumbered;
DROP INDEX rmas_unnumbered;
DROP INDEX order_cancellations_held;
ALTER TABLE order_cancellations DROP COLUMN mail_held;
