-- +goose Up
-- What people told, typed and took back of a replacement, in that order. It only grows.
ALTER TABLE rmas ADD COLUMN tellings text NOT NULL DEFAULT '[]';
-- When the customer is told that the return is overdue, where a reminder was late; empty:
-- when it is due.
ALTER TABLE rmas ADD COLUMN overdue_from datetime;
-- How many fees, and credits of fees, finance was told to be wrong.
ALTER TABLE rmas ADD COLUMN fee_corrections integer NOT NULL DEFAULT 0;
-- A scan of a parcel under whose number another one travelled: it is kept, and belongs to
-- this one no more.
ALTER TABLE shipment_scans ADD COLUMN taken_back boolean NOT NULL DEFAULT false;

-- What no parcel accounts for, people told.
UPDATE rmas
SET tellings = (
    SELECT json_group_array(json_object(
        'Fact', f.fact,
        'At', strftime('%Y-%m-%dT%H:%M:%fZ', f.at),
        'ToldAt', strftime('%Y-%m-%dT%H:%M:%fZ', f.at),
        'Outcome', f.outcome))
    FROM (
        SELECT id, 'SHIPPED' AS fact, '' AS outcome, '' AS direction, shipped_at AS at FROM rmas
        UNION ALL SELECT id, 'PICKED_UP', '', 'OUT', picked_up_at FROM rmas
        UNION ALL SELECT id, 'DELIVERED', '', 'OUT', delivered_at FROM rmas
        UNION ALL SELECT id, 'RETURN_SCANNED', '', 'RETURN', return_scanned_at FROM rmas
        UNION ALL SELECT id, 'RETURN_RECEIVED', '', 'RETURN', return_received_at FROM rmas
        UNION ALL SELECT id, 'INSPECTED', 'WRONG_UNIT', '', wrong_unit_at FROM rmas
        UNION ALL SELECT id, 'INSPECTED', outcome, '', inspected_at FROM rmas
        ORDER BY at
    ) f
    WHERE f.id = rmas.id
        AND f.at IS NOT NULL
        AND NOT EXISTS (
            SELECT 1 FROM shipments s
            WHERE s.subject_id = f.id
                AND s.direction = f.direction
                AND f.at IN (s.first_move_at, s.delivered_at)));

-- +goose Down
ALTER TABLE shipment_scans DROP COLUMN taken_back;
ALTER TABLE rmas DROP COLUMN fee_corrections;
ALTER TABLE rmas DROP COLUMN overdue_from;
ALTER TABLE rmas DROP COLUMN tellings;
