-- check: ticket
-- rule: an entry of a conversation is missing, or two have one place
-- The last number that a ticket has given is how many entries it has.
SELECT t.id, count(e.seq) || ' of ' || t.seq
FROM tickets t
LEFT JOIN (
    SELECT ticket_id, seq
    FROM ticket_messages
    UNION ALL
    SELECT ticket_id, seq
    FROM ticket_events
) e ON e.ticket_id = t.id
GROUP BY t.id, t.seq
HAVING count(e.seq) <> t.seq OR count(DISTINCT e.seq) <> t.seq
