-- check: carrier
-- rule: a parcel is not booked, labelled or called off
SELECT s.id, s.state
FROM shipments s
WHERE s.service <> ''
    AND (
        s.state = 'CREATED'
        OR s.state IN ('LOST', 'DELIVERED') AND s.cancel_asked_at IS NOT NULL
        OR s.state = 'LABELLED'
            AND (
                s.cancel_asked_at IS NOT NULL
                OR NOT EXISTS (
                    SELECT 1
                    FROM shipment_labels l
                    WHERE l.shipment_id = s.id
                )
            )
    )
