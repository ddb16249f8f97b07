-- +goose Up
-- What operators note about a task while they work on it. Nothing is changed or taken away: a
-- note that was wrong is followed by another. It is for operators alone.
CREATE TABLE operator_task_notes (
    id         text PRIMARY KEY,
    task_id    text NOT NULL REFERENCES operator_tasks (id),
    author_id  text NOT NULL,
    note       text NOT NULL,
    created_at datetime NOT NULL
);
CREATE INDEX operator_task_notes_task ON operator_task_notes (task_id, id);

-- +goose Down
DROP TABLE operator_task_notes;
