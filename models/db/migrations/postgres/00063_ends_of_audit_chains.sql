-- +goose Up
-- The ends of audit chains, locked in the order of their ids until the transaction ends:
-- who appends to a chain waits for whoever appended before, and reads what that one wrote.
-- A chain that has no head yet is locked by its name. It is the owner's function, so that
-- a role may lock heads without the right to change them.
-- +goose StatementBegin
CREATE FUNCTION roomcover_audit_ends(chains text)
RETURNS TABLE (chain_id text, seq bigint, hash text, at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_column
DECLARE
    chain text;
BEGIN
    FOR chain IN SELECT c FROM unnest(string_to_array(chains, ',')) AS c ORDER BY c COLLATE "C" LOOP
        PERFORM 1 FROM audit_heads h WHERE h.chain_id = chain FOR UPDATE;
        IF NOT FOUND THEN
            PERFORM pg_advisory_xact_lock(hashtextextended(chain, 0));
            PERFORM 1 FROM audit_heads h WHERE h.chain_id = chain FOR UPDATE;
        END IF;
    END LOOP;
    RETURN QUERY
        SELECT e.chain_id, e.seq, e.hash, e.at
        FROM audit_heads h
        JOIN audit_events e ON e.chain_id = h.chain_id AND e.seq = h.seq
        WHERE h.chain_id = ANY (string_to_array(chains, ','));
END $$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION roomcover_audit_ends(text);
