-- check: mail
-- rule: a mail tells of a step that was not taken
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
    SELECT object_id, 'CORRECTED', count(*)
    FROM audit_events
    WHERE verb IN ('rma.taken_back', 'rma.fee_withdrawn')
    GROUP BY 1
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
SELECT n.id, n.params->>'step'
FROM notifications n
JOIN rmas r ON r.id = n.subject_id
LEFT JOIN steps s ON s.rma = n.subject_id AND s.step = regexp_replace(n.params->>'step', '(_SWAPPED|_NO_SPARE|_FINAL|_LAST)+$', '')
LEFT JOIN people p ON p.rma = n.subject_id AND p.email = n.recipient
WHERE p.email IS NULL
    OR s.rma IS NULL
        AND (
            n.params->>'step' <> 'SHIPPED'
            OR r.shipped_at IS NULL AND r.picked_up_at IS NULL AND r.reships = 0
        )
