-- check: review
-- rule: a decided order still has an open task
SELECT o.id, o.state
FROM orders o
JOIN operator_tasks t ON t.kind = 'REVIEW_ORDER' AND t.subject_id = o.id AND t.state = 'OPEN'
WHERE o.state <> 'NEEDS_REVIEW'
