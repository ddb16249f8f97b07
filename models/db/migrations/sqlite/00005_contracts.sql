-- +goose Up
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
    CHECK ((start_at IS NULL) = (end_at IS NULL)),
    CHECK (state <> 'ACTIVE' OR start_at IS NOT NULL)
);
CREATE INDEX service_contracts_account ON service_contracts (account_id);
CREATE INDEX service_contracts_order ON service_contracts (order_id);
CREATE INDEX service_contracts_starting ON service_contracts (fallback_start_at) WHERE state = 'PENDING_START';
CREATE INDEX service_contracts_ending ON service_contracts (end_at) WHERE state = 'ACTIVE';
CREATE TABLE licences (
    id                text PRIMARY KEY,
    account_id        text NOT NULL REFERENCES accounts (id),
    contract_id       text NOT NULL REFERENCES service_contracts (id),
    seq               integer NOT NULL,
    state             text NOT NULL CHECK (state IN ('AVAILABLE','ASSIGNED','EXPIRED','REVOKED')),
    renews_licence_id text REFERENCES licences (id),
    state_since       datetime NOT NULL
);
CREATE UNIQUE INDEX licences_seq ON licences (contract_id, seq);
CREATE INDEX licences_account ON licences (account_id, state);

-- +goose Down
DROP TABLE licences;
DROP TABLE service_contracts;
