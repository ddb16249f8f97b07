package models

import (
	"context"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// AttachmentDetail is an attachment with what follows from it now. EndsOn is the
// exclusive day, YYYY-MM-DD, on which the device's extended warranty ends; empty
// while the device or its date of purchase is not known.
type AttachmentDetail struct {
	WarrantyAttachment
	ContractID string
	TermYears  int
	DeviceID   string // empty: the account has no device with the serial
	EndsOn     string
}

// AttachmentFilter narrows a list of attachments; empty fields do not narrow.
type AttachmentFilter struct {
	ID         string
	AccountID  string
	ContractID string
	LicenceID  string
	Serial     string
	Open       bool // only those that last
	Page       Page
}

// ListWarrantyAttachments lists the attachments in scope, newest first.
func (s *Store) ListWarrantyAttachments(ctx context.Context, f AttachmentFilter) ([]AttachmentDetail, string, error) {
	ref, err := s.Reference(ctx)
	if err != nil {
		return nil, "", err
	}
	var out []AttachmentDetail
	var next string
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		var rows []AttachmentDetail
		sold := tx.Table("warranty_attachments AS w").Select("w.*, c.id AS contract_id, c.term_years").
			Joins("JOIN licences l ON l.id = w.licence_id").Joins("JOIN service_contracts c ON c.id = l.contract_id")
		q := scope.accounts(tx.Table("(?) AS a", sold), "account_id")
		for column, value := range map[string]string{"id": f.ID, "account_id": f.AccountID, "licence_id": f.LicenceID, "contract_id": f.ContractID, "serial": rules.NormaliseSerial(f.Serial)} {
			if value != "" {
				q = q.Where(clause.Eq{Column: column, Value: value})
			}
		}
		if f.Open {
			q = q.Where("to_at IS NULL")
		}
		if err := f.Page.apply(q).Scan(&rows).Error; err != nil {
			return err
		}
		out, next = cut(f.Page, rows, func(a AttachmentDetail) string { return a.ID })
		return s.describeAttachments(tx, scope, ref, out)
	})
	return out, next, err
}

// WarrantyAttachment reads one attachment.
func (s *Store) WarrantyAttachment(ctx context.Context, id string) (AttachmentDetail, error) {
	rows, _, err := s.ListWarrantyAttachments(ctx, AttachmentFilter{ID: id})
	if err == nil && (len(rows) == 0 || id == "") {
		err = errNotFound()
	}
	if err != nil {
		return AttachmentDetail{}, err
	}
	return rows[0], nil
}

// describeAttachments fills in the devices and the ends.
func (s *Store) describeAttachments(tx *gorm.DB, scope Scope, ref Reference, rows []AttachmentDetail) error {
	if len(rows) == 0 {
		return nil
	}
	g := &coverFacts{tx: tx, scope: scope, ref: ref}
	if err := g.readDevices(idsOf(rows, func(a AttachmentDetail) string { return a.Serial })); err != nil {
		return err
	}
	for i := range rows {
		d, ok := g.bySerial[rows[i].Serial]
		if !ok || d.AccountID != rows[i].AccountID {
			continue
		}
		rows[i].DeviceID = d.ID
		w := g.warrantyOn(d, civil.DateOf(s.clock.Now()))
		if end, ok := extensionEnd(w, rows[i].TermYears, ref.Program.WarrantyCapYears); ok {
			rows[i].EndsOn = end.String()
		}
	}
	return nil
}

// extensionEnd is the end that a person is told: the stored one (S32) or the
// extension's, within the cap (R125b), without which nothing is certain.
func extensionEnd(w rules.Warranty, years, capYears int) (end civil.Date, ok bool) {
	if end, ok = w.ExtensionEndsOn(rules.Extension{Years: years}); w.ExtendedEnd != nil {
		end, ok = *w.ExtendedEnd, true
	}
	capped, known := w.CapOn(capYears)
	if known && capped.Before(end) {
		end = capped
	}
	return end, ok && known
}
