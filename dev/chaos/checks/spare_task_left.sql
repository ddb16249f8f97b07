-- check: spare
-- rule: a person is asked about one that is over
SELECT u.id, t.kind
FROM spare_units u
JOIN operator_tasks t ON t.subject_id = u.id AND t.state = 'OPEN'
WHERE u.closed_at IS NOT NULL
