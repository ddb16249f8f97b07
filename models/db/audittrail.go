package db

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"
)

// AuditFilter narrows the audit; empty fields do not narrow.
type AuditFilter struct {
	Person    string // id of who did it
	AccountID string // of the customer whom it is about
	Thing     string // id of what it was done to, or the number of an RMA or a spare unit
	Verb      string // what was done, such as order.rejected, or all of a kind, such as order.
	Since     time.Time
	Until     time.Time // before this instant
	Page      Page
}

// AuditTrail reads the audit, newest first, for the service and its operators. Whether a
// chain holds, VerifyChain says.
func (d *DB) AuditTrail(ctx context.Context, f AuditFilter) ([]AuditEvent, string, error) {
	var out []AuditEvent
	err := d.Read(ctx, func(tx *Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		thing, err := IDNamed(tx, f.Thing)
		if err != nil {
			return err
		}

		q := tx.Model(&AuditEvent{})
		for column, value := range map[string]string{
			"actor_id":   f.Person,
			"account_id": f.AccountID,
			"object_id":  thing,
		} {
			if value != "" {
				q = q.Where(column+" = ?", value)
			}
		}
		switch {
		case strings.HasSuffix(f.Verb, "."):
			q = q.Where("verb LIKE ? ESCAPE '!'", strings.TrimPrefix(Part(f.Verb), "%"))
		case f.Verb != "":
			q = q.Where("verb = ?", f.Verb)
		}
		if !f.Since.IsZero() {
			q = q.Where("at >= ?", f.Since.UTC())
		}
		if !f.Until.IsZero() {
			q = q.Where("at < ?", f.Until.UTC())
		}
		return f.Page.Apply(q).Find(&out).Error
	})

	out, next := Cut(f.Page, out, func(e AuditEvent) string { return e.ID })
	return out, next, err
}

// VerifyChain checks one chain: that each event follows the one before and was not changed,
// and that the chain ends where the database noted it. What stands in other chains, and
// whether the audit as a whole is sealed, InspectAudit says. A chain that is none answers
// NOT_FOUND.
func (d *DB) VerifyChain(ctx context.Context, chainID string) (AuditReport, error) {
	walk := newAuditWalk(d.audit, nil)
	err := d.ReadSnapshot(ctx, func(tx *Tx) error {
		walk = newAuditWalk(d.audit, nil)
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		rows, err := tx.Model(&AuditEvent{}).Where("chain_id = ?", chainID).Order("seq").Rows()
		if err != nil {
			return err
		}
		defer rows.Close()

		prev := AuditEvent{ChainID: chainID}
		for rows.Next() {
			var e AuditEvent
			if err := tx.ScanRows(rows, &e); err != nil {
				return err
			}
			walk.readEvent(e, prev)
			prev = e
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}

		var head auditHead
		err = tx.First(&head, "chain_id = ?", chainID).Error
		switch {
		case errors.Is(err, gorm.ErrRecordNotFound) && prev.Seq == 0:
			return Found(err)
		case errors.Is(err, gorm.ErrRecordNotFound):
			walk.fault(prev, faultHeadless)
			return nil
		case err == nil && head.Seq != prev.Seq:
			walk.fault(AuditEvent{ChainID: chainID, Seq: head.Seq}, faultEnd)
		}
		return err
	})

	walk.report.Chains = len(walk.ends)
	return walk.report, err
}
