-- +goose Up
-- The hashes of the audit are made with a key that the database does not know. An entry
-- names its key (none: the plain hash of before), and an entry of another chain that was
-- there before it: cutting the end of a chain leaves a witness.
ALTER TABLE audit_events ADD COLUMN witness text NOT NULL DEFAULT '';
ALTER TABLE audit_events ADD COLUMN key_id text NOT NULL DEFAULT '';
-- Emptying is refused like changing, and the heads are the database's own: they move
-- forward, to an entry that is there.
-- +goose StatementBegin
CREATE FUNCTION roomcover_audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_events_kept BEFORE TRUNCATE ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION roomcover_audit_kept();
CREATE TRIGGER audit_heads_kept BEFORE TRUNCATE OR DELETE ON audit_heads FOR EACH STATEMENT EXECUTE FUNCTION roomcover_audit_kept();
-- +goose StatementBegin
CREATE FUNCTION roomcover_audit_heads_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.chain_id = OLD.chain_id AND NEW.seq > OLD.seq AND pg_trigger_depth() > 1 THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit is append-only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_heads_forward BEFORE UPDATE ON audit_heads FOR EACH ROW EXECUTE FUNCTION roomcover_audit_heads_forward();

-- +goose Down
DROP TRIGGER audit_heads_forward ON audit_heads;
DROP FUNCTION roomcover_audit_heads_forward();
DROP TRIGGER audit_heads_kept ON audit_heads;
DROP TRIGGER audit_events_kept ON audit_events;
DROP FUNCTION roomcover_audit_kept();
ALTER TABLE audit_events DROP COLUMN key_id;
ALTER TABLE audit_events DROP COLUMN witness;
