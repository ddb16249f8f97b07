-- +goose Up
-- Known ship-to addresses (S25). A room is at the site of its account whose name it
-- gives, so that rooms need no new column and a site may be added later.
CREATE TABLE sites (
    id                 text PRIMARY KEY,
    account_id         text NOT NULL REFERENCES accounts (id),
    name               text NOT NULL,
    name_key           text NOT NULL CHECK (name_key <> ''),
    street             text NOT NULL,
    city               text NOT NULL,
    region             text NOT NULL,
    postal_code        text NOT NULL,
    country            text NOT NULL,
    time_zone          text NOT NULL,
    contact_name       text NOT NULL,
    contact_email      text NOT NULL,
    courier_unreliable boolean NOT NULL,
    created_at         datetime NOT NULL,
    version            integer NOT NULL
);
CREATE UNIQUE INDEX sites_name ON sites (account_id, name_key);
CREATE TABLE rmas (
    id                     text PRIMARY KEY,
    account_id             text NOT NULL REFERENCES accounts (id),
    device_id              text REFERENCES devices (id),
    room_id                text REFERENCES rooms (id),
    site_id                text NOT NULL REFERENCES sites (id),
    model_code             text NOT NULL,
    quantity               integer NOT NULL CHECK (quantity > 0),
    faulty_serial          text NOT NULL,
    fault                  text NOT NULL,
    serial_proof           text NOT NULL,
    requested_by           text NOT NULL,
    held                   boolean NOT NULL,
    review_reasons         text NOT NULL,
    frozen                 text,
    cover_kind             text NOT NULL,
    cover_licence_id       text NOT NULL,
    speed                  text NOT NULL,
    requested_at           datetime NOT NULL,
    rejected_at            datetime,
    appealed_at            datetime,
    approved_at            datetime,
    withdrawn_at           datetime,
    swapped_at             datetime,
    backordered_at         datetime,
    allocated_at           datetime,
    shipped_at             datetime,
    picked_up_at           datetime,
    delivered_at           datetime,
    reships                integer NOT NULL CHECK (reships BETWEEN 0 AND 1),
    return_scanned_at      datetime,
    return_last_scanned_at datetime,
    return_received_at     datetime,
    wrong_unit_at          datetime,
    inspected_at           datetime,
    outcome                text NOT NULL CHECK (outcome IN ('','DEFECT','NO_FAULT_FOUND','DAMAGE')),
    no_return_at           datetime,
    billed_at              datetime,
    damage_billed_at       datetime,
    waived_at              datetime,
    promise_due_at         datetime,
    breached_at            datetime,
    silence_due_at         datetime,
    silence_asked_at       datetime,
    return_due_at          datetime,
    reminders_sent         integer NOT NULL,
    overdue_at             datetime,
    fee_confirm_at         datetime,
    fee_asked_at           datetime,
    reject_code            text NOT NULL,
    first_promise          text,
    promise                text,
    promised_until         datetime,
    replacement_model      text NOT NULL,
    replacement_serial     text NOT NULL,
    replacement_device_id  text REFERENCES devices (id),
    carrier                text NOT NULL,
    tracking               text NOT NULL,
    return_base_at         datetime,
    return_plan            text,
    no_return_proof        text NOT NULL,
    state                  text NOT NULL CHECK (state IN ('REQUESTED','APPROVED','REJECTED','WITHDRAWN','BACKORDERED','ALLOCATED','SHIPPED','AWAITING_RETURN','RETURN_IN_TRANSIT','RETURN_RECEIVED','OVERDUE','NON_RETURN_BILLED','NO_RETURN_REQUIRED','INSPECTED','CLOSED')),
    outbound               text NOT NULL,
    return_track           text NOT NULL,
    state_since            datetime NOT NULL,
    closed_at              datetime,
    next_timer             text NOT NULL,
    next_at                datetime,
    last_error             text NOT NULL,
    created_at             datetime NOT NULL,
    version                integer NOT NULL
);
-- One open RMA per device.
CREATE UNIQUE INDEX rmas_open_device ON rmas (device_id) WHERE closed_at IS NULL;
CREATE INDEX rmas_account ON rmas (account_id, id);
CREATE INDEX rmas_device ON rmas (device_id);
CREATE INDEX rmas_room ON rmas (room_id) WHERE closed_at IS NULL;
CREATE INDEX rmas_licence ON rmas (cover_licence_id) WHERE closed_at IS NULL;
CREATE INDEX rmas_open ON rmas (id) WHERE closed_at IS NULL;

-- +goose Down
DROP TABLE rmas;
DROP TABLE sites;
