-- +goose Up
SET LOCAL lock_timeout = '2s';
-- In which language somebody is written to who does not sign in: whom an invitation is for,
-- and an organization that sells. Empty: nobody chose one.
ALTER TABLE invitations ADD COLUMN locale text NOT NULL DEFAULT '';
ALTER TABLE orgs ADD COLUMN locale text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE orgs DROP COLUMN locale;
ALTER TABLE invitations DROP COLUMN locale;
