-- check: mail
-- rule: a step of a replacement has not its one mail for each person
-- A step is known by its verb in the audit. The request has a mail of its own unless it
-- was approved at once; of a delivery that is told twice only the first has one.
WITH steps (rma, step, times) AS (
    SELECT
        a.object_id,
        CASE
            WHEN a.verb = 'rma.inspected' AND a.details->>'outcome' = 'WRONG_UNIT' THEN 'WRONG_UNIT'
            ELSE v.step
        END,
        count(*)
    FROM audit_events a
    JOIN (
        VALUES
            ('rma.approved', 'APPROVED'),
            ('rma.rejected', 'REJECTED'),
            ('rma.appealed', 'APPEALED'),
            ('rma.withdrawn', 'WITHDRAWN'),
            ('rma.backordered', 'BACKORDERED'),
            ('rma.parcel_lost', 'RESHIPPED'),
            ('rma.inspected', 'INSPECTED'),
            ('rma.no_return_required', 'NO_RETURN'),
            ('rma.fee_billed', 'BILLED'),
            ('rma.fee_waived', 'WAIVED'),
            ('rma.return_overdue', 'OVERDUE'),
            ('rma.spare_used', 'SWAPPED'),
            ('rma.reminded', 'REMINDER')
    ) v (verb, step) ON v.verb = a.verb
    GROUP BY 1, 2
    UNION ALL
    SELECT id, 'REQUESTED', 1
    FROM rmas r
    WHERE NOT EXISTS (
        SELECT 1
        FROM notifications n
        WHERE n.subject_id = r.id AND n.epoch = 'APPROVED/1'
    )
    UNION ALL
    SELECT id, 'DELIVERED', 1
    FROM rmas
    WHERE delivered_at IS NOT NULL AND swapped_at IS NULL
),
-- The administrators of the account are told, and the person who takes parcels at the site.
people (rma, email) AS (
    SELECT r.id, u.email
    FROM rmas r
    JOIN memberships m ON m.account_id = r.account_id AND m.role = 'ADMIN' AND m.state = 'ACTIVE'
        AND m.blocked_at IS NULL
    JOIN users u ON u.id = m.user_id
    UNION
    SELECT r.id, s.contact_email
    FROM rmas r
    JOIN sites s ON s.id = r.site_id AND s.contact_email <> ''
)
SELECT s.rma, s.step || ': ' || count(n.id) || ' of ' || s.times
FROM steps s
JOIN people p ON p.rma = s.rma
LEFT JOIN notifications n
    ON n.subject_id = s.rma
        AND n.template = 'rma_update'
        AND n.recipient = p.email
        -- How a step is told depends on how the replacement came there: who has returned the
        -- unit already is told of the delivery without being asked for it.
        AND regexp_replace(n.params->>'step', '(_SWAPPED|_NO_SPARE|_FINAL|_LAST)+$', '') = s.step
GROUP BY s.rma, s.step, s.times, p.email
HAVING count(n.id) <> s.times
