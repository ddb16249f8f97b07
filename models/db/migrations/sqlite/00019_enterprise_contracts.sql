-- +goose Up
-- An enterprise plan has a largest number of rooms and no assignment room by room;
-- an account has one at a time (S37). SQLite changes no check in place: the table is
-- written anew, and what refers to it is checked when the transaction ends.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE kept_contracts AS SELECT * FROM service_contracts;
DROP TABLE service_contracts;
CREATE TABLE service_contracts (
    id                text PRIMARY KEY,
    account_id        text NOT NULL REFERENCES accounts (id),
    order_id          text NOT NULL REFERENCES orders (id),
    order_line_id     text NOT NULL UNIQUE REFERENCES order_lines (id),
    type              text NOT NULL CHECK (type IN ('SELECT','SYNC_PLUS','EXT_WARRANTY','JUMPSTART','ENTERPRISE')),
    state             text NOT NULL CHECK (state IN ('PENDING_START','ACTIVE','SUSPENDED','EXPIRED','CANCELLED')),
    quantity          integer NOT NULL,
    term_years        integer NOT NULL,
    time_zone         text NOT NULL,
    fallback_start_at datetime NOT NULL,
    start_at          datetime,
    end_at            datetime,
    start_reason      text NOT NULL,
    reminded_days     integer NOT NULL,
    created_at        datetime NOT NULL,
    cancelled_at      datetime,
    max_rooms         integer,
    CHECK ((start_at IS NULL) = (end_at IS NULL)),
    CHECK (state <> 'ACTIVE' OR start_at IS NOT NULL),
    CHECK ((type = 'ENTERPRISE') = (max_rooms IS NOT NULL) AND (max_rooms IS NULL OR max_rooms >= 1))
);
INSERT INTO service_contracts (id, account_id, order_id, order_line_id, type, state, quantity, term_years, time_zone, fallback_start_at, start_at, end_at, start_reason, reminded_days, created_at, cancelled_at) SELECT id, account_id, order_id, order_line_id, type, state, quantity, term_years, time_zone, fallback_start_at, start_at, end_at, start_reason, reminded_days, created_at, cancelled_at FROM kept_contracts;
DROP TABLE kept_contracts;
CREATE INDEX service_contracts_account ON service_contracts (account_id);
CREATE INDEX service_contracts_order ON service_contracts (order_id);
CREATE INDEX service_contracts_starting ON service_contracts (fallback_start_at) WHERE state = 'PENDING_START';
CREATE INDEX service_contracts_ending ON service_contracts (end_at) WHERE state = 'ACTIVE';
CREATE UNIQUE INDEX service_contracts_enterprise ON service_contracts (account_id) WHERE type = 'ENTERPRISE' AND state IN ('PENDING_START','ACTIVE','SUSPENDED');

-- +goose Down
PRAGMA defer_foreign_keys = ON;
CREATE TABLE kept_contracts AS SELECT * FROM service_contracts;
DROP TABLE service_contracts;
CREATE TABLE service_contracts (
    id                text PRIMARY KEY,
    account_id        text NOT NULL REFERENCES accounts (id),
    order_id          text NOT NULL REFERENCES orders (id),
    order_line_id     text NOT NULL UNIQUE REFERENCES order_lines (id),
    type              text NOT NULL CHECK (type IN ('SELECT','SYNC_PLUS','EXT_WARRANTY','JUMPSTART')),
    state             text NOT NULL CHECK (state IN ('PENDING_START','ACTIVE','SUSPENDED','EXPIRED','CANCELLED')),
    quantity          integer NOT NULL,
    term_years        integer NOT NULL,
    time_zone         text NOT NULL,
    fallback_start_at datetime NOT NULL,
    start_at          datetime,
    end_at            datetime,
    start_reason      text NOT NULL,
    reminded_days     integer NOT NULL,
    created_at        datetime NOT NULL,
    cancelled_at      datetime,
    CHECK ((start_at IS NULL) = (end_at IS NULL)),
    CHECK (state <> 'ACTIVE' OR start_at IS NOT NULL)
);
INSERT INTO service_contracts (id, account_id, order_id, order_line_id, type, state, quantity, term_years, time_zone, fallback_start_at, start_at, end_at, start_reason, reminded_days, created_at, cancelled_at) SELECT id, account_id, order_id, order_line_id, type, state, quantity, term_years, time_zone, fallback_start_at, start_at, end_at, start_reason, reminded_days, created_at, cancelled_at FROM kept_contracts;
DROP TABLE kept_contracts;
CREATE INDEX service_contracts_account ON service_contracts (account_id);
CREATE INDEX service_contracts_order ON service_contracts (order_id);
CREATE INDEX service_contracts_starting ON service_contracts (fallback_start_at) WHERE state = 'PENDING_START';
CREATE INDEX service_contracts_ending ON service_contracts (end_at) WHERE state = 'ACTIVE';
