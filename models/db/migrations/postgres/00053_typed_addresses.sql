-- +goose Up
-- Since when a site has been at an address that a customer typed; a person looks at it before
-- the first replacement is sent there (S25). Empty: an operator typed it, or it was known
-- before.
ALTER TABLE sites ADD COLUMN address_typed_at timestamptz;

-- +goose Down
ALTER TABLE sites DROP COLUMN address_typed_at;
