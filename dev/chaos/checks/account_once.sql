-- check: account
-- rule: a customer has several accounts
SELECT max(id), count(DISTINCT account_id)::text
FROM orders
WHERE account_id IS NOT NULL
GROUP BY payload->'end_customer'->>'company', payload->'end_customer'->'address'
HAVING count(DISTINCT account_id) > 1
