-- check: mail
-- rule: the confirmations are not one for each address (R96, R100)
SELECT id, have || ' of ' || want
FROM (
    SELECT
        o.id,
        (
            SELECT count(*)
            FROM notifications n
            WHERE n.order_id = o.id AND n.template = 'order_confirmation'
        ) AS have,
        (
            SELECT count(DISTINCT e)
            FROM unnest(ARRAY[
                o.payload->'end_customer'->>'email',
                o.payload->'reseller'->>'email',
                o.payload->'distributor'->>'email'
            ]) e
        ) AS want
    FROM orders o
    WHERE o.state IN ('FULFILLED', 'PARTIALLY_CANCELLED', 'CANCELLED')
) q
WHERE have <> want
