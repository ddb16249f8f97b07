-- +goose Up
CREATE TABLE orders (
    id                text PRIMARY KEY,
    submitted_by      text NOT NULL REFERENCES orgs (id),
    reseller_id       text NOT NULL REFERENCES orgs (id),
    distributor_id    text REFERENCES orgs (id),
    account_id        text REFERENCES accounts (id),
    po_number         text NOT NULL,
    service_type      text NOT NULL,
    state             text NOT NULL CHECK (state IN ('RECEIVED','NEEDS_REVIEW','ACCEPTED','REJECTED','PROVISIONING','FULFILLED','PARTIALLY_CANCELLED','CANCELLED')),
    state_since       timestamptz NOT NULL,
    vendor_order_no   text UNIQUE,
    purchased_on      text NOT NULL,
    time_zone         text NOT NULL,
    payload           jsonb NOT NULL,
    payload_hash      text NOT NULL,
    review_reasons    jsonb NOT NULL,
    review_until      timestamptz,
    cancellable_until timestamptz NOT NULL,
    invitation_failed boolean NOT NULL,
    last_error        text NOT NULL,
    created_at        timestamptz NOT NULL,
    version           bigint NOT NULL
);
CREATE UNIQUE INDEX orders_po ON orders (reseller_id, po_number);
CREATE INDEX orders_account ON orders (account_id);
CREATE INDEX orders_distributor ON orders (distributor_id);
CREATE INDEX orders_state ON orders (state, state_since);
CREATE TABLE order_lines (
    id           text PRIMARY KEY,
    order_id     text NOT NULL REFERENCES orders (id),
    position     bigint NOT NULL,
    sku          text NOT NULL,
    service_type text NOT NULL,
    term_years   bigint NOT NULL,
    quantity     bigint NOT NULL CHECK (quantity >= 1)
);
CREATE UNIQUE INDEX order_lines_position ON order_lines (order_id, position);
CREATE TABLE order_refusals (
    id           text PRIMARY KEY,
    org_id       text NOT NULL REFERENCES orgs (id),
    payload_hash text NOT NULL,
    errors       jsonb NOT NULL,
    request_id   text NOT NULL,
    created_at   timestamptz NOT NULL
);
CREATE TABLE order_cancellations (
    id           text PRIMARY KEY,
    order_id     text NOT NULL REFERENCES orders (id),
    sequence     bigint NOT NULL,
    state        text NOT NULL CHECK (state IN ('REQUESTED','COMPLETED')),
    whole        boolean NOT NULL,
    quantity     bigint NOT NULL,
    reason       text NOT NULL,
    requested_by text NOT NULL,
    role         text NOT NULL,
    created_at   timestamptz NOT NULL,
    completed_at timestamptz
);
CREATE UNIQUE INDEX order_cancellations_sequence ON order_cancellations (order_id, sequence);

-- +goose Down
DROP TABLE order_cancellations;
DROP TABLE order_refusals;
DROP TABLE order_lines;
DROP TABLE orders;
