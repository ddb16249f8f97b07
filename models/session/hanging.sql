SELECT
	(SELECT count(*) FROM ticket_sessions WHERE ticket_id = @ticket AND state NOT IN @over)
	+ (SELECT count(*) FROM ticket_participants WHERE ticket_id = @ticket AND ended_at IS NULL)
