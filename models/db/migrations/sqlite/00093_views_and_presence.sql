-- +goose Up
-- The choices of a list that an operator keeps under a name, for themselves or for all.
CREATE TABLE operator_views (
    id          text PRIMARY KEY,
    operator_id text NOT NULL REFERENCES operators (id),
    list        text NOT NULL,
    name        text NOT NULL,
    query       text NOT NULL,
    shared      boolean NOT NULL,
    created_at  datetime NOT NULL
);
CREATE UNIQUE INDEX operator_views_name ON operator_views (operator_id, list, name);
CREATE INDEX operator_views_shared ON operator_views (list) WHERE shared;
-- Who has which page of the console open; a row is worth nothing a minute after it was seen.
CREATE TABLE operator_presences (
    operator_id text NOT NULL REFERENCES operators (id),
    page        text NOT NULL,
    name        text NOT NULL,
    seen_at     datetime NOT NULL,
    PRIMARY KEY (page, operator_id)
);
CREATE INDEX operator_presences_operator ON operator_presences (operator_id);

-- +goose Down
DROP TABLE operator_presences;
DROP TABLE operator_views;
