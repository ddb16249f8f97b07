package warranty

import (
	"context"
	"errors"
	"slices"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

// MaxWarrantyRows is how many earlier warranties one import may hold.
const MaxWarrantyRows = 1000

// WarrantyOutcome is what became, or in a dry run would become, of one row.
type WarrantyOutcome string

// The outcomes of a row.
const (
	WarrantyRowMatched   WarrantyOutcome = "MATCHED"   // among the account's contracts (R111a)
	WarrantyRowUnmatched WarrantyOutcome = "UNMATCHED" // an operator's task (R111b)
	WarrantyRowUnchanged WarrantyOutcome = "UNCHANGED" // it was here already (S35)
	WarrantyRowRefused   WarrantyOutcome = "REFUSED"   // see the errors
	WarrantyRowNotStored WarrantyOutcome = "NOT_STORED"
)

// WarrantyRow is the report of one row; WarrantyID is empty where nothing is stored.
type WarrantyRow struct {
	Outcome    WarrantyOutcome
	WarrantyID string
	AccountID  string
	Why        WarrantyMismatch
	Errors     []rules.FieldError
}

// WarrantyImport is a small file of earlier warranties. Rows that another reader
// could not read at all come with their errors.
type WarrantyImport struct {
	Forms  []licensing.EarlierWarrantyForm
	Errors [][]rules.FieldError // by row; nil where the row was read
	DryRun bool
	Reason string
}

// errRolledBack ends a transaction that is to leave nothing behind.
var errRolledBack = errors.New("models: rolled back")

// ImportWarranties matches earlier warranties by company, address and serial (R107a,
// R111a): what matches stands among the account's contracts, what does not becomes a
// task (R111b). All rows or none: one refused row stores nothing. The same row again
// changes nothing (S35). A dry run does the same work and rolls it back. For operators
// and the service only.
func (s *Warranties) ImportWarranties(
	ctx context.Context, in WarrantyImport,
) ([]WarrantyRow, error) {
	forms := make([]licensing.EarlierWarrantyForm, len(in.Forms))
	rows := make([]WarrantyRow, len(in.Forms))
	refused := false
	for i, f := range in.Forms {
		forms[i] = f.Normalised()
		rows[i].Errors = in.Errors[i]
		var invalid *rules.Error
		if len(rows[i].Errors) == 0 && errors.As(forms[i].Validate(), &invalid) {
			rows[i].Errors = invalid.Fields
		}

		refused = refused || len(rows[i].Errors) > 0
	}

	var out []WarrantyRow
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		out = slices.Clone(rows)
		for i := range out {
			if len(out[i].Errors) > 0 {
				out[i].Outcome = WarrantyRowRefused
				continue
			}
			if err := importWarranty(tx, forms[i], in.Reason, &out[i]); err != nil {
				return err
			}
		}

		if in.DryRun || refused {
			return errRolledBack
		}

		return nil
	})
	if errors.Is(err, errRolledBack) {
		return notStored(out, refused), nil
	}

	return out, err
}

// notStored removes from a report the ids of rows that were rolled back.
func notStored(rows []WarrantyRow, refused bool) []WarrantyRow {
	for i := range rows {
		if o := rows[i].Outcome; o == WarrantyRowMatched || o == WarrantyRowUnmatched {
			rows[i].WarrantyID = ""
			if refused {
				rows[i].Outcome = WarrantyRowNotStored
			}
		}
	}

	return rows
}

// importWarranty stores one row, unless it is here already, and reports what became of
// it.
func importWarranty(
	tx *db.Tx, f licensing.EarlierWarrantyForm, reason string, row *WarrantyRow,
) error {
	mark := f.Fingerprint()
	var known []EarlierWarranty
	if err := tx.Where("fingerprint = ?", mark).Limit(1).Find(&known).Error; err != nil {
		return err
	}

	if len(known) > 0 {
		*row = WarrantyRow{
			Outcome:    WarrantyRowUnchanged,
			WarrantyID: known[0].ID,
			AccountID:  db.Text(known[0].AccountID),
			Why:        known[0].Why,
		}
		return nil
	}

	acc, why, err := matchWarranty(tx, f)
	if err != nil {
		return err
	}

	w := EarlierWarranty{
		ID:          db.NewID(db.PrefixEarlier),
		Source:      WarrantyImported,
		State:       WarrantyUnmatched,
		Why:         why,
		Serial:      f.Serial,
		StartsOn:    f.StartsOn,
		EndsOn:      licensing.EndsOn(f.LastDay),
		Company:     f.Company,
		Address:     &f.Address,
		Fingerprint: &mark,
		SubmittedBy: tx.Scope.Actor.ID,
		CreatedAt:   tx.Now(),
	}

	*row = WarrantyRow{Outcome: WarrantyRowUnmatched, WarrantyID: w.ID, Why: why}
	if why == "" {
		w.link(acc)
		row.Outcome = WarrantyRowMatched
		row.AccountID = acc.ID
	}

	if err := tx.Create(&w).Error; err != nil {
		return err
	}

	details := db.WithReason(reason, map[string]any{"after": w.facts()})
	if why == "" {
		return account.Audit(tx, acc.ID,
			db.Entry{Verb: "warranty.imported", ObjectID: w.ID, Details: details})
	}

	err = tx.Raise(db.OperatorTask{
		Kind:      db.TaskWarrantyUnmatched,
		SubjectID: w.ID,
		What:      "Link the earlier warranty to an account, or refuse it.",
		Why:       string(why),
	})
	if err != nil {
		return err
	}

	details["why"] = why
	return tx.Audit(w.ID, nil, true,
		db.Entry{Verb: "warranty.imported", ObjectID: w.ID, Details: details})
}

// matchWarranty finds and locks the one account that the row belongs to, or says why
// there is none (R107a). Where the serial is registered, it must be with that account.
func matchWarranty(
	tx *db.Tx, f licensing.EarlierWarrantyForm,
) (acc account.Account, why WarrantyMismatch, err error) {
	accounts, err := account.MatchedAccounts(tx, f.Company, f.Address)
	switch {
	case err != nil:
		return acc, "", err
	case len(accounts) == 0:
		return acc, MatchNoAccount, nil
	case len(accounts) > 1:
		return acc, MatchSeveralAccounts, nil
	}

	err = tx.ForUpdate().First(&acc, "id = ?", accounts[0]).Error
	if err != nil {
		return acc, "", err
	}

	why, err = warrantyClash(tx, acc.ID, f.Serial, licensing.EndsOn(f.LastDay))
	return acc, why, err
}

// warrantyClash says why a warranty of the serial cannot stand with the account;
// empty when it can.
func warrantyClash(
	tx *db.Tx, accountID, serial, endsOn string,
) (WarrantyMismatch, error) {
	var elsewhere int64
	err := tx.Model(&entitlement.Device{}).
		Where("serial = ? AND state <> ?", serial, licensing.DeviceRetired).
		Where("account_id <> ?", accountID).
		Count(&elsewhere).Error
	if err != nil {
		return "", err
	}

	if elsewhere > 0 {
		return MatchSerialElsewhere, nil
	}

	var twice int64
	err = tx.Model(&EarlierWarranty{}).
		Where("account_id = ? AND serial = ?", accountID, serial).
		Where("ends_day = ? AND state = ?", db.DayOrNull(endsOn), WarrantyLinked).
		Count(&twice).Error
	if err != nil {
		return "", err
	}

	if twice > 0 {
		return MatchTwice, nil
	}

	return "", nil
}

// link puts the warranty among the account's contracts, and deletes company and
// address, which only the matching needed (R94).
func (w *EarlierWarranty) link(acc account.Account) {
	w.AccountID = &acc.ID
	w.State = WarrantyLinked
	w.Why = ""
	w.Company = ""
	w.Address = nil
	starts := db.DateOf(w.StartsOn)

	ends := db.DateOf(w.EndsOn)
	if starts != nil && ends != nil {
		zone := db.ZoneOf(acc.TimeZone)
		from := rules.StartOfDay(*starts, zone)
		to := rules.StartOfDay(*ends, zone)
		w.StartAt = &from
		w.EndAt = &to
	}
}
