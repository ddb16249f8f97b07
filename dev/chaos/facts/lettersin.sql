-- Every mail that came in, with what it says; of one that was only counted that is gone.
SELECT m.id, m.state, m.outcome, m.reason, coalesce(encode(c.content, 'escape'), '')
FROM inbound_mails m
LEFT JOIN inbound_mail_chunks c ON c.mail_id = m.id AND c.seq = 0
