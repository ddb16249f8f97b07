-- +goose Up
-- Where a person signed in from before: networks and browsers, as keyed hashes only. From
-- there they sign in whatever others try with their address.
CREATE TABLE sign_in_places (
    user_id       text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind          text NOT NULL,
    place_hash    text NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    PRIMARY KEY (user_id, kind, place_hash)
);
CREATE INDEX sign_in_places_seen ON sign_in_places (last_seen_at);
ALTER TABLE sign_in_places ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_in_places FORCE ROW LEVEL SECURITY;
CREATE POLICY sign_in_places_scope ON sign_in_places USING (current_setting('roomcover.scope', true) = 'system');

-- +goose Down
DROP TABLE sign_in_places;
