-- +goose Up
-- What people told, typed and took back of a spare unit, in that order. It only grows.
ALTER TABLE spare_units ADD COLUMN tellings text NOT NULL DEFAULT '[]';
-- How many fees, and credits of fees, finance was told to be wrong.
ALTER TABLE spare_units ADD COLUMN fee_corrections integer NOT NULL DEFAULT 0;

-- What no parcel accounts for, people told.
UPDATE spare_units
SET tellings = (
    SELECT json_group_array(json_object(
        'Fact', f.fact,
        'At', strftime('%Y-%m-%dT%H:%M:%fZ', f.at),
        'ToldAt', strftime('%Y-%m-%dT%H:%M:%fZ', f.told, f.after),
        'Serial', f.serial,
        'Parcel', f.parcel))
    FROM (
        SELECT id, 'SHIPPED' AS fact, serial, '' AS direction, parcels + 1 AS parcel,
            shipped_at AS at, shipped_at AS told, '+0 seconds' AS after FROM spare_units
        UNION ALL SELECT id, 'PICKED_UP', '', 'SPARE', parcels + 1,
            picked_up_at, picked_up_at, '+0 seconds' FROM spare_units
        UNION ALL SELECT id, 'DELIVERED', '', 'SPARE', parcels + 1,
            on_site_at, on_site_at, '+0 seconds' FROM spare_units
        -- After the recall was requested, also where the carrier's clock was a little behind.
        UNION ALL SELECT id, 'RECALL_SCANNED', '', 'RECALL', parcels + 1,
            recall_scanned_at,
            max(recall_scanned_at, COALESCE(recall_requested_at, recall_scanned_at)),
            '+1 seconds' FROM spare_units
        UNION ALL SELECT id, 'RECALL_RECEIVED', '', 'RECALL', parcels + 1,
            returned_at,
            max(returned_at, COALESCE(recall_requested_at, returned_at)),
            '+1 seconds' FROM spare_units
        ORDER BY at
    ) f
    WHERE f.id = spare_units.id
        AND f.at IS NOT NULL
        AND NOT EXISTS (
            SELECT 1 FROM shipments s
            WHERE s.subject_id = f.id
                AND s.direction = f.direction
                AND f.at IN (s.first_move_at, s.delivered_at)));

-- +goose Down
ALTER TABLE spare_units DROP COLUMN fee_corrections;
ALTER TABLE spare_units DROP COLUMN tellings;
