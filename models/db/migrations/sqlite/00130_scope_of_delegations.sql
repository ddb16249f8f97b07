-- +goose Up
-- A delegation may be for some sites of the account alone: their names, one a line; none: all of
-- them. They are of the same row as its state, so that one lock holds both.
ALTER TABLE delegations ADD COLUMN sites text NOT NULL DEFAULT '';
CREATE UNIQUE INDEX delegations_of_account ON delegations (account_id, id);
-- A token that a partner's administrator made acts by a delegation, and ends with it.
ALTER TABLE api_tokens ADD COLUMN delegation_id text;
-- +goose StatementBegin
CREATE TRIGGER api_tokens_delegation_id_of_account_on_insert BEFORE INSERT ON api_tokens
WHEN NEW.account_id IS NOT NULL AND NEW.delegation_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM delegations WHERE id = NEW.delegation_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: api_tokens.delegation_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER api_tokens_delegation_id_of_account_on_update BEFORE UPDATE OF account_id, delegation_id ON api_tokens
WHEN NEW.account_id IS NOT NULL AND NEW.delegation_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM delegations WHERE id = NEW.delegation_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: api_tokens.delegation_id is of another account');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER api_tokens_delegation_id_of_account_on_update;
DROP TRIGGER api_tokens_delegation_id_of_account_on_insert;
ALTER TABLE api_tokens DROP COLUMN delegation_id;
DROP INDEX delegations_of_account;
ALTER TABLE delegations DROP COLUMN sites;
