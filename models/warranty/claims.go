package warranty

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

// WarrantyClaim is a customer's statement that an extended warranty is missing among
// its contracts (R111c).
type WarrantyClaim struct {
	AccountID string
	Form      licensing.WarrantyClaimForm
	Reason    string // operators
}

// ClaimWarranty records a claim and asks an operator to decide (R111b, R111c). One
// for a serial that the account has claimed and that is undecided answers with that one.
// A form that does not hold answers VALIDATION_FAILED; an account that has openClaims
// which nobody has decided yet answers RATE_LIMITED.
func (s *Warranties) ClaimWarranty(ctx context.Context, c WarrantyClaim) (EarlierWarranty, error) {
	form := c.Form.Normalised()
	var w EarlierWarranty
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := db.MayManage(tx.Scope, c.Reason); err != nil {
			return err
		}

		acc, err := account.Lock(tx, c.AccountID)
		if err != nil {
			return err
		}
		if err := form.Validate(account.Today(tx, acc)); err != nil {
			return err
		}

		var open []EarlierWarranty
		err = tx.Where("account_id = ? AND serial = ?", acc.ID, form.Serial).
			Where("source = ? AND state = ?", WarrantyClaimed, WarrantyUnmatched).
			Limit(1).
			Find(&open).Error
		if err != nil {
			return err
		}

		if len(open) > 0 {
			w = open[0]
			return nil
		}
		if err := mayClaimMore(tx, acc.ID); err != nil {
			return err
		}

		w = EarlierWarranty{
			ID:          db.NewID(db.PrefixEarlier),
			AccountID:   &acc.ID,
			Source:      WarrantyClaimed,
			State:       WarrantyUnmatched,
			Serial:      form.Serial,
			SKU:         form.SKU,
			PONumber:    form.PONumber,
			PurchasedOn: form.PurchasedOn,
			SubmittedBy: tx.Scope.Actor.ID,
			CreatedAt:   tx.Now(),
		}

		if err := tx.Create(&w).Error; err != nil {
			return err
		}

		err = tx.Raise(db.OperatorTask{
			Kind:      db.TaskWarrantyClaimed,
			SubjectID: w.ID,
			AccountID: &acc.ID,
			What: "Decide on the claim of an earlier warranty: link it with its days, " +
				"or refuse.",
			Why: "The account misses it among its contracts.",
		})
		if err != nil {
			return err
		}

		details := db.WithReason(c.Reason, map[string]any{"after": w.facts()})
		return account.Audit(tx, acc.ID,
			db.Entry{Verb: "warranty.claimed", ObjectID: w.ID, Details: details})
	})

	return w, err
}

// openClaims is how many claims of one account may wait for an operator at once: each is a
// task, and whoever sends hundreds hides those of everybody else.
const openClaims = 50

// claimWait is when to look again whether an operator has decided some.
const claimWait = 24 * time.Hour

// mayClaimMore refuses one more claim of an account, which the caller has locked.
func mayClaimMore(tx *db.Tx, accountID string) error {
	var open int64
	err := tx.Model(&EarlierWarranty{}).
		Where("account_id = ? AND source = ? AND state = ?",
			accountID, WarrantyClaimed, WarrantyUnmatched).
		Count(&open).Error
	if err != nil || open < openClaims {
		return err
	}

	return rules.TooMany(
		fmt.Sprintf("The account has %d claims that nobody has decided yet.", openClaims),
		"Wait until some are decided, or send one list of all to the service's mailbox.",
		claimWait)
}

// WarrantyDecision is what an operator decides on an earlier warranty that matched
// nothing or was claimed.
type WarrantyDecision struct {
	Link      bool
	AccountID string // of an import: the account that it belongs to
	StartsOn  string // of a claim: its days, unless an import with the serial has them
	LastDay   string
	Reason    string
}

// DecideWarranty links an earlier warranty to an account or refuses it, with a
// reason (R111b). A claim takes its days from an unmatched import of the same
// serial, which it settles, or from the decision. For operators and the service only.
// Refusals: STATE_CONFLICT when it is decided already, or cannot stand with the account;
// VALIDATION_FAILED for an account or days that do not fit.
func (s *Warranties) DecideWarranty(
	ctx context.Context, id string, d WarrantyDecision,
) (EarlierWarranty, error) {
	var w EarlierWarranty
	err := s.db.Write(ctx, func(tx *db.Tx) (err error) {
		w, err = DecideWarrantyWithin(tx, id, d)
		return err
	})

	return w, err
}

// DecideWarrantyWithin is DecideWarranty in the caller's transaction.
func DecideWarrantyWithin(
	tx *db.Tx, id string, d WarrantyDecision,
) (w EarlierWarranty, err error) {
	if err := tx.Scope.Service(); err != nil {
		return w, err
	}
	if err := rules.CheckReason(d.Reason); err != nil {
		return w, err
	}
	if err := db.Found(tx.ForUpdate().First(&w, "id = ?", id).Error); err != nil {
		return w, err
	}

	if w.State != WarrantyUnmatched {
		return w, rules.Refuse(
			rules.StateConflict,
			"This warranty is decided already.",
			"Read the task again.",
		)
	}

	if d.Link {
		return w, linkWarranty(tx, &w, d)
	}

	w.refuse()
	return w, settleWarranty(tx, &w, d.Reason)
}

// linkWarranty puts the warranty among the contracts of its account, and refuses the
// import that a claim stands for from then on.
func linkWarranty(
	tx *db.Tx, w *EarlierWarranty, d WarrantyDecision,
) error {
	owner, err := ownerOf(*w, d.AccountID)
	if err != nil {
		return err
	}

	acc, err := account.Lock(tx, owner)
	if err != nil {
		return err
	}

	var imported []EarlierWarranty
	if w.Source == WarrantyClaimed {
		imported, err = claimedDays(tx, w, d)
		if err != nil {
			return err
		}
	}
	why, err := warrantyClash(tx, acc.ID, w.Serial, w.EndsOn)
	if err != nil {
		return err
	}

	if why != "" {
		return rules.Refuse(
			rules.StateConflict,
			"The warranty cannot stand with this account: "+string(why)+".",
			"Name another account, or refuse it.",
		)
	}

	w.link(acc)
	if err := settleWarranty(tx, w, d.Reason); err != nil {
		return err
	}

	for i := range imported {
		imported[i].refuse()
		imported[i].Why = MatchTwice
		if err := settleWarranty(tx, &imported[i], d.Reason); err != nil {
			return err
		}
	}

	return nil
}

// refuse refuses the warranty, and deletes company and address, which only the matching
// needed (R94).
func (w *EarlierWarranty) refuse() {
	w.State = WarrantyRefused
	w.Company = ""
	w.Address = nil
}

// ownerOf is the account that the warranty is linked to: a claim belongs to the account
// that claims.
func ownerOf(w EarlierWarranty, named string) (string, error) {
	switch {
	case w.AccountID != nil && (named == "" || named == *w.AccountID):
		return *w.AccountID, nil
	case w.AccountID != nil:
		return "", rules.Invalid([]rules.FieldError{{
			Pointer: "/account_id",
			Code:    "NOT_A_CANDIDATE",
			Message: "Another account claims this warranty.",
			Remedy:  "Leave it out.",
		}})
	case named == "":
		return "", rules.Invalid([]rules.FieldError{{
			Pointer: "/account_id",
			Code:    rules.Required,
			Message: "The warranty matched no account.",
			Remedy:  "Name the account that it belongs to.",
		}})
	}

	return named, nil
}

// claimedDays gives a claim its days: those of the decision, else those of the one
// unmatched import with its serial, which is returned.
func claimedDays(
	tx *db.Tx, w *EarlierWarranty, d WarrantyDecision,
) ([]EarlierWarranty, error) {
	var imported []EarlierWarranty
	err := tx.ForUpdate().
		Where("source = ? AND state = ?", WarrantyImported, WarrantyUnmatched).
		Where("serial = ?", w.Serial).
		Order("id").
		Find(&imported).Error
	if err != nil {
		return nil, err
	}

	if d.LastDay == "" && d.StartsOn == "" && len(imported) == 1 {
		w.StartsOn = imported[0].StartsOn
		w.EndsOn = imported[0].EndsOn
		return imported, nil
	}

	w.StartsOn = d.StartsOn
	w.EndsOn = licensing.EndsOn(d.LastDay)
	return nil, licensing.WarrantyDays(d.StartsOn, d.LastDay)
}

// settleWarranty stores a decision with its audit and closes the task.
func settleWarranty(tx *db.Tx, w *EarlierWarranty, reason string) error {
	now := tx.Now()
	w.DecidedBy = tx.Scope.Actor.ID
	w.DecidedAt = &now

	decided := []string{
		"account_id", "state", "why", "starts_day", "ends_day", "start_at", "end_at",
		"company", "address", "decided_by", "decided_at",
	}

	err := tx.Model(&EarlierWarranty{}).
		Where("id = ?", w.ID).
		Select(decided).
		Updates(w).Error
	if err != nil {
		return err
	}

	task := db.TaskWarrantyUnmatched
	if w.Source == WarrantyClaimed {
		task = db.TaskWarrantyClaimed
	}
	if err := tx.Settle(task, w.ID, string(w.State)); err != nil {
		return err
	}

	chain := w.ID
	if w.AccountID != nil {
		chain = *w.AccountID
	}

	verb := "warranty." + strings.ToLower(string(w.State))
	e := db.Entry{
		Verb:     verb,
		ObjectID: w.ID,
		Details: db.WithReason(reason, map[string]any{
			"before": WarrantyUnmatched,
			"after":  w.facts(),
		}),
	}
	return tx.Audit(chain, w.AccountID, false, e)
}

// WarrantyFilter narrows a list of earlier warranties; empty fields do not narrow.
type WarrantyFilter struct {
	AccountID string
	State     WarrantyState
	Source    WarrantySource
	Serial    string
	Page      db.Page
}

// ListWarranties lists the earlier warranties in scope, newest first: operators see
// the queue of those that matched nothing (R111b), a customer its own.
func (s *Warranties) ListWarranties(
	ctx context.Context, f WarrantyFilter,
) ([]EarlierWarranty, string, error) {
	var out []EarlierWarranty
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.DB, "account_id")
		for column, value := range map[string]string{
			"account_id": f.AccountID,
			"state":      string(f.State),
			"source":     string(f.Source),
			"serial":     rules.NormaliseSerial(f.Serial),
		} {
			if value != "" {
				q = q.Where(clause.Eq{Column: column, Value: value})
			}
		}

		return f.Page.Apply(q).Find(&out).Error
	})

	out, next := db.Cut(f.Page, out, func(w EarlierWarranty) string { return w.ID })
	return out, next, err
}
