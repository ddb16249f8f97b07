-- +goose Up
-- Names the form that recorded an incident, or that somebody was told of it, so that a second press
-- of its button records no second one.
ALTER TABLE incidents ADD COLUMN once_key text;
ALTER TABLE incident_tellings ADD COLUMN once_key text;
CREATE UNIQUE INDEX incidents_once ON incidents (once_key) WHERE once_key IS NOT NULL;
CREATE UNIQUE INDEX incident_tellings_once ON incident_tellings (incident_id, once_key)
    WHERE once_key IS NOT NULL;

-- +goose Down
DROP INDEX incident_tellings_once;
DROP INDEX incidents_once;
ALTER TABLE incident_tellings DROP COLUMN once_key;
ALTER TABLE incidents DROP COLUMN once_key;
