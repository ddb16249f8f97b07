-- +goose Up
-- The counts of the licences that are there.
INSERT INTO select_counts (account_id, licences, checked_at)
SELECT l.account_id, count(*), 'epoch'
FROM licences l
JOIN service_contracts c ON c.id = l.contract_id
WHERE l.state IN ('AVAILABLE','ASSIGNED')
    AND c.type = 'SELECT'
    AND c.state NOT IN ('CANCELLED','EXPIRED')
    AND NOT EXISTS (
        SELECT 1
        FROM licences r
        JOIN service_contracts rc ON rc.id = r.contract_id
        WHERE r.renews_licence_id = l.id
            AND r.id <> l.id
            AND r.account_id = l.account_id
            AND r.state IN ('AVAILABLE','ASSIGNED')
            AND rc.type = 'SELECT'
            AND rc.state NOT IN ('CANCELLED','EXPIRED'))
GROUP BY l.account_id
ON CONFLICT (account_id) DO NOTHING;

-- +goose Down
DELETE FROM select_counts;
