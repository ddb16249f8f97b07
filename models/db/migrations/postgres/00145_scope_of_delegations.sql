-- +goose Up
SET LOCAL lock_timeout = '2s';
-- A delegation may be for some sites of the account alone: their names, one a line; none: all of
-- them. They are of the same row as its state, so that one lock holds both.
ALTER TABLE delegations ADD COLUMN sites text NOT NULL DEFAULT '';
-- A token that a partner's administrator made acts by a delegation, and ends with it.
ALTER TABLE api_tokens ADD COLUMN delegation_id text REFERENCES delegations (id);

-- +goose Down
ALTER TABLE api_tokens DROP COLUMN delegation_id;
ALTER TABLE delegations DROP COLUMN sites;
