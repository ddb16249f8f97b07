-- +goose Up
CREATE TABLE rooms (
    id          text PRIMARY KEY,
    account_id  text NOT NULL REFERENCES accounts (id),
    name        text NOT NULL,
    site        text NOT NULL,
    search_key  text NOT NULL,
    country     text NOT NULL,
    platform    text NOT NULL CHECK (platform IN ('MTR_WINDOWS','MTR_ANDROID','ZOOM_PC','ZOOM_APPLIANCE','OTHER')),
    criticality text NOT NULL CHECK (criticality IN ('NORMAL','HIGH','CRITICAL')),
    time_zone   text NOT NULL,
    state       text NOT NULL CHECK (state IN ('ACTIVE','ARCHIVED')),
    archived_at datetime,
    created_at  datetime NOT NULL,
    version     integer NOT NULL,
    CHECK ((state = 'ARCHIVED') = (archived_at IS NOT NULL))
);
CREATE INDEX rooms_account ON rooms (account_id, id);
-- A device without a serial is a placeholder for a part of a bundle (R70).
CREATE TABLE devices (
    id                 text PRIMARY KEY,
    account_id         text NOT NULL REFERENCES accounts (id),
    serial             text,
    model_code         text NOT NULL,
    state              text NOT NULL CHECK (state IN ('UNPLACED','IN_ROOM','SPARE_ON_SITE','IN_RMA','RETURNED','RETIRED','LOST')),
    purchased_on       text NOT NULL,
    purchase_proof     text NOT NULL,
    std_warranty_end   text NOT NULL,
    ext_warranty_end   text NOT NULL,
    replaces_device_id text REFERENCES devices (id),
    replaced_on        text NOT NULL,
    gone_at            datetime,
    created_at         datetime NOT NULL,
    version            integer NOT NULL
);
-- One live device per serial, over all accounts (R27c).
CREATE UNIQUE INDEX devices_serial ON devices (serial) WHERE state <> 'RETIRED';
CREATE INDEX devices_account ON devices (account_id, id);
-- Somebody asks for a device that another account has registered (R27c).
CREATE TABLE device_claims (
    id           text PRIMARY KEY,
    account_id   text NOT NULL REFERENCES accounts (id),
    device_id    text NOT NULL REFERENCES devices (id),
    room_id      text REFERENCES rooms (id),
    state        text NOT NULL CHECK (state IN ('OPEN','MOVED','REFUSED')),
    claimed_by   text NOT NULL,
    created_at   datetime NOT NULL,
    decided_at   datetime
);
CREATE UNIQUE INDEX device_claims_open ON device_claims (account_id, device_id) WHERE state = 'OPEN';

-- +goose Down
DROP TABLE device_claims;
DROP TABLE devices;
DROP TABLE rooms;
