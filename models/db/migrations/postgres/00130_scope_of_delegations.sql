-- +goose Up
SET LOCAL lock_timeout = '2s';
-- A delegation may be for some sites of the account alone: their names, one a line; none: all of
-- them. They are of the same row as its state, so that one lock holds both.
ALTER TABLE delegations ADD COLUMN sites text NOT NULL DEFAULT '';
ALTER TABLE delegations ADD CONSTRAINT delegations_of_account UNIQUE (account_id, id);
-- A token that a partner's administrator made acts by a delegation, and ends with it.
ALTER TABLE api_tokens ADD COLUMN delegation_id text;
ALTER TABLE api_tokens ADD CONSTRAINT api_tokens_delegation_id_of_account
    FOREIGN KEY (account_id, delegation_id) REFERENCES delegations (account_id, id);

-- +goose Down
ALTER TABLE api_tokens DROP COLUMN delegation_id;
ALTER TABLE delegations DROP CONSTRAINT delegations_of_account;
ALTER TABLE delegations DROP COLUMN sites;
