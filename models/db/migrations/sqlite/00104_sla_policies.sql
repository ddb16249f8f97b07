-- +goose Up
-- What support promises, in versions: a ticket keeps the one it was opened under, so none is
-- ever edited.
CREATE TABLE sla_policies (
    code               text NOT NULL,
    version            integer NOT NULL,
    service            text NOT NULL CHECK (service IN ('SELECT', 'JUMPSTART')),
    always_on          boolean NOT NULL,
    third_party_pauses boolean NOT NULL,
    promises           text NOT NULL,
    effective_from     text NOT NULL,
    reason             text NOT NULL,
    published_at       datetime NOT NULL,
    PRIMARY KEY (code, version)
);
-- +goose StatementBegin
CREATE TRIGGER sla_policies_fixed BEFORE UPDATE ON sla_policies BEGIN
    SELECT RAISE(ABORT, 'policies of support are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sla_policies_kept BEFORE DELETE ON sla_policies BEGIN
    SELECT RAISE(ABORT, 'policies of support are append-only');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE sla_policies;
