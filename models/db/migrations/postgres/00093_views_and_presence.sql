-- +goose Up
SET LOCAL lock_timeout = '2s';
-- The choices of a list that an operator keeps under a name, for themselves or for all.
CREATE TABLE operator_views (
    id          text PRIMARY KEY,
    operator_id text NOT NULL REFERENCES operators (id),
    list        text NOT NULL,
    name        text NOT NULL,
    query       text NOT NULL,
    shared      boolean NOT NULL,
    created_at  timestamptz NOT NULL
);
CREATE UNIQUE INDEX operator_views_name ON operator_views (operator_id, list, name);
CREATE INDEX operator_views_shared ON operator_views (list) WHERE shared;
-- Who has which page of the console open; a row is worth nothing a minute after it was seen.
CREATE TABLE operator_presences (
    operator_id text NOT NULL REFERENCES operators (id),
    page        text NOT NULL,
    name        text NOT NULL,
    seen_at     timestamptz NOT NULL,
    PRIMARY KEY (page, operator_id)
);
CREATE INDEX operator_presences_operator ON operator_presences (operator_id);
ALTER TABLE operator_views ENABLE ROW LEVEL SECURITY;
ALTER TABLE operator_views FORCE ROW LEVEL SECURITY;
CREATE POLICY operator_views_scope ON operator_views USING (roomcover_open());
ALTER TABLE operator_presences ENABLE ROW LEVEL SECURITY;
ALTER TABLE operator_presences FORCE ROW LEVEL SECURITY;
CREATE POLICY operator_presences_scope ON operator_presences USING (roomcover_open());

-- +goose Down
DROP TABLE operator_presences;
DROP TABLE operator_views;
