-- +goose Up
SET LOCAL lock_timeout = '2s';
-- Where a replacement goes, as it was when it was approved: its site may move afterwards. Empty:
-- it is not approved, or was by an earlier release.
ALTER TABLE rmas ADD COLUMN ship_to jsonb;

-- +goose Down
ALTER TABLE rmas DROP COLUMN ship_to;
