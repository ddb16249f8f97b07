-- +goose Up
-- The audit is append-only, and the database itself notes how far each chain
-- has come: a chain whose last events are cut off shows it.
CREATE TABLE audit_heads (
    chain_id text PRIMARY KEY,
    seq      bigint NOT NULL
);
INSERT INTO audit_heads (chain_id, seq) SELECT chain_id, MAX(seq) FROM audit_events GROUP BY chain_id;
-- +goose StatementBegin
CREATE FUNCTION roomcover_audit_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_heads (chain_id, seq) VALUES (NEW.chain_id, NEW.seq)
    ON CONFLICT (chain_id) DO UPDATE SET seq = EXCLUDED.seq;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_events_head AFTER INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION roomcover_audit_head();
-- The caller's address alone may be erased (S33).
-- +goose StatementBegin
CREATE FUNCTION roomcover_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'ip' = to_jsonb(OLD) - 'ip' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit is append-only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON audit_events FOR EACH ROW EXECUTE FUNCTION roomcover_audit_append_only();

-- +goose Down
DROP TRIGGER audit_events_append_only ON audit_events;
DROP FUNCTION roomcover_audit_append_only();
DROP TRIGGER audit_events_head ON audit_events;
DROP FUNCTION roomcover_audit_head();
DROP TABLE audit_heads;
