-- check: review
-- rule: an order in review has no open task
SELECT id, state
FROM orders o
WHERE state = 'NEEDS_REVIEW'
    AND NOT EXISTS (
        SELECT 1
        FROM operator_tasks t
        WHERE t.kind = 'REVIEW_ORDER' AND t.subject_id = o.id AND t.state = 'OPEN'
    )
