-- +goose Up
-- Names the request that made the RMA, where its caller may send it again: a second
-- press of a button makes no second RMA, also of an accessory.
ALTER TABLE rmas ADD COLUMN once_key text;
CREATE UNIQUE INDEX rmas_once ON rmas (account_id, once_key) WHERE once_key IS NOT NULL;

-- +goose Down
DROP INDEX rmas_once;
ALTER TABLE rmas DROP COLUMN once_key;
