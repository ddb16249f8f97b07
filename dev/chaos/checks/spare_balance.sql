-- check: spare
-- rule: the live units are not what the licences in force earn
SELECT
    o.id,
    coalesce(u.live, 0) || ' live, '
        || coalesce(l.balance, 0) || ' in the ledger, '
        || coalesce(s.licences, 0) || ' licences'
FROM orgs o
LEFT JOIN (
    SELECT parent_org_id, count(*) AS live
    FROM spare_units
    WHERE closed_at IS NULL AND state <> 'RECALL_REQUESTED' AND NOT recall_pending
    GROUP BY 1
) u ON u.parent_org_id = o.id
LEFT JOIN (
    SELECT parent_org_id, sum(delta) AS balance
    FROM spare_ledger
    GROUP BY 1
) l ON l.parent_org_id = o.id
LEFT JOIN (
    SELECT a.parent_org_id, count(*) AS licences
    FROM licences l
    JOIN service_contracts c ON c.id = l.contract_id AND c.type = 'SELECT'
    JOIN accounts a ON a.id = l.account_id
    WHERE l.state IN ('AVAILABLE', 'ASSIGNED')
    GROUP BY 1
) s ON s.parent_org_id = o.id
WHERE coalesce(u.live, 0) <> coalesce(l.balance, 0)
    OR coalesce(l.balance, 0) <> coalesce(s.licences, 0) / 50
