-- check: contract
-- rule: the contract is not what the line ordered
SELECT c.id, l.sku
FROM service_contracts c
JOIN order_lines l ON l.id = c.order_line_id
JOIN orders o ON o.id = l.order_id
WHERE c.quantity <> l.quantity
    OR c.type <> l.service_type
    OR c.term_years <> l.term_years
    OR c.order_id <> l.order_id
    OR c.account_id IS DISTINCT FROM o.account_id
