-- +goose Up
-- When a mail was queued, the last time: its three days of attempts are counted from then on,
-- not from when its subject's first mail was (S17). Empty for those that an earlier release
-- has sent.
ALTER TABLE notifications ADD COLUMN queued_at datetime;
UPDATE notifications SET queued_at = created_at WHERE state IN ('QUEUED', 'SENDING');

-- +goose Down
ALTER TABLE notifications DROP COLUMN queued_at;
