-- +goose Up
-- How a customer's Sync is reached. Nothing requires one. Instants of polls are real time.
CREATE TABLE sync_connections (
    id           text PRIMARY KEY,
    account_id   text NOT NULL REFERENCES accounts (id),
    sync_org     text NOT NULL,
    region       text NOT NULL,
    state        text NOT NULL CHECK (state IN ('LIVE','NEEDS_CERTIFICATE','OFF')),
    places       integer NOT NULL,
    next_poll_at datetime,
    polled_at    datetime,
    answered_at  datetime,
    failures     integer NOT NULL,
    trouble      text NOT NULL CHECK (trouble IN ('','REFUSED','THROTTLED','UNREACHABLE','UNEXPECTED')),
    created_by   text NOT NULL,
    created_at   datetime NOT NULL,
    version      integer NOT NULL,
    CONSTRAINT sync_connections_of_account UNIQUE (account_id, id)
);
CREATE UNIQUE INDEX sync_connections_live ON sync_connections (account_id) WHERE state <> 'OFF';
CREATE INDEX sync_connections_due ON sync_connections (next_poll_at) WHERE state <> 'OFF';

-- What a connection shows to Sync: two at once at most, so that one takes over from the other.
-- certificate and private_key are encrypted, and emptied with the certificate's end.
CREATE TABLE sync_certificates (
    id            text PRIMARY KEY,
    account_id    text NOT NULL REFERENCES accounts (id),
    connection_id text NOT NULL REFERENCES sync_connections (id),
    place         integer NOT NULL CHECK (place IN (1, 2)),
    certificate   text NOT NULL,
    private_key   text NOT NULL,
    fingerprint   text NOT NULL,
    ends_at       datetime NOT NULL,
    alerted       integer NOT NULL,
    refused_at    datetime,
    created_by    text NOT NULL,
    created_at    datetime NOT NULL,
    removed_at    datetime
);
CREATE UNIQUE INDEX sync_certificates_place ON sync_certificates (connection_id, place) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX sync_certificates_once ON sync_certificates (connection_id, fingerprint) WHERE removed_at IS NULL;
CREATE INDEX sync_certificates_connection ON sync_certificates (account_id, connection_id);

-- How many requests of a UTC day are taken.
CREATE TABLE sync_budgets (
    connection_id text NOT NULL REFERENCES sync_connections (id),
    account_id    text NOT NULL REFERENCES accounts (id),
    day           text NOT NULL,
    used          integer NOT NULL,
    PRIMARY KEY (connection_id, day)
);
CREATE INDEX sync_budgets_connection ON sync_budgets (account_id, connection_id);

-- Rooms as Sync tells of them, and how they are believed to be. Only what changes is written.
CREATE TABLE sync_places (
    id            text PRIMARY KEY,
    account_id    text NOT NULL REFERENCES accounts (id),
    connection_id text NOT NULL REFERENCES sync_connections (id),
    place         text NOT NULL,
    name          text NOT NULL,
    place_group   text NOT NULL,
    facts         text NOT NULL,
    room_id       text REFERENCES rooms (id),
    state         text NOT NULL CHECK (state IN ('HEALTHY','NEEDS_ATTENTION','OFFLINE','UNKNOWN')),
    since         datetime NOT NULL,
    reading       text NOT NULL CHECK (reading IN ('','HEALTHY','NEEDS_ATTENTION','OFFLINE','UNKNOWN')),
    changes       text NOT NULL,
    flapping      boolean NOT NULL,
    told          text NOT NULL CHECK (told IN ('','HEALTHY','NEEDS_ATTENTION','OFFLINE','UNKNOWN')),
    unseen        integer NOT NULL,
    missing_since datetime,
    created_at    datetime NOT NULL,
    changed_at    datetime NOT NULL,
    CONSTRAINT sync_places_of_account UNIQUE (account_id, id)
);
CREATE UNIQUE INDEX sync_places_once ON sync_places (connection_id, place);
CREATE UNIQUE INDEX sync_places_room ON sync_places (room_id) WHERE room_id IS NOT NULL;
CREATE INDEX sync_places_connection ON sync_places (account_id, connection_id);
CREATE INDEX sync_places_of_room ON sync_places (account_id, room_id);

-- What changed, of a room or, where place_id is empty, of the connection.
CREATE TABLE sync_changes (
    id            text PRIMARY KEY,
    account_id    text NOT NULL REFERENCES accounts (id),
    connection_id text NOT NULL REFERENCES sync_connections (id),
    place_id      text REFERENCES sync_places (id),
    at            datetime NOT NULL,
    what          text NOT NULL CHECK (what IN ('ANSWERS','DOWN','FLAPPING','QUIET','REFUSED','RENAMED','MOVED','RETURNED','SILENT','STATE','VANISHED','WELL')),
    before        text NOT NULL CHECK (before IN ('','HEALTHY','NEEDS_ATTENTION','OFFLINE','UNKNOWN')),
    after         text NOT NULL CHECK (after IN ('','HEALTHY','NEEDS_ATTENTION','OFFLINE','UNKNOWN')),
    reasons       text NOT NULL
);
CREATE INDEX sync_changes_account ON sync_changes (account_id);
CREATE INDEX sync_changes_connection ON sync_changes (connection_id, at);
CREATE INDEX sync_changes_place ON sync_changes (place_id, at);

-- Where the rooms of a group of Sync are.
CREATE TABLE sync_groups (
    connection_id text NOT NULL REFERENCES sync_connections (id),
    account_id    text NOT NULL REFERENCES accounts (id),
    place_group   text NOT NULL,
    site          text NOT NULL,
    country       text NOT NULL,
    region        text NOT NULL,
    platform      text NOT NULL CHECK (platform IN ('MTR_ANDROID','MTR_WINDOWS','OTHER','ZOOM_APPLIANCE','ZOOM_PC')),
    PRIMARY KEY (connection_id, place_group)
);
CREATE INDEX sync_groups_connection ON sync_groups (account_id, connection_id);

-- +goose StatementBegin
CREATE TRIGGER sync_certificates_connection_id_of_account_on_insert BEFORE INSERT ON sync_certificates
WHEN NEW.account_id IS NOT NULL AND NEW.connection_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sync_connections WHERE id = NEW.connection_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: sync_certificates.connection_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sync_certificates_connection_id_of_account_on_update BEFORE UPDATE OF account_id, connection_id ON sync_certificates
WHEN NEW.account_id IS NOT NULL AND NEW.connection_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sync_connections WHERE id = NEW.connection_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: sync_certificates.connection_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sync_budgets_connection_id_of_account_on_insert BEFORE INSERT ON sync_budgets
WHEN NEW.account_id IS NOT NULL AND NEW.connection_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sync_connections WHERE id = NEW.connection_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: sync_budgets.connection_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sync_budgets_connection_id_of_account_on_update BEFORE UPDATE OF account_id, connection_id ON sync_budgets
WHEN NEW.account_id IS NOT NULL AND NEW.connection_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sync_connections WHERE id = NEW.connection_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: sync_budgets.connection_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sync_places_connection_id_of_account_on_insert BEFORE INSERT ON sync_places
WHEN NEW.account_id IS NOT NULL AND NEW.connection_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sync_connections WHERE id = NEW.connection_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: sync_places.connection_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sync_places_connection_id_of_account_on_update BEFORE UPDATE OF account_id, connection_id ON sync_places
WHEN NEW.account_id IS NOT NULL AND NEW.connection_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sync_connections WHERE id = NEW.connection_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: sync_places.connection_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sync_places_room_id_of_account_on_insert BEFORE INSERT ON sync_places
WHEN NEW.account_id IS NOT NULL AND NEW.room_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM rooms WHERE id = NEW.room_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: sync_places.room_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sync_places_room_id_of_account_on_update BEFORE UPDATE OF account_id, room_id ON sync_places
WHEN NEW.account_id IS NOT NULL AND NEW.room_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM rooms WHERE id = NEW.room_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: sync_places.room_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sync_changes_connection_id_of_account_on_insert BEFORE INSERT ON sync_changes
WHEN NEW.account_id IS NOT NULL AND NEW.connection_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sync_connections WHERE id = NEW.connection_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: sync_changes.connection_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sync_changes_connection_id_of_account_on_update BEFORE UPDATE OF account_id, connection_id ON sync_changes
WHEN NEW.account_id IS NOT NULL AND NEW.connection_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sync_connections WHERE id = NEW.connection_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: sync_changes.connection_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sync_changes_place_id_of_account_on_insert BEFORE INSERT ON sync_changes
WHEN NEW.account_id IS NOT NULL AND NEW.place_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sync_places WHERE id = NEW.place_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: sync_changes.place_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sync_changes_place_id_of_account_on_update BEFORE UPDATE OF account_id, place_id ON sync_changes
WHEN NEW.account_id IS NOT NULL AND NEW.place_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sync_places WHERE id = NEW.place_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: sync_changes.place_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sync_groups_connection_id_of_account_on_insert BEFORE INSERT ON sync_groups
WHEN NEW.account_id IS NOT NULL AND NEW.connection_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sync_connections WHERE id = NEW.connection_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: sync_groups.connection_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sync_groups_connection_id_of_account_on_update BEFORE UPDATE OF account_id, connection_id ON sync_groups
WHEN NEW.account_id IS NOT NULL AND NEW.connection_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sync_connections WHERE id = NEW.connection_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: sync_groups.connection_id is of another account');
END;
-- +goose StatementEnd

DROP TRIGGER operator_tasks_kind_check_on_update;
DROP TRIGGER operator_tasks_kind_check_on_insert;
-- +goose StatementBegin
CREATE TRIGGER operator_tasks_kind_check_on_insert BEFORE INSERT ON operator_tasks
WHEN NOT (NEW.kind IN (
        'ASSIGN_CSM', 'AWAITING_STOCK', 'BREAK_GLASS_USED', 'CALENDAR_WITHOUT_HOLIDAYS',
        'CALENDAR_WITHOUT_WORKING_TIME', 'CHOOSE_SPARE', 'DECIDE_CONTACT', 'DECIDE_RMA',
        'INVITATION_REQUESTED', 'INVITATION_UNCLAIMED', 'LABEL_UNREADABLE',
        'MAILBOX_REQUEST', 'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'NEAR_ACCOUNT',
        'NO_ADMIN_REACHABLE', 'ONE_PARENT', 'OUTBOX_STUCK', 'PRIVACY_INCIDENT', 'PRIVACY_TEXTS', 'PROCESS_STUCK',
        'REVIEW_ORDER', 'RMA_FEE', 'RMA_LATE', 'RMA_PARCEL_SILENT', 'RMA_WRONG_UNIT',
        'SERIAL_CLAIMED', 'SHIPMENT_CONTRADICTED', 'SIGN_IN_ENDS', 'SPARE_FEE', 'SWEEP_FAILED',
        'SWEEP_LATE', 'SYNC_CONNECTION', 'TICKET', 'TICKET_WORSE', 'WARRANTY_CLAIMED', 'WARRANTY_UNMATCHED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: operator_tasks.kind');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER operator_tasks_kind_check_on_update BEFORE UPDATE OF kind ON operator_tasks
WHEN NOT (NEW.kind IN (
        'ASSIGN_CSM', 'AWAITING_STOCK', 'BREAK_GLASS_USED', 'CALENDAR_WITHOUT_HOLIDAYS',
        'CALENDAR_WITHOUT_WORKING_TIME', 'CHOOSE_SPARE', 'DECIDE_CONTACT', 'DECIDE_RMA',
        'INVITATION_REQUESTED', 'INVITATION_UNCLAIMED', 'LABEL_UNREADABLE',
        'MAILBOX_REQUEST', 'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'NEAR_ACCOUNT',
        'NO_ADMIN_REACHABLE', 'ONE_PARENT', 'OUTBOX_STUCK', 'PRIVACY_INCIDENT', 'PRIVACY_TEXTS', 'PROCESS_STUCK',
        'REVIEW_ORDER', 'RMA_FEE', 'RMA_LATE', 'RMA_PARCEL_SILENT', 'RMA_WRONG_UNIT',
        'SERIAL_CLAIMED', 'SHIPMENT_CONTRADICTED', 'SIGN_IN_ENDS', 'SPARE_FEE', 'SWEEP_FAILED',
        'SWEEP_LATE', 'SYNC_CONNECTION', 'TICKET', 'TICKET_WORSE', 'WARRANTY_CLAIMED', 'WARRANTY_UNMATCHED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: operator_tasks.kind');
END;
-- +goose StatementEnd

-- +goose Down
DELETE FROM operator_tasks WHERE kind = 'SYNC_CONNECTION';
DROP TRIGGER operator_tasks_kind_check_on_update;
DROP TRIGGER operator_tasks_kind_check_on_insert;
-- +goose StatementBegin
CREATE TRIGGER operator_tasks_kind_check_on_insert BEFORE INSERT ON operator_tasks
WHEN NOT (NEW.kind IN (
        'ASSIGN_CSM', 'AWAITING_STOCK', 'BREAK_GLASS_USED', 'CALENDAR_WITHOUT_HOLIDAYS',
        'CALENDAR_WITHOUT_WORKING_TIME', 'CHOOSE_SPARE', 'DECIDE_CONTACT', 'DECIDE_RMA',
        'INVITATION_REQUESTED', 'INVITATION_UNCLAIMED', 'LABEL_UNREADABLE',
        'MAILBOX_REQUEST', 'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'NEAR_ACCOUNT',
        'NO_ADMIN_REACHABLE', 'ONE_PARENT', 'OUTBOX_STUCK', 'PRIVACY_INCIDENT', 'PRIVACY_TEXTS', 'PROCESS_STUCK',
        'REVIEW_ORDER', 'RMA_FEE', 'RMA_LATE', 'RMA_PARCEL_SILENT', 'RMA_WRONG_UNIT',
        'SERIAL_CLAIMED', 'SHIPMENT_CONTRADICTED', 'SIGN_IN_ENDS', 'SPARE_FEE', 'SWEEP_FAILED',
        'SWEEP_LATE', 'TICKET', 'TICKET_WORSE', 'WARRANTY_CLAIMED', 'WARRANTY_UNMATCHED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: operator_tasks.kind');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER operator_tasks_kind_check_on_update BEFORE UPDATE OF kind ON operator_tasks
WHEN NOT (NEW.kind IN (
        'ASSIGN_CSM', 'AWAITING_STOCK', 'BREAK_GLASS_USED', 'CALENDAR_WITHOUT_HOLIDAYS',
        'CALENDAR_WITHOUT_WORKING_TIME', 'CHOOSE_SPARE', 'DECIDE_CONTACT', 'DECIDE_RMA',
        'INVITATION_REQUESTED', 'INVITATION_UNCLAIMED', 'LABEL_UNREADABLE',
        'MAILBOX_REQUEST', 'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'NEAR_ACCOUNT',
        'NO_ADMIN_REACHABLE', 'ONE_PARENT', 'OUTBOX_STUCK', 'PRIVACY_INCIDENT', 'PRIVACY_TEXTS', 'PROCESS_STUCK',
        'REVIEW_ORDER', 'RMA_FEE', 'RMA_LATE', 'RMA_PARCEL_SILENT', 'RMA_WRONG_UNIT',
        'SERIAL_CLAIMED', 'SHIPMENT_CONTRADICTED', 'SIGN_IN_ENDS', 'SPARE_FEE', 'SWEEP_FAILED',
        'SWEEP_LATE', 'TICKET', 'TICKET_WORSE', 'WARRANTY_CLAIMED', 'WARRANTY_UNMATCHED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: operator_tasks.kind');
END;
-- +goose StatementEnd
DROP TABLE sync_groups;
DROP TABLE sync_changes;
DROP TABLE sync_places;
DROP TABLE sync_budgets;
DROP TABLE sync_certificates;
DROP TABLE sync_connections;
