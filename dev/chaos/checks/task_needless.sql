-- check: task
-- rule: a person is asked although nothing needs one
SELECT id, kind || ' ' || subject_id
FROM operator_tasks
WHERE kind IN ('PROCESS_STUCK', 'OUTBOX_STUCK') AND state = 'OPEN'
