-- +goose Up
-- The replacements and spare units that a cancellation ended, by their numbers. {}: nothing,
-- or a cancellation of an earlier release.
ALTER TABLE order_cancellations ADD COLUMN ended text NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE order_cancellations DROP COLUMN ended;
