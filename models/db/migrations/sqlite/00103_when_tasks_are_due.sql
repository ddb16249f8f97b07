-- +goose Up
-- Each task says when it is due, so that tickets with their clocks stand in one queue with the
-- rest; ties by the severity of tickets.
ALTER TABLE operator_tasks ADD COLUMN due_at datetime NOT NULL DEFAULT '2026-01-01 00:00:00+00:00';
ALTER TABLE operator_tasks ADD COLUMN severity integer NOT NULL DEFAULT 9;
UPDATE operator_tasks SET due_at = datetime(created_at, 'start of day', '+1 day') || '+00:00';
CREATE INDEX operator_tasks_due ON operator_tasks (due_at, severity, id) WHERE state = 'OPEN';
CREATE INDEX operator_tasks_assignee_due ON operator_tasks (assignee_id, due_at, severity, id) WHERE state = 'OPEN';
CREATE INDEX operator_tasks_account_due ON operator_tasks (account_id, due_at, severity, id) WHERE state = 'OPEN';
DROP INDEX operator_tasks_account;
DROP INDEX operator_tasks_assignee;
DROP INDEX operator_tasks_queue;

-- +goose Down
CREATE INDEX operator_tasks_queue ON operator_tasks (created_at, id) WHERE state = 'OPEN';
CREATE INDEX operator_tasks_assignee ON operator_tasks (assignee_id, created_at, id) WHERE state = 'OPEN';
CREATE INDEX operator_tasks_account ON operator_tasks (account_id, created_at, id) WHERE state = 'OPEN';
DROP INDEX operator_tasks_account_due;
DROP INDEX operator_tasks_assignee_due;
DROP INDEX operator_tasks_due;
ALTER TABLE operator_tasks DROP COLUMN severity;
ALTER TABLE operator_tasks DROP COLUMN due_at;
