-- +goose Up
-- The open tasks that nobody has taken, in the order in which they are due (S54): whoever takes
-- the next one does not read past those that others have, which are the ones due first.
CREATE INDEX operator_tasks_nobodys ON operator_tasks (due_at, severity, id) WHERE state = 'OPEN' AND assignee_id IS NULL;

-- +goose Down
DROP INDEX operator_tasks_nobodys;
