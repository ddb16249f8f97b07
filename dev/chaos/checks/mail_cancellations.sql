-- check: mail
-- rule: the notices of a cancellation are not one for each address
SELECT id, have || ' of ' || want
FROM (
    SELECT
        o.id,
        (
            SELECT count(*)
            FROM notifications n
            WHERE n.order_id = o.id AND n.template = 'order_cancelled'
        ) AS have,
        (
            SELECT count(DISTINCT e)
            FROM unnest(ARRAY[
                o.payload->'end_customer'->>'email',
                o.payload->'reseller'->>'email',
                o.payload->'distributor'->>'email'
            ]) e
        ) * (
            SELECT count(*)
            FROM order_cancellations c
            WHERE c.order_id = o.id
        ) AS want
    FROM orders o
) q
WHERE have <> want
