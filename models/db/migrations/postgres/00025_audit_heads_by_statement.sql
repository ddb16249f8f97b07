-- +goose Up
-- One statement may append hundreds of events to a chain (an import): its head is
-- noted once for all of them, instead of once for each.
-- +goose StatementBegin
CREATE FUNCTION roomcover_audit_heads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_heads (chain_id, seq) SELECT chain_id, MAX(seq) FROM added GROUP BY chain_id ORDER BY chain_id
    ON CONFLICT (chain_id) DO UPDATE SET seq = EXCLUDED.seq;
    RETURN NULL;
END $$;
-- +goose StatementEnd
DROP TRIGGER audit_events_head ON audit_events;
CREATE TRIGGER audit_events_head AFTER INSERT ON audit_events REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION roomcover_audit_heads();

-- +goose Down
DROP TRIGGER audit_events_head ON audit_events;
CREATE TRIGGER audit_events_head AFTER INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION roomcover_audit_head();
DROP FUNCTION roomcover_audit_heads();
