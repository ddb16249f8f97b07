-- +goose Up
SET LOCAL lock_timeout = '2s';
-- How often an answer of the help was called useful, and how often not, by language. Counts
-- alone: nobody's vote can be told from another's.
CREATE TABLE help_votes (
    anchor  text NOT NULL,
    locale  text NOT NULL,
    useful  bigint NOT NULL DEFAULT 0,
    useless bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (anchor, locale)
);
ALTER TABLE help_votes ENABLE ROW LEVEL SECURITY;
ALTER TABLE help_votes FORCE ROW LEVEL SECURITY;
CREATE POLICY help_votes_scope ON help_votes USING (roomcover_open());

-- +goose Down
DROP TABLE help_votes;
