-- check: replacement
-- rule: nobody is asked to decide
SELECT r.id, r.state
FROM rmas r
WHERE r.state = 'REQUESTED'
    AND NOT EXISTS (
        SELECT 1
        FROM operator_tasks t
        WHERE t.subject_id = r.id AND t.kind = 'DECIDE_RMA' AND t.state = 'OPEN'
    )
