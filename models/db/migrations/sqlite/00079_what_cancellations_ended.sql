-- +goose Up
-- The replacements and spare units that a cancellation ended, by their numbers. Empty: nothing,
-- or a cancellation of an earlier release.
ALTER TABLE order_cancellations ADD COLUMN ended text;

-- +goose Down
ALTER TABLE order_cancellations DROP COLUMN ended;
