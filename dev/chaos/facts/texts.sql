-- Every text of tickets: what was said, and what operators noted.
SELECT id, ticket_id, account_id, author_kind, author_id, automatic, false, text
FROM ticket_messages
UNION ALL
SELECT id, ticket_id, account_id, '', author_id, false, true, note
FROM ticket_notes
