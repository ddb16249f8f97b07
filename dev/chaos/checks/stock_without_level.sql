-- check: stock
-- rule: entries stand without a level
SELECT DISTINCT e.depot_id, e.model_code
FROM stock_entries e
LEFT JOIN stock_levels l ON l.depot_id = e.depot_id AND l.model_code = e.model_code
WHERE l.depot_id IS NULL
