-- +goose Up
-- The operators' list of orders, by who decides next. SQLite reads every row for a part of a
-- name: it is for development.
CREATE INDEX orders_unsearched ON orders (id) WHERE search_key = '';
CREATE INDEX orders_review ON orders (review_until, id) WHERE state = 'NEEDS_REVIEW';

-- +goose Down
DROP INDEX orders_review;
DROP INDEX orders_unsearched;
