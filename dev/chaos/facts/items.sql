-- Every item that operators decide, by its mail.
SELECT mail_id, state, reason, further
FROM inbox_items
