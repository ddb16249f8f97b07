package models

// chainEnd is the end of an audit chain, read by the statement that reads the row whose
// lock guards the chain: the change that follows needs no statement of its own to find
// it. Both are nil where the chain is new.
type chainEnd struct {
	HeadSeq  *int64
	HeadHash *string
}

// chainEndSQL returns the columns of a chainEnd; chain is the SQL expression of the
// chain's id.
func chainEndSQL(chain string) string {
	return `(SELECT MAX(seq) FROM audit_events WHERE chain_id = ` + chain + `) AS head_seq,
		(SELECT hash FROM audit_events WHERE chain_id = ` + chain + `
			ORDER BY seq DESC LIMIT 1) AS head_hash`
}

// last returns the event that the next one follows, for extendAudit.
func (e chainEnd) last() AuditEvent {
	if e.HeadSeq == nil {
		return AuditEvent{}
	}
	return AuditEvent{Seq: *e.HeadSeq, Hash: *e.HeadHash}
}
