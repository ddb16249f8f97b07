-- +goose Up
-- How often an answer of the help was called useful, and how often not, by language. Counts
-- alone: nobody's vote can be told from another's.
CREATE TABLE help_votes (
    anchor  text NOT NULL,
    locale  text NOT NULL,
    useful  integer NOT NULL DEFAULT 0,
    useless integer NOT NULL DEFAULT 0,
    PRIMARY KEY (anchor, locale)
);

-- +goose Down
DROP TABLE help_votes;
