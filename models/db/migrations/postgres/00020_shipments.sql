-- +goose Up
-- A shipment holds no address: it is told to the carrier and stands on the label.
CREATE TABLE shipments (
    id            text PRIMARY KEY,
    account_id    text NOT NULL REFERENCES accounts (id),
    direction     text NOT NULL CHECK (direction IN ('OUT','RETURN','SPARE','RECALL')),
    subject_id    text NOT NULL,
    booking_key   text NOT NULL UNIQUE,
    carrier       text NOT NULL,
    tracking      text,
    promised_on   text NOT NULL,
    state         text NOT NULL CHECK (state IN ('CREATED','LABELLED','PICKED_UP','IN_TRANSIT','DELIVERED','EXCEPTION','LOST','RETURNED_TO_SENDER','CANCELLED')),
    contradicted  boolean NOT NULL,
    first_move_at timestamptz,
    delivered_at  timestamptz,
    last_scan_at  timestamptz,
    created_at    timestamptz NOT NULL,
    version       bigint NOT NULL
);
CREATE UNIQUE INDEX shipments_tracking ON shipments (carrier, tracking) WHERE tracking IS NOT NULL;
-- At most one live shipment of an RMA or spare in each direction.
CREATE UNIQUE INDEX shipments_live ON shipments (subject_id, direction) WHERE state IN ('CREATED','LABELLED','PICKED_UP','IN_TRANSIT','EXCEPTION');
CREATE INDEX shipments_subject ON shipments (subject_id);
CREATE INDEX shipments_account ON shipments (account_id, id);
-- What is known of a shipment: its state is derived from the set of these.
CREATE TABLE shipment_scans (
    id          text PRIMARY KEY,
    account_id  text NOT NULL REFERENCES accounts (id),
    shipment_id text NOT NULL REFERENCES shipments (id),
    kind        text NOT NULL CHECK (kind IN ('LABELLED','PICKED_UP','IN_TRANSIT','DELIVERED','EXCEPTION','LOST','RETURNED_TO_SENDER','CANCELLED')),
    at          timestamptz NOT NULL,
    source      text NOT NULL,
    cause_key   text NOT NULL UNIQUE,
    created_at  timestamptz NOT NULL
);
CREATE INDEX shipment_scans_shipment ON shipment_scans (shipment_id);
-- What carriers sent, as it came. One that no shipment is known for stays.
CREATE TABLE carrier_events (
    id          text PRIMARY KEY,
    carrier     text NOT NULL,
    event_id    text NOT NULL,
    tracking    text NOT NULL,
    kind        text NOT NULL,
    occurred_at timestamptz,
    received_at timestamptz NOT NULL,
    raw         bytea NOT NULL,
    shipment_id text REFERENCES shipments (id),
    account_id  text REFERENCES accounts (id),
    state       text NOT NULL CHECK (state IN ('RECEIVED','APPLIED','UNKNOWN','UNREADABLE')),
    UNIQUE (carrier, event_id),
    CHECK ((state = 'APPLIED') = (shipment_id IS NOT NULL))
);
CREATE INDEX carrier_events_waiting ON carrier_events (carrier, tracking) WHERE state IN ('RECEIVED','UNKNOWN');
CREATE INDEX carrier_events_shipment ON carrier_events (shipment_id) WHERE shipment_id IS NOT NULL;
-- All of it is behind the fence of its account (C5).
ALTER TABLE shipments ENABLE ROW LEVEL SECURITY;
ALTER TABLE shipments FORCE ROW LEVEL SECURITY;
CREATE POLICY shipments_scope ON shipments USING (roomcover_sees(account_id, NULL));
ALTER TABLE shipment_scans ENABLE ROW LEVEL SECURITY;
ALTER TABLE shipment_scans FORCE ROW LEVEL SECURITY;
CREATE POLICY shipment_scans_scope ON shipment_scans USING (roomcover_sees(account_id, NULL));
ALTER TABLE carrier_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE carrier_events FORCE ROW LEVEL SECURITY;
CREATE POLICY carrier_events_scope ON carrier_events USING (roomcover_sees(account_id, NULL));

-- +goose Down
DROP TABLE carrier_events;
DROP TABLE shipment_scans;
DROP TABLE shipments;
