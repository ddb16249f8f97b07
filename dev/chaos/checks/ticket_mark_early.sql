-- check: clock
-- rule: a warning or a breach was noted before it was
SELECT clock_id, kind
FROM ticket_clock_marks
WHERE noticed_at < at
