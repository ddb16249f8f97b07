-- What is known of each place of Sync, and what of it was told.
SELECT p.account_id || ' ' || p.place, p.id, coalesce(p.room_id, ''), p.state, p.told, c.state,
    EXISTS (
        SELECT 1
        FROM sync_changes f
        WHERE f.place_id = p.id AND f.after IN ('OFFLINE', 'NEEDS_ATTENTION')
    ),
    p.flapping,
    (SELECT count(*) FROM sync_changes n WHERE n.place_id = p.id AND n.what = 'DOWN'),
    (
        SELECT count(*)
        FROM sync_changes n
        WHERE n.place_id = p.id AND n.what = 'DOWN' AND n.told_in = ''
    )
FROM sync_places p
JOIN sync_connections c ON c.id = p.connection_id
