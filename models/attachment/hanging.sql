SELECT
	a.id,
	a.account_id,
	a.owner_id,
	a.name,
	a.media_type,
	a.size,
	a.scan_state,
	a.gone_at IS NOT NULL AS gone,
	EXISTS (SELECT 1 FROM attachment_thumbnails p WHERE p.attachment_id = a.id) AS pictured,
	'' AS code,
	a.created_at AS came
FROM attachments a
WHERE a.group_id = @group AND (@internal OR NOT a.internal)
UNION ALL
SELECT
	r.id,
	r.account_id,
	r.owner_id,
	r.name,
	'' AS media_type,
	r.size,
	'' AS scan_state,
	false AS gone,
	false AS pictured,
	r.code,
	r.created_at AS came
FROM attachment_refusals r
WHERE r.group_id = @group
