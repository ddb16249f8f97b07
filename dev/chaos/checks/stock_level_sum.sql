-- check: stock
-- rule: a level is not the sum of its entries
SELECT
    l.depot_id || '/' || l.model_code,
    l.on_hand || '/' || l.reserved || ' of '
        || coalesce(sum(e.on_hand_delta), 0) || '/' || coalesce(sum(e.reserved_delta), 0)
FROM stock_levels l
LEFT JOIN stock_entries e ON e.depot_id = l.depot_id AND e.model_code = l.model_code
GROUP BY l.depot_id, l.model_code, l.on_hand, l.reserved
HAVING l.on_hand <> coalesce(sum(e.on_hand_delta), 0)
    OR l.reserved <> coalesce(sum(e.reserved_delta), 0)
