-- +goose Up
-- The audit is append-only, and the database itself notes how far each chain
-- has come: a chain whose last events are cut off shows it.
CREATE TABLE audit_heads (
    chain_id text PRIMARY KEY,
    seq      integer NOT NULL
);
INSERT INTO audit_heads (chain_id, seq) SELECT chain_id, MAX(seq) FROM audit_events GROUP BY chain_id;
-- +goose StatementBegin
CREATE TRIGGER audit_events_head AFTER INSERT ON audit_events BEGIN
    INSERT INTO audit_heads (chain_id, seq) VALUES (NEW.chain_id, NEW.seq)
    ON CONFLICT (chain_id) DO UPDATE SET seq = excluded.seq;
END;
-- +goose StatementEnd
-- The caller's address alone may be erased (S33).
-- +goose StatementBegin
CREATE TRIGGER audit_events_fixed BEFORE UPDATE OF id, chain_id, seq, account_id, actor_id, actor_role, acting_org, on_behalf_of,
    verb, object_id, details, request_id, at, prev_hash, hash ON audit_events BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_events_kept BEFORE DELETE ON audit_events BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER audit_events_kept;
DROP TRIGGER audit_events_fixed;
DROP TRIGGER audit_events_head;
DROP TABLE audit_heads;
