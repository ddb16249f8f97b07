SELECT count(*) FROM invitations i
WHERE i.state IN ('ISSUED','SENT') AND i.expires_at > @now
	AND i.issued_at < @late AND i.issued_at >= @from
	AND NOT EXISTS (SELECT 1 FROM notifications n
		WHERE n.subject_id = i.id AND n.template = 'invitation_reminder' AND n.epoch = @epoch)
