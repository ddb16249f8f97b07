package warranty

import (
	"context"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
)

// WarrantyAttachment is a stay of a unit of an extended warranty with a serial,
// half-open (R39a). Until when it covers the device is computed, never stored
// (S32).
type WarrantyAttachment struct {
	ID         string
	AccountID  string
	LicenceID  string
	Serial     string // normalised
	FromAt     time.Time
	ToAt       *time.Time
	EndReason  entitlement.AssignmentEnd // RELEASED or CANCELLED; empty while it lasts
	AttachedBy string
}

// EarlierWarranty is an extended warranty from before this service (R111): of a
// file that an operator imported, or claimed by a customer. Linked to an account it
// stands among its contracts. Days are YYYY-MM-DD in the account's zone, EndsOn
// exclusive; a claim has none until it is decided.
type EarlierWarranty struct {
	ID          string
	AccountID   *string // nil: an import that matched none; of a claim, who claims
	Source      WarrantySource
	State       WarrantyState
	Why         WarrantyMismatch // of an import that matched nothing
	Serial      string           // normalised
	StartsOn    string           `gorm:"column:starts_day;serializer:day"`
	EndsOn      string           `gorm:"column:ends_day;serializer:day"`
	StartAt     *time.Time       // once linked
	EndAt       *time.Time       // once linked
	SKU         string           `gorm:"column:sku"`
	PONumber    string           `gorm:"column:po_number"`
	PurchasedOn string           `gorm:"column:purchased_day;serializer:day"`
	Company     string           // until it is decided
	Address     *rules.Address   `gorm:"serializer:json"` // until it is decided
	Fingerprint *string          // of an imported row
	SubmittedBy string
	CreatedAt   time.Time
	DecidedBy   string
	DecidedAt   *time.Time
}

// WarrantySource says where an EarlierWarranty comes from.
type WarrantySource string

// The sources.
const (
	WarrantyImported WarrantySource = "IMPORT"
	WarrantyClaimed  WarrantySource = "CLAIM"
)

// WarrantyState says what became of an EarlierWarranty.
type WarrantyState string

// The states of an EarlierWarranty.
const (
	WarrantyUnmatched WarrantyState = "UNMATCHED" // waits for an operator (R111b)
	WarrantyLinked    WarrantyState = "LINKED"    // among the account's contracts (R111a)
	WarrantyRefused   WarrantyState = "REFUSED"
)

// WarrantyMismatch says why an imported warranty matched no account.
type WarrantyMismatch string

// The reasons.
const (
	MatchNoAccount       WarrantyMismatch = "NO_ACCOUNT"       // of that company and address
	MatchSeveralAccounts WarrantyMismatch = "SEVERAL_ACCOUNTS" // never guessed between (R107a)
	MatchSerialElsewhere WarrantyMismatch = "SERIAL_ELSEWHERE" // another account has the device
	// from a claim, or spelled otherwise
	MatchTwice WarrantyMismatch = "THE_SAME_IS_THERE"
)

// facts are what the audit says of an attachment.
func (a WarrantyAttachment) facts() map[string]any {
	return map[string]any{"id": a.ID, "serial": a.Serial, "from": a.FromAt}
}

// LastDay is the last covered day (C2), YYYY-MM-DD; empty while it is not known.
func (w EarlierWarranty) LastDay() string {
	if end := db.DateOf(w.EndsOn); end != nil {
		return end.AddDays(-1).String()
	}
	return ""
}

// facts are what the audit says of an earlier warranty.
func (w EarlierWarranty) facts() map[string]any {
	return map[string]any{
		"source":    w.Source,
		"state":     w.State,
		"serial":    w.Serial,
		"starts_on": w.StartsOn,
		"ends_on":   w.EndsOn,
	}
}

// AttachRequest attaches a unit of an extended warranty to a serial.
type AttachRequest struct {
	LicenceID string
	Serial    string
	Reason    string // operators
}

// Attached is what attaching a unit led to.
type Attached struct {
	Attachment WarrantyAttachment
	ContractID string
	DeviceID   string
	Started    []string // contracts (S1)
}

// AttachWarranty attaches a unit of an extended warranty to a registered device by
// its serial (R39a). The first one of an order starts its contracts (S1). Refusals
// are those of licensing.MayAttach and cover.MayExtend, and STATE_CONFLICT for a device that
// is gone; a unit or serial of another account is not found. The same call again is
// refused: the unit is attached already.
func (s *Warranties) AttachWarranty(ctx context.Context, q AttachRequest) (Attached, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Attached{}, err
	}

	var out Attached
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := db.MayManage(tx.Scope, q.Reason); err != nil {
			return err
		}
		var err error
		out, err = attach(tx, ref, q)
		return err
	})
	return out, err
}

// attach locks contracts, account and licence in the order in which every command
// does.
func attach(tx *db.Tx, ref program.Reference, q AttachRequest) (Attached, error) {
	contracts, err := entitlement.LockContractsOf(tx, q.LicenceID)
	if err != nil {
		return Attached{}, err
	}

	acc, err := account.Lock(tx, contracts[0].AccountID)
	if err != nil {
		return Attached{}, err
	}

	var licence entitlement.Licence
	if err := db.Found(tx.ForUpdate().First(&licence, "id = ?", q.LicenceID).Error); err != nil {
		return Attached{}, err
	}

	contract := entitlement.ContractWith(contracts, licence.ContractID)
	serial := rules.NormaliseSerial(q.Serial)
	d, err := deviceToExtend(tx, ref, acc, *contract, licence, serial)
	if err != nil {
		return Attached{}, err
	}

	var assigned entitlement.Assigned
	entries, err := entitlement.StartOnAssignment(tx, ref, acc, contracts, &assigned)
	if err != nil {
		return Attached{}, err
	}

	a := WarrantyAttachment{
		ID:         db.NewID(db.PrefixAttachment),
		AccountID:  acc.ID,
		LicenceID:  licence.ID,
		Serial:     *d.Serial,
		FromAt:     tx.Now(),
		AttachedBy: tx.Scope.Actor.ID,
	}

	if err := tx.Create(&a).Error; err != nil {
		return Attached{}, err
	}
	if err := entitlement.SetLicences(tx, rules.LicenceAssigned, licence.ID); err != nil {
		return Attached{}, err
	}

	entries = append(entries, db.Entry{
		Verb:     "warranty.attached",
		ObjectID: licence.ID,
		Details: db.WithReason(q.Reason, map[string]any{
			"before":     licence.State,
			"after":      rules.LicenceAssigned,
			"device":     d.ID,
			"attachment": a.facts(),
		}),
	})

	if err := account.Audit(tx, acc.ID, entries...); err != nil {
		return Attached{}, err
	}

	return Attached{
		Attachment: a,
		ContractID: contract.ID,
		DeviceID:   d.ID,
		Started:    assigned.Started,
	}, nil
}

// deviceToExtend finds the account's device with the serial, and refuses what may
// not be attached to it.
func deviceToExtend(
	tx *db.Tx, ref program.Reference, acc account.Account,
	c entitlement.ServiceContract, l entitlement.Licence, serial string,
) (entitlement.Device, error) {
	today := account.Today(tx, acc)
	devices, err := entitlement.WarrantedDevices(tx, ref, acc.ID, []string{serial}, today)
	if err != nil {
		return entitlement.Device{}, err
	}

	d, ok := devices[serial]
	if !ok {
		return entitlement.Device{}, db.NotFound()
	}

	var others int64
	err = tx.Model(&WarrantyAttachment{}).
		Where("account_id = ? AND serial = ? AND to_at IS NULL", acc.ID, serial).
		Count(&others).Error
	if err != nil {
		return entitlement.Device{}, err
	}

	err = licensing.MayAttach(licensing.AttachRequest{
		Service:           c.Type,
		LicenceState:      l.State,
		ContractState:     c.State,
		ContractEnd:       c.EndAt,
		Now:               tx.Now(),
		SerialHasWarranty: others > 0,
	})
	if err != nil {
		return entitlement.Device{}, err
	}

	if d.State.Gone() {
		return entitlement.Device{}, rules.Refuse(
			rules.StateConflict,
			"The device is gone.",
			"Attach it to the device that is there now.",
		)
	}

	unit := cover.Extension{Years: c.TermYears}
	err = cover.MayExtend(d.Warranty, unit, today, ref.Program.WarrantyCapYears)
	return d.Device, err
}

// DetachWarranty takes a unit off its serial: what it covered until then stays
// covered, and the unit goes back to the balance while its contract runs. A unit that
// was taken off already answers STATE_CONFLICT.
func (s *Warranties) DetachWarranty(
	ctx context.Context, attachmentID, reason string,
) (WarrantyAttachment, error) {
	var a WarrantyAttachment
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		change := func(account.Account) (e db.Entry, err error) {
			a, e, err = detach(tx, attachmentID, reason)
			return e, err
		}
		return account.ChangeInAccount(tx, "warranty_attachments", attachmentID, reason, change)
	})
	return a, err
}

func detach(tx *db.Tx, id, reason string) (WarrantyAttachment, db.Entry, error) {
	licenceOf := tx.Model(&WarrantyAttachment{}).Select("licence_id").Where("id = ?", id)
	var l entitlement.Licence
	err := db.Found(tx.ForUpdate().First(&l, "id = (?)", licenceOf).Error)
	if err != nil {
		return WarrantyAttachment{}, db.Entry{}, err
	}

	var a WarrantyAttachment
	if err := db.Found(tx.First(&a, "id = ?", id).Error); err != nil {
		return a, db.Entry{}, err
	}

	if a.ToAt != nil {
		return a, db.Entry{}, rules.Refuse(
			rules.StateConflict,
			"The warranty was taken off already.",
			"Read the device's warranties again.",
		)
	}

	now := tx.Now()
	after := l.State
	if l.State == rules.LicenceAssigned {
		after = rules.LicenceAvailable
		if err := entitlement.SetLicences(tx, after, l.ID); err != nil {
			return a, db.Entry{}, err
		}
	}

	if err := endAttachments(tx.Where("id = ?", a.ID), entitlement.EndReleased, now); err != nil {
		return a, db.Entry{}, err
	}

	e := db.Entry{
		Verb:     "warranty.detached",
		ObjectID: l.ID,
		Details: db.WithReason(reason, map[string]any{
			"before":     l.State,
			"after":      after,
			"attachment": a.facts(),
		}),
	}

	a.ToAt = &now
	a.EndReason = entitlement.EndReleased
	return a, e, nil
}

// EndAttachmentsOf ends the open attachments of the licences.
func EndAttachmentsOf(
	tx *db.Tx, licenceIDs []string, why entitlement.AssignmentEnd,
) error {
	for ids := range db.Batches(licenceIDs, 1000) {
		if err := endAttachments(tx.Where("licence_id IN ?", ids), why, tx.Now()); err != nil {
			return err
		}
	}
	return nil
}

// endAttachments ends the open ones among the rows that the query names.
func endAttachments(q *gorm.DB, why entitlement.AssignmentEnd, now time.Time) error {
	return q.Model(&WarrantyAttachment{}).
		Where("to_at IS NULL").
		Updates(map[string]any{"to_at": now, "end_reason": why}).Error
}

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
	Page       db.Page
}

// ListWarrantyAttachments lists the attachments in scope, newest first, and returns the
// cursor of the next page; it is empty on the last one.
func (s *Warranties) ListWarrantyAttachments(
	ctx context.Context, f AttachmentFilter,
) ([]AttachmentDetail, string, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return nil, "", err
	}

	var out []AttachmentDetail
	var next string
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		sold := tx.Table("warranty_attachments AS w").
			Select("w.*, c.id AS contract_id, c.term_years").
			Joins("JOIN licences l ON l.id = w.licence_id").
			Joins("JOIN service_contracts c ON c.id = l.contract_id")

		q := tx.Scope.Accounts(tx.Table("(?) AS a", sold), "account_id")
		for column, value := range map[string]string{
			"id":          f.ID,
			"account_id":  f.AccountID,
			"licence_id":  f.LicenceID,
			"contract_id": f.ContractID,
			"serial":      rules.NormaliseSerial(f.Serial),
		} {
			if value != "" {
				q = q.Where(clause.Eq{Column: column, Value: value})
			}
		}

		if f.Open {
			q = q.Where("to_at IS NULL")
		}

		var rows []AttachmentDetail
		if err := f.Page.Apply(q).Scan(&rows).Error; err != nil {
			return err
		}

		out, next = db.Cut(f.Page, rows, func(a AttachmentDetail) string { return a.ID })
		return describeAttachments(tx, ref, out)
	})

	return out, next, err
}

// WarrantyAttachment reads one attachment in scope; NOT_FOUND otherwise.
func (s *Warranties) WarrantyAttachment(ctx context.Context, id string) (AttachmentDetail, error) {
	rows, _, err := s.ListWarrantyAttachments(ctx, AttachmentFilter{ID: id})
	if err != nil {
		return AttachmentDetail{}, err
	}

	if len(rows) == 0 || id == "" {
		return AttachmentDetail{}, db.NotFound()
	}
	return rows[0], nil
}

// describeAttachments fills in the devices and the ends.
func describeAttachments(
	tx *db.Tx, ref program.Reference, rows []AttachmentDetail,
) error {
	if len(rows) == 0 {
		return nil
	}

	serials := db.IdsOf(rows, func(a AttachmentDetail) string { return a.Serial })
	today := civil.DateOf(tx.Now())
	devices, err := entitlement.WarrantedDevices(tx, ref, "", serials, today)
	if err != nil {
		return err
	}

	for i := range rows {
		a := &rows[i]
		d, ok := devices[a.Serial]
		if !ok || d.AccountID != a.AccountID {
			continue
		}

		a.DeviceID = d.ID
		if end, ok := extensionEnd(d.Warranty, a.TermYears, ref.Program.WarrantyCapYears); ok {
			a.EndsOn = end.String()
		}
	}

	return nil
}

// extensionEnd returns the end that people see: the stored one (S32) or the
// extension's, within the cap (R125b), without which nothing is certain.
func extensionEnd(w cover.Warranty, years, capYears int) (end civil.Date, ok bool) {
	end, ok = w.ExtensionEndsOn(cover.Extension{Years: years})
	if w.ExtendedEnd != nil {
		end, ok = *w.ExtendedEnd, true
	}

	capped, known := w.CapOn(capYears)
	if known && capped.Before(end) {
		end = capped
	}

	return end, ok && known
}
