-- +goose Up
-- A question about a person ends with the order that asked it; the release before reads it
-- as refused.
ALTER TABLE contact_questions ADD COLUMN withdrawn_at datetime;
-- The parent under which an operator put the account, or with which it was merged: such an
-- account may see what all of the parent's earn together (S60). Empty: no operator has.
ALTER TABLE accounts ADD COLUMN confirmed_parent text NOT NULL DEFAULT '';
-- When an operator parted accounts of this parent from another (S27): nothing joins the two
-- by itself any more.
ALTER TABLE orgs ADD COLUMN parted_at datetime;

-- +goose Down
ALTER TABLE orgs DROP COLUMN parted_at;
ALTER TABLE accounts DROP COLUMN confirmed_parent;
ALTER TABLE contact_questions DROP COLUMN withdrawn_at;
