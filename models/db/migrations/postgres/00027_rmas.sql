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
    created_at         timestamptz NOT NULL,
    version            bigint NOT NULL
);
CREATE UNIQUE INDEX sites_name ON sites (account_id, name_key);
CREATE TABLE rmas (
    id                     text PRIMARY KEY,
    account_id             text NOT NULL REFERENCES accounts (id),
    device_id              text REFERENCES devices (id),
    room_id                text REFERENCES rooms (id),
    site_id                text NOT NULL REFERENCES sites (id),
    model_code             text NOT NULL,
    quantity               bigint NOT NULL CHECK (quantity > 0),
    faulty_serial          text NOT NULL,
    fault                  text NOT NULL,
    serial_proof           text NOT NULL,
    requested_by           text NOT NULL,
    held                   boolean NOT NULL,
    review_reasons         jsonb NOT NULL,
    frozen                 jsonb,
    cover_kind             text NOT NULL,
    cover_licence_id       text NOT NULL,
    speed                  text NOT NULL,
    requested_at           timestamptz NOT NULL,
    rejected_at            timestamptz,
    appealed_at            timestamptz,
    approved_at            timestamptz,
    withdrawn_at           timestamptz,
    swapped_at             timestamptz,
    backordered_at         timestamptz,
    allocated_at           timestamptz,
    shipped_at             timestamptz,
    picked_up_at           timestamptz,
    delivered_at           timestamptz,
    reships                bigint NOT NULL CHECK (reships BETWEEN 0 AND 1),
    return_scanned_at      timestamptz,
    return_last_scanned_at timestamptz,
    return_received_at     timestamptz,
    wrong_unit_at          timestamptz,
    inspected_at           timestamptz,
    outcome                text NOT NULL CHECK (outcome IN ('','DEFECT','NO_FAULT_FOUND','DAMAGE')),
    no_return_at           timestamptz,
    billed_at              timestamptz,
    damage_billed_at       timestamptz,
    waived_at              timestamptz,
    promise_due_at         timestamptz,
    breached_at            timestamptz,
    silence_due_at         timestamptz,
    silence_asked_at       timestamptz,
    return_due_at          timestamptz,
    reminders_sent         bigint NOT NULL,
    overdue_at             timestamptz,
    fee_confirm_at         timestamptz,
    fee_asked_at           timestamptz,
    reject_code            text NOT NULL,
    first_promise          jsonb,
    promise                jsonb,
    promised_until         timestamptz,
    replacement_model      text NOT NULL,
    replacement_serial     text NOT NULL,
    replacement_device_id  text REFERENCES devices (id),
    carrier                text NOT NULL,
    tracking               text NOT NULL,
    return_base_at         timestamptz,
    return_plan            jsonb,
    no_return_proof        text NOT NULL,
    state                  text NOT NULL CHECK (state IN ('REQUESTED','APPROVED','REJECTED','WITHDRAWN','BACKORDERED','ALLOCATED','SHIPPED','AWAITING_RETURN','RETURN_IN_TRANSIT','RETURN_RECEIVED','OVERDUE','NON_RETURN_BILLED','NO_RETURN_REQUIRED','INSPECTED','CLOSED')),
    outbound               text NOT NULL,
    return_track           text NOT NULL,
    state_since            timestamptz NOT NULL,
    closed_at              timestamptz,
    next_timer             text NOT NULL,
    next_at                timestamptz,
    last_error             text NOT NULL,
    created_at             timestamptz NOT NULL,
    version                bigint NOT NULL
);
-- One open RMA per device.
CREATE UNIQUE INDEX rmas_open_device ON rmas (device_id) WHERE closed_at IS NULL;
CREATE INDEX rmas_account ON rmas (account_id, id);
CREATE INDEX rmas_device ON rmas (device_id);
CREATE INDEX rmas_room ON rmas (room_id) WHERE closed_at IS NULL;
CREATE INDEX rmas_licence ON rmas (cover_licence_id) WHERE closed_at IS NULL;
CREATE INDEX rmas_open ON rmas (id) WHERE closed_at IS NULL;
ALTER TABLE sites ENABLE ROW LEVEL SECURITY;
ALTER TABLE sites FORCE ROW LEVEL SECURITY;
CREATE POLICY sites_scope ON sites USING (roomcover_sees(account_id, NULL));
ALTER TABLE rmas ENABLE ROW LEVEL SECURITY;
ALTER TABLE rmas FORCE ROW LEVEL SECURITY;
CREATE POLICY rmas_scope ON rmas USING (roomcover_sees(account_id, NULL));

-- +goose Down
DROP TABLE rmas;
DROP TABLE sites;
