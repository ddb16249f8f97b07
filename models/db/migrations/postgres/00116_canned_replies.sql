-- +goose Up
SET LOCAL lock_timeout = '2s';
-- Replies that the desk uses again and again, in both languages, with variables.
CREATE TABLE canned_replies (
    id         text PRIMARY KEY,
    name       text NOT NULL,
    english    text NOT NULL,
    portuguese text NOT NULL,
    active     boolean NOT NULL,
    created_at timestamptz NOT NULL,
    version    bigint NOT NULL
);
CREATE UNIQUE INDEX canned_replies_name ON canned_replies (name);
ALTER TABLE canned_replies ENABLE ROW LEVEL SECURITY;
ALTER TABLE canned_replies FORCE ROW LEVEL SECURITY;
CREATE POLICY canned_replies_scope ON canned_replies USING (roomcover_open());

-- +goose Down
DROP TABLE canned_replies;
