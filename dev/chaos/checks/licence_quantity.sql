-- check: licence
-- rule: the licences do not equal the quantity
SELECT c.id, count(l.id) || ' of ' || c.quantity
FROM service_contracts c
LEFT JOIN licences l ON l.contract_id = c.id
GROUP BY c.id
HAVING count(l.id) <> CASE WHEN c.type = 'JUMPSTART' THEN 0 ELSE c.quantity END
    OR count(DISTINCT l.seq) <> count(l.id)
    OR coalesce(min(l.seq), 1) <> 1
    OR coalesce(max(l.seq), 0) <> count(l.id)
