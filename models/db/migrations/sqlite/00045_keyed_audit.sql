-- +goose Up
-- The hashes of the audit are made with a key that the database does not know. An entry
-- names its key (none: the plain hash of before), and an entry of another chain that was
-- there before it: cutting the end of a chain leaves a witness.
ALTER TABLE audit_events ADD COLUMN witness text NOT NULL DEFAULT '';
ALTER TABLE audit_events ADD COLUMN key_id text NOT NULL DEFAULT '';
-- The heads are the database's own: they move forward, to an entry that is there.
DROP TRIGGER audit_events_fixed;
-- +goose StatementBegin
CREATE TRIGGER audit_events_fixed BEFORE UPDATE OF id, chain_id, seq, account_id, actor_id, actor_role, acting_org, on_behalf_of,
    verb, object_id, details, request_id, at, witness, key_id, prev_hash, hash ON audit_events BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_heads_kept BEFORE DELETE ON audit_heads BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_heads_forward BEFORE UPDATE ON audit_heads
WHEN NEW.chain_id <> OLD.chain_id OR NEW.seq <= OLD.seq
    OR NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.chain_id = NEW.chain_id AND e.seq = NEW.seq) BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER audit_heads_forward;
DROP TRIGGER audit_heads_kept;
DROP TRIGGER audit_events_fixed;
-- +goose StatementBegin
CREATE TRIGGER audit_events_fixed BEFORE UPDATE OF id, chain_id, seq, account_id, actor_id, actor_role, acting_org, on_behalf_of,
    verb, object_id, details, request_id, at, prev_hash, hash ON audit_events BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
-- +goose StatementEnd
ALTER TABLE audit_events DROP COLUMN key_id;
ALTER TABLE audit_events DROP COLUMN witness;
