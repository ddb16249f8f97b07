-- check: replacement
-- rule: more than one live outbound shipment
SELECT subject_id, count(*)::text
FROM shipments
WHERE direction = 'OUT' AND state IN ('CREATED', 'LABELLED', 'PICKED_UP', 'IN_TRANSIT', 'EXCEPTION')
GROUP BY 1
HAVING count(*) > 1
