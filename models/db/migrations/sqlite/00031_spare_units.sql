-- +goose Up
-- One row per spare unit that a parent has earned (RULES 2). The line of the ledger
-- that earned it and a number within the line name it, so that a replay makes none
-- twice. It belongs to the parent, and to an account once a site is chosen; from
-- the customer's consent on it has model and ship-to (R88a).
CREATE TABLE spare_units (
    id                  text PRIMARY KEY,
    parent_org_id       text NOT NULL REFERENCES orgs (id),
    line_id             text NOT NULL REFERENCES spare_ledger (id),
    ordinal             integer NOT NULL CHECK (ordinal > 0),
    account_id          text REFERENCES accounts (id),
    site_id             text REFERENCES sites (id),
    model_code          text NOT NULL,
    serial              text NOT NULL,
    device_id           text REFERENCES devices (id),
    rma_id              text REFERENCES rmas (id),
    depot_id            text REFERENCES depots (id),
    parcels             integer NOT NULL,
    recalls             integer NOT NULL,
    carrier             text NOT NULL,
    tracking            text NOT NULL,
    state               text NOT NULL CHECK (state IN ('EARNED','SELECTION_PENDING','APPROVED','SHIPPED','ON_SITE','CONSUMED','REPLENISHING','RECALL_REQUESTED','RETURNED','BILLED','WAIVED','VOIDED')),
    selected_at         datetime,
    agreed_at           datetime,
    shipped_at          datetime,
    picked_up_at        datetime,
    on_site_at          datetime,
    consumed_at         datetime,
    recall_pending      boolean NOT NULL,
    recall_requested_at datetime,
    recall_due_at       datetime,
    recall_scanned_at   datetime,
    reminders_sent      integer NOT NULL,
    fee_asked_at        datetime,
    returned_at         datetime,
    billed_at           datetime,
    waived_at           datetime,
    voided_at           datetime,
    state_since         datetime NOT NULL,
    closed_at           datetime,
    next_timer          text NOT NULL,
    next_at             datetime,
    last_error          text NOT NULL,
    created_at          datetime NOT NULL,
    version             integer NOT NULL,
    UNIQUE (line_id, ordinal),
    CHECK (state IN ('EARNED','SELECTION_PENDING','VOIDED') OR (account_id IS NOT NULL AND site_id IS NOT NULL AND model_code <> ''))
);
-- A device is one unit's.
CREATE UNIQUE INDEX spare_units_device ON spare_units (device_id) WHERE device_id IS NOT NULL;
CREATE INDEX spare_units_parent ON spare_units (parent_org_id, id);
CREATE INDEX spare_units_account ON spare_units (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX spare_units_rma ON spare_units (rma_id) WHERE rma_id IS NOT NULL;
CREATE INDEX spare_units_open ON spare_units (id) WHERE closed_at IS NULL;

-- +goose Down
DROP TABLE spare_units;
