-- +goose NO TRANSACTION
-- +goose Up
-- The operators' list of orders: by a part of a number or company, by who decides next, and those
-- of an earlier release that have no key yet.
DROP INDEX CONCURRENTLY IF EXISTS orders_search_part;
CREATE INDEX CONCURRENTLY orders_search_part ON orders USING gin (search_key gin_trgm_ops) WITH (fastupdate = off);
DROP INDEX CONCURRENTLY IF EXISTS orders_unsearched;
CREATE INDEX CONCURRENTLY orders_unsearched ON orders (id) WHERE search_key = '';
DROP INDEX CONCURRENTLY IF EXISTS orders_review;
CREATE INDEX CONCURRENTLY orders_review ON orders (review_until, id) WHERE state = 'NEEDS_REVIEW';

-- +goose Down
DROP INDEX orders_review;
DROP INDEX orders_unsearched;
DROP INDEX orders_search_part;
