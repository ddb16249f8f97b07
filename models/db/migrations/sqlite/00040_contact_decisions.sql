-- +goose Up
-- What an operator decided about the person whom an order names (S15): ADMIN, READ_ONLY,
-- NONE, or nothing.
ALTER TABLE orders ADD COLUMN invite_as text NOT NULL DEFAULT '';
-- Every further order reads whom the account has invited.
CREATE INDEX invitations_account ON invitations (account_id);

-- +goose Down
DROP INDEX invitations_account;
ALTER TABLE orders DROP COLUMN invite_as;
