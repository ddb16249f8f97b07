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
    first_move_at datetime,
    delivered_at  datetime,
    last_scan_at  datetime,
    created_at    datetime NOT NULL,
    version       integer NOT NULL
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
    at          datetime NOT NULL,
    source      text NOT NULL,
    cause_key   text NOT NULL UNIQUE,
    created_at  datetime NOT NULL
);
CREATE INDEX shipment_scans_shipment ON shipment_scans (shipment_id);
-- What carriers sent, as it came. One that no shipment is known for stays.
CREATE TABLE carrier_events (
    id          text PRIMARY KEY,
    carrier     text NOT NULL,
    event_id    text NOT NULL,
    tracking    text NOT NULL,
    kind        text NOT NULL,
    occurred_at datetime,
    received_at datetime NOT NULL,
    raw         blob NOT NULL,
    shipment_id text REFERENCES shipments (id),
    account_id  text REFERENCES accounts (id),
    state       text NOT NULL CHECK (state IN ('RECEIVED','APPLIED','UNKNOWN','UNREADABLE')),
    UNIQUE (carrier, event_id),
    CHECK ((state = 'APPLIED') = (shipment_id IS NOT NULL))
);
CREATE INDEX carrier_events_waiting ON carrier_events (carrier, tracking) WHERE state IN ('RECEIVED','UNKNOWN');
CREATE INDEX carrier_events_shipment ON carrier_events (shipment_id) WHERE shipment_id IS NOT NULL;

-- +goose Down
DROP TABLE carrier_events;
DROP TABLE shipment_scans;
DROP TABLE shipments;
