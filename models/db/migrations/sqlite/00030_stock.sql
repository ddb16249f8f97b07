-- +goose Up
-- Depots and their stock are the operator's own (S26): no account has rows here.
CREATE TABLE depots (
    id          text PRIMARY KEY,
    code        text NOT NULL UNIQUE,
    name        text NOT NULL,
    street      text NOT NULL,
    city        text NOT NULL,
    region      text NOT NULL,
    postal_code text NOT NULL,
    country     text NOT NULL,
    time_zone   text NOT NULL,
    created_at  datetime NOT NULL
);
-- The sum of the entries, and the row that is locked. The checks are the last
-- word: no stock is negative, and nothing is promised that is not there.
CREATE TABLE stock_levels (
    depot_id   text NOT NULL REFERENCES depots (id),
    model_code text NOT NULL,
    on_hand    integer NOT NULL CHECK (on_hand >= 0),
    reserved   integer NOT NULL CHECK (reserved >= 0),
    updated_at datetime NOT NULL,
    PRIMARY KEY (depot_id, model_code),
    CHECK (reserved <= on_hand)
);
-- A cause makes one entry, and a reservation is closed once.
CREATE TABLE stock_entries (
    id             text PRIMARY KEY,
    depot_id       text NOT NULL REFERENCES depots (id),
    model_code     text NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('RECEIPT','RESERVATION','RELEASE','SHIPMENT','ADJUSTMENT')),
    quantity       integer NOT NULL CHECK (quantity <> 0 AND (quantity > 0 OR kind = 'ADJUSTMENT')),
    on_hand_delta  integer NOT NULL,
    reserved_delta integer NOT NULL,
    cause_key      text NOT NULL UNIQUE,
    subject_id     text NOT NULL,
    closes_id      text UNIQUE REFERENCES stock_entries (id),
    reason         text NOT NULL,
    entered_by     text NOT NULL,
    created_at     datetime NOT NULL,
    CHECK ((kind IN ('RELEASE','SHIPMENT')) = (closes_id IS NOT NULL))
);
CREATE INDEX stock_entries_level ON stock_entries (depot_id, model_code, id);
CREATE INDEX stock_entries_subject ON stock_entries (subject_id);

-- +goose Down
DROP TABLE stock_entries;
DROP TABLE stock_levels;
DROP TABLE depots;
