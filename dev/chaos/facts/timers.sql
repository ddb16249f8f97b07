-- Replacements, spares and tickets whose timer is due before $1.
SELECT id || ' ' || next_timer
FROM rmas
WHERE closed_at IS NULL AND next_at < $1
UNION ALL
SELECT id || ' ' || next_timer
FROM spare_units
WHERE closed_at IS NULL AND next_at < $1
UNION ALL
SELECT id || ' ' || next_timer
FROM tickets
WHERE closed_at IS NULL AND next_at < $1
