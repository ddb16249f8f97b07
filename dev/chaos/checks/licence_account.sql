-- check: licence
-- rule: a licence is in another account than its contract
SELECT l.id, c.id
FROM licences l
JOIN service_contracts c ON c.id = l.contract_id
WHERE l.account_id <> c.account_id
