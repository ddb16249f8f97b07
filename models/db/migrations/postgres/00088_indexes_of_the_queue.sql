-- +goose NO TRANSACTION
-- +goose Up
-- The queue in its order: all of it, and what one operator has taken.
DROP INDEX CONCURRENTLY IF EXISTS operator_tasks_queue;
CREATE INDEX CONCURRENTLY operator_tasks_queue ON operator_tasks (created_at, id) WHERE state = 'OPEN';
DROP INDEX CONCURRENTLY IF EXISTS operator_tasks_assignee;
CREATE INDEX CONCURRENTLY operator_tasks_assignee ON operator_tasks (assignee_id, created_at, id) WHERE state = 'OPEN';
DROP INDEX CONCURRENTLY IF EXISTS operator_tasks_account;
CREATE INDEX CONCURRENTLY operator_tasks_account ON operator_tasks (account_id, created_at, id) WHERE state = 'OPEN';

-- +goose Down
DROP INDEX operator_tasks_account;
DROP INDEX operator_tasks_assignee;
DROP INDEX operator_tasks_queue;
