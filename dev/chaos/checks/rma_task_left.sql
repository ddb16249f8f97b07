-- check: replacement
-- rule: a person is asked about one that is over
SELECT r.id, t.kind
FROM rmas r
JOIN operator_tasks t ON t.subject_id = r.id AND t.state = 'OPEN'
WHERE r.closed_at IS NOT NULL
