-- By what the clocks of each ticket run: the policies, its own first, and the room's calendar.
SELECT
    t.id,
    t.time_zone,
    t.clocked_at,
    t.effective_due,
    t.calendar_code,
    coalesce(c.weekend::text, '[]'),
    coalesce(c.hours::text, '[]'),
    p.code,
    p.always_on,
    p.third_party_pauses,
    p.promises::text
FROM tickets t
JOIN sla_policies p
    ON (p.code = t.policy_code AND p.version = t.policy_version)
        OR EXISTS (
            SELECT 1
            FROM jsonb_array_elements(coalesce(t.terms->'also', '[]')) a
            WHERE a->>'code' = p.code AND (a->>'version')::int = p.version
        )
LEFT JOIN calendars c ON c.code = t.calendar_code
ORDER BY t.id, (p.code <> t.policy_code), p.code
