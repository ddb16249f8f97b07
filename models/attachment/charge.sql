INSERT INTO attachment_quotas (owner_id, account_id, internal, files, bytes)
VALUES (@owner, @account, @internal, 1, @size)
ON CONFLICT (owner_id) DO UPDATE SET
	files = attachment_quotas.files + 1,
	bytes = attachment_quotas.bytes + excluded.bytes
WHERE (@most_files = 0 OR attachment_quotas.files + 1 <= @most_files)
	AND attachment_quotas.bytes + excluded.bytes <= @most_bytes
