package replacement

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/spare"
)

// SpareUnit is one spare that a customer's parent has earned, on loan from the operator
// (S26). A line of the ledger earns it once; it lives on through uses and
// replenishments. AccountID and SiteID are nil until a CSM has named the site; until
// then only the service and its operators see it. No person's name stands in it.
type SpareUnit struct {
	ID          string
	Number      string // for people, such as SPARE-7F3K2; empty in a row of an earlier release
	ParentOrgID string
	LineID      string // of the ledger: what earned it
	Ordinal     int    // from 1, within the line
	AccountID   *string
	SiteID      *string
	Unprintable string  // letters of the site's address that no label can print; empty: none
	ModelCode   string  // empty: not chosen
	Serial      string  // of the unit that is on site, on its way or was there last; normalised
	DeviceID    *string // that unit as a device
	RMAID       *string `gorm:"column:rma_id"` // the RMA that used it last
	DepotID     *string // where its stock was taken from
	Recalls     int     // requested; names the parcel back
	Carrier     string  // of the parcel to the site
	Tracking    string

	FeeCorrections int // fees and credits that finance was told to be wrong

	spare.SpareFacts

	StateSince time.Time
	ClosedAt   *time.Time
	NextTimer  spare.SpareTimerKind // empty: none
	NextAt     *time.Time
	LastError  string
	CreatedAt  time.Time
	Version    int64
}

// Name returns what people call the unit: its number, or its id where it has none yet.
func (u SpareUnit) Name() string { return cmp.Or(u.Number, u.ID) }

// parcelKey names the parcel to the site: the one after a parcel that was lost, or
// after a unit that was used, is another one.
func (u SpareUnit) parcelKey() string { return fmt.Sprintf("%s/spare/%d", u.ID, u.Parcels+1) }

// recallKey names the parcel of the present recall.
func (u SpareUnit) recallKey() string { return fmt.Sprintf("%s/recall/%d", u.ID, u.Recalls) }

// stockKey names the reservation of the unit's present parcel.
func (u SpareUnit) stockKey() string { return u.parcelKey() + "/stock" }

// processStatus returns what the row says that the unit's workflow does next. A unit at
// rest needs none: the contracts under which it lies on site run for years.
func (u SpareUnit) processStatus() db.ProcessStatus {
	return db.ProcessStatus{
		Version: u.Version,
		Timer:   string(u.NextTimer),
		At:      u.NextAt,
		Closed:  u.AtRest(),

		State:    string(u.State),
		WaitsFor: u.waitsFor(),
		Coming:   u.coming(),
	}
}

// waitsFor is what the list of processes says of the row, too (processes.sql); empty: nothing.
func (u SpareUnit) waitsFor() string {
	switch state := u.State; {
	case u.ClosedAt != nil || state == spare.SpareOnSite:
		return ""
	case state == spare.SpareEarned, state == spare.SpareSelectionPending:
		if u.SelectedAt == nil {
			return processes.WaitsForSpareChoice
		}
		return processes.WaitsForAgreement
	case u.ShippedAt == nil && (state == spare.SpareApproved || state == spare.SpareReplenishing):
		return processes.WaitsForShipping
	case state == spare.SpareShipped, state == spare.SpareReplenishing:
		return processes.WaitsForDelivery
	case state == spare.SpareConsumed:
		return processes.WaitsForDecision
	case u.RecallScannedAt != nil:
		return processes.WaitsForReturnParcel
	case u.FeeAskedAt != nil:
		return processes.WaitsForFeeDecision
	}

	return processes.WaitsForReturn
}

// coming is what the unit's workflow does next, and when.
func (u SpareUnit) coming() []db.ComingStep {
	if u.NextAt == nil {
		return nil
	}
	return []db.ComingStep{{Name: string(u.NextTimer), At: *u.NextAt}}
}

// GetSpareUnit returns one spare unit, which is named by its id or its number.
func (s *Replacements) GetSpareUnit(ctx context.Context, name string) (SpareUnit, error) {
	var u SpareUnit
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.DB, "account_id").Where(namedSpare("spare_units", name))
		return db.Found(q.First(&u).Error)
	})
	return u, err
}

// SpareFilter narrows a list of spare units; empty fields do not narrow.
type SpareFilter struct {
	ParentID  string
	AccountID string
	SiteID    string
	ModelCode string
	State     spare.SpareState
	Serial    string
	Open      bool // not at its end
	Page      db.Page
}

// ListSpareUnits lists the spare units in scope, newest first. A tenant sees those
// of its accounts; before a site is chosen a unit is nobody's yet.
func (s *Replacements) ListSpareUnits(
	ctx context.Context, f SpareFilter,
) ([]SpareUnit, string, error) {
	var out []SpareUnit
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.DB, "account_id")
		for column, value := range map[string]string{
			"parent_org_id": f.ParentID,
			"account_id":    f.AccountID,
			"site_id":       f.SiteID,
			"model_code":    catalogue.NormaliseModelCode(f.ModelCode),
			"state":         string(f.State),
			"serial":        rules.NormaliseSerial(f.Serial),
		} {
			if value != "" {
				q = q.Where(clause.Eq{Column: column, Value: value})
			}
		}

		if f.Open {
			q = q.Where("closed_at IS NULL")
		}

		return f.Page.Apply(q).Find(&out).Error
	})

	out, next := db.Cut(f.Page, out, func(u SpareUnit) string { return u.ID })
	return out, next, err
}

// KeepSpareUnitFailure keeps the last error of a step of a spare unit, for people to see.
func KeepSpareUnitFailure(tx *db.Tx, id, reason string) error {
	return tx.Model(&SpareUnit{}).Where("id = ?", id).Update("last_error", reason).Error
}
