-- +goose Up
-- When finance was told to credit the fee for a unit that did not come back, because it came.
-- An inspection that is taken back takes the credit with it.
ALTER TABLE rmas ADD COLUMN credited_at datetime;
UPDATE rmas
SET credited_at = inspected_at
WHERE billed_at <= inspected_at
    AND (waived_at IS NULL OR waived_at > inspected_at);

-- +goose Down
ALTER TABLE rmas DROP COLUMN credited_at;
