UPDATE attachments SET next_at = @until, attempts = attempts + 1
WHERE id = @id
RETURNING *
