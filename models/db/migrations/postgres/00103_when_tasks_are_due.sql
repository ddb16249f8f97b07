-- +goose NO TRANSACTION
-- +goose Up
-- Each task says when it is due, so that tickets with their clocks stand in one queue with the
-- rest; ties by the severity of tickets. An earlier release names neither: a day.
ALTER TABLE operator_tasks ADD COLUMN IF NOT EXISTS due_at timestamptz;
ALTER TABLE operator_tasks ADD COLUMN IF NOT EXISTS severity smallint NOT NULL DEFAULT 9;
ALTER TABLE operator_tasks ALTER COLUMN due_at SET DEFAULT now() + interval '1 day';
UPDATE operator_tasks SET due_at = (date_trunc('day', created_at AT TIME ZONE 'UTC') + interval '1 day') AT TIME ZONE 'UTC' WHERE due_at IS NULL;
ALTER TABLE operator_tasks ALTER COLUMN due_at SET NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS operator_tasks_due;
CREATE INDEX CONCURRENTLY operator_tasks_due ON operator_tasks (due_at, severity, id) WHERE state = 'OPEN';
DROP INDEX CONCURRENTLY IF EXISTS operator_tasks_assignee_due;
CREATE INDEX CONCURRENTLY operator_tasks_assignee_due ON operator_tasks (assignee_id, due_at, severity, id) WHERE state = 'OPEN';
DROP INDEX CONCURRENTLY IF EXISTS operator_tasks_account_due;
CREATE INDEX CONCURRENTLY operator_tasks_account_due ON operator_tasks (account_id, due_at, severity, id) WHERE state = 'OPEN';
DROP INDEX CONCURRENTLY IF EXISTS operator_tasks_account;
DROP INDEX CONCURRENTLY IF EXISTS operator_tasks_assignee;
DROP INDEX CONCURRENTLY IF EXISTS operator_tasks_queue;

-- +goose Down
CREATE INDEX operator_tasks_queue ON operator_tasks (created_at, id) WHERE state = 'OPEN';
CREATE INDEX operator_tasks_assignee ON operator_tasks (assignee_id, created_at, id) WHERE state = 'OPEN';
CREATE INDEX operator_tasks_account ON operator_tasks (account_id, created_at, id) WHERE state = 'OPEN';
DROP INDEX operator_tasks_account_due;
DROP INDEX operator_tasks_assignee_due;
DROP INDEX operator_tasks_due;
ALTER TABLE operator_tasks DROP COLUMN severity;
ALTER TABLE operator_tasks DROP COLUMN due_at;
