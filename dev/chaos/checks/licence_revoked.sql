-- check: licence
-- rule: the revoked licences do not equal the cancellations
SELECT o.id, coalesce(r.n, 0) || ' revoked, ' || coalesce(x.n, 0) || ' cancelled'
FROM orders o
LEFT JOIN (
    SELECT c.order_id, count(*) AS n
    FROM licences l
    JOIN service_contracts c ON c.id = l.contract_id
    WHERE l.state = 'REVOKED'
    GROUP BY 1
) r ON r.order_id = o.id
LEFT JOIN (
    SELECT order_id, sum(quantity) AS n
    FROM order_cancellations
    GROUP BY 1
) x ON x.order_id = o.id
WHERE coalesce(r.n, 0) <> coalesce(x.n, 0)
