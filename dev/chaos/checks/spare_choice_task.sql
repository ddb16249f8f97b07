-- check: spare
-- rule: not exactly one task asks for model and site
SELECT u.id, count(t.id)::text
FROM spare_units u
LEFT JOIN operator_tasks t ON t.subject_id = u.id AND t.kind = 'CHOOSE_SPARE' AND t.state = 'OPEN'
GROUP BY u.id
HAVING count(t.id) <> (u.state = 'SELECTION_PENDING' AND u.selected_at IS NULL)::int
