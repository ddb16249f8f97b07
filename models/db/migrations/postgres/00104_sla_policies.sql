-- +goose Up
SET LOCAL lock_timeout = '2s';
-- What support promises, in versions: a ticket keeps the one it was opened under, so none is
-- ever edited.
CREATE TABLE sla_policies (
    code               text NOT NULL,
    version            bigint NOT NULL,
    service            text NOT NULL CHECK (service IN ('SELECT', 'JUMPSTART')),
    always_on          boolean NOT NULL,
    third_party_pauses boolean NOT NULL,
    promises           jsonb NOT NULL,
    effective_from     text NOT NULL,
    reason             text NOT NULL,
    published_at       timestamptz NOT NULL,
    PRIMARY KEY (code, version)
);
-- +goose StatementBegin
CREATE FUNCTION roomcover_policies_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'policies of support are append-only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER sla_policies_append_only BEFORE UPDATE OR DELETE ON sla_policies
    FOR EACH ROW EXECUTE FUNCTION roomcover_policies_append_only();

-- +goose Down
DROP TABLE sla_policies;
DROP FUNCTION roomcover_policies_append_only();
