-- +goose Up
-- The replacements and spare units that a cancellation ended, by their numbers. {}: nothing,
-- or a cancellation of an earlier release.
SET LOCAL lock_timeout = '2s';
ALTER TABLE order_cancellations ADD COLUMN ended jsonb NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE order_cancellations DROP COLUMN ended;
