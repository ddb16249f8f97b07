-- check: mail
-- rule: a mail that needs a person has no open task
SELECT n.id, n.state
FROM notifications n
WHERE n.state IN ('UNKNOWN', 'HARD_BOUNCED')
    AND NOT EXISTS (
        SELECT 1
        FROM operator_tasks t
        WHERE t.subject_id = n.id
            AND t.kind = CASE n.state
                WHEN 'UNKNOWN' THEN 'MAIL_UNKNOWN'
                ELSE 'MAIL_UNDELIVERABLE'
            END
            AND (t.state = 'OPEN' OR t.resolution IN ('reissued', 'expired'))
    )
