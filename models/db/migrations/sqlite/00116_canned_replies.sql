-- +goose Up
-- Replies that the desk uses again and again, in both languages, with variables.
CREATE TABLE canned_replies (
    id         text PRIMARY KEY,
    name       text NOT NULL,
    english    text NOT NULL,
    portuguese text NOT NULL,
    active     boolean NOT NULL,
    created_at datetime NOT NULL,
    version    integer NOT NULL
);
CREATE UNIQUE INDEX canned_replies_name ON canned_replies (name);

-- +goose Down
DROP TABLE canned_replies;
