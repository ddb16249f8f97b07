-- check: spare
-- rule: more than one live parcel in one direction
SELECT subject_id, direction
FROM shipments
WHERE direction IN ('SPARE', 'RECALL')
    AND state IN ('CREATED', 'LABELLED', 'PICKED_UP', 'IN_TRANSIT', 'EXCEPTION')
GROUP BY 1, 2
HAVING count(*) > 1
