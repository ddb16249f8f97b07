-- +goose Up
-- What people told, typed and took back of a spare unit, in that order. It only grows.
ALTER TABLE spare_units ADD COLUMN tellings jsonb NOT NULL DEFAULT '[]';
-- How many fees, and credits of fees, finance was told to be wrong.
ALTER TABLE spare_units ADD COLUMN fee_corrections integer NOT NULL DEFAULT 0;

-- What no parcel accounts for, people told.
UPDATE spare_units u
SET tellings = told.list
FROM (
    SELECT f.id, jsonb_agg(jsonb_build_object(
        'Fact', f.fact,
        'At', to_char(f.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'ToldAt', to_char(f.told AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'Serial', f.serial,
        'Parcel', f.parcel) ORDER BY f.at) AS list
    FROM (
        SELECT id, 'SHIPPED' AS fact, serial, '' AS direction, parcels + 1 AS parcel,
            shipped_at AS at, shipped_at AS told FROM spare_units
        UNION ALL SELECT id, 'PICKED_UP', '', 'SPARE', parcels + 1,
            picked_up_at, picked_up_at FROM spare_units
        UNION ALL SELECT id, 'DELIVERED', '', 'SPARE', parcels + 1,
            on_site_at, on_site_at FROM spare_units
        -- After the recall was requested, also where the carrier's clock was a little behind.
        UNION ALL SELECT id, 'RECALL_SCANNED', '', 'RECALL', parcels + 1,
            recall_scanned_at,
            GREATEST(recall_scanned_at, recall_requested_at) + interval '1 second' FROM spare_units
        UNION ALL SELECT id, 'RECALL_RECEIVED', '', 'RECALL', parcels + 1,
            returned_at,
            GREATEST(returned_at, recall_requested_at) + interval '1 second' FROM spare_units
    ) f
    WHERE f.at IS NOT NULL
        AND NOT EXISTS (
            SELECT 1 FROM shipments s
            WHERE s.subject_id = f.id
                AND s.direction = f.direction
                AND f.at IN (s.first_move_at, s.delivered_at))
    GROUP BY f.id
) told
WHERE told.id = u.id;

-- +goose Down
ALTER TABLE spare_units DROP COLUMN fee_corrections;
ALTER TABLE spare_units DROP COLUMN tellings;
