package operations

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/rules"
)

// NotAParent is the code of a field that names no customer's parent to work on.
const NotAParent = "NOT_A_PARENT"

// ParentChange is what a merge or split did: the two parents as they stand now,
// and the accounts that moved.
type ParentChange struct {
	From  replacement.Spares
	Into  replacement.Spares
	Moved []string
}

// MergeParents merges a customer's parent into another (S27): its accounts, its
// balance of spares and its company's later accounts go there. Only growth grants:
// 30 and 30 earn one. The same merge again changes nothing; a parent that was
// merged elsewhere answers STATE_CONFLICT; see moveAccounts for who may not be locked out. Both
// parents and every account note it.
func (s *Operations) MergeParents(
	ctx context.Context, fromID, intoID, reason string,
) (ParentChange, error) {
	if err := rules.CheckReason(reason); err != nil {
		return ParentChange{}, err
	}
	if fromID == intoID {
		return ParentChange{}, notAParent("/into", "A parent cannot be merged into itself.")
	}

	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return ParentChange{}, err
	}

	var moved []account.Account
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		moved, err = s.merge(tx, ref, fromID, intoID, reason)
		if err != nil {
			return err
		}
		return account.ConfirmAccounts(tx, intoID)
	})
	if err != nil {
		return ParentChange{}, err
	}

	return s.parentChange(ctx, fromID, intoID, moved)
}

// merge locks the accounts before the parents, as an order does.
func (s *Operations) merge(
	tx *db.Tx, ref program.Reference, fromID, intoID, reason string,
) ([]account.Account, error) {
	var accounts []account.Account
	err := tx.ForUpdate().Where("parent_org_id = ?", fromID).Order("id").Find(&accounts).Error
	if err != nil {
		return nil, err
	}

	p, err := account.LockBoth(tx, fromID, intoID)
	if err != nil {
		return nil, err
	}

	switch {
	case p.B.ID == "":
		return nil, notAParent("/into", "This is not a customer's parent.")
	case p.A.MergedInto != nil && *p.A.MergedInto == intoID:
		return accounts, nil // merged already: it has none
	}

	for _, o := range []account.Org{p.A, p.B} {
		if err := account.MergedElsewhere(o, ""); err != nil {
			return nil, err
		}
	}

	// One more look: an order may have added an account before the lock was here.
	if err := tx.Where("parent_org_id = ?", fromID).Order("id").Find(&accounts).Error; err != nil {
		return nil, err
	}

	if err := moveAccounts(tx, accounts, fromID, intoID, reason); err != nil {
		return nil, err
	}
	if err := account.MarkMerged(tx, fromID, intoID); err != nil {
		return nil, err
	}

	if err := account.ParentAudit(tx, "parent.merged", p, accounts, reason); err != nil {
		return nil, err
	}
	if err := s.replacements.MergeSpares(tx, ref, fromID, intoID); err != nil {
		return nil, err
	}
	if err := account.SettleOneParent(tx, p.A, p.B); err != nil {
		return nil, err
	}

	return accounts, nil
}

// moveAccounts gives accounts another parent, and takes along how their people sign in. Where one
// of the two parents enforces its own sign-in, the move locks nobody out (S49): the one that is
// left keeps a break-glass administrator (SSO_NO_BREAK_GLASS), and whoever arrives at the other is
// known there (SSO_OUTSIDERS).
func moveAccounts(tx *db.Tx, moving []account.Account, fromID, toID, reason string) error {
	ids := db.IdsOf(moving, func(a account.Account) string { return a.ID })
	err := identity.KeepBreakGlass(tx, []string{fromID, toID}, func() error {
		if err := identity.MoveTokens(tx, ids, toID); err != nil {
			return err
		}
		if err := sso.Move(tx, ids, toID); err != nil {
			return err
		}
		return account.MoveAccounts(tx, moving, toID, reason)
	})
	if err != nil {
		return err
	}
	return sso.Arrived(tx, ids)
}

func notAParent(pointer, message string) error {
	return rules.Invalid([]rules.FieldError{{
		Pointer: pointer,
		Code:    NotAParent,
		Message: message,
		Remedy:  "Name an organization of the kind CUSTOMER_PARENT.",
	}})
}

// parentChange reads both parents as they stand after the change.
func (s *Operations) parentChange(
	ctx context.Context, fromID, intoID string, moved []account.Account,
) (ParentChange, error) {
	from, err := s.replacements.GetSpares(ctx, fromID)
	if err != nil {
		return ParentChange{}, err
	}

	into, err := s.replacements.GetSpares(ctx, intoID)
	if err != nil {
		return ParentChange{}, err
	}

	return ParentChange{
		From:  from,
		Into:  into,
		Moved: db.IdsOf(moved, func(a account.Account) string { return a.ID }),
	}, nil
}

// MaxSplit is how many accounts one split may name.
const MaxSplit = 1000

// SplitRequest moves accounts of a parent to the parent of a name, which is
// registered where there is none and opened again where it was merged into this
// one.
type SplitRequest struct {
	Name       string
	AccountIDs []string
	Reason     string
}

// validate refuses a request that names no parent, or no accounts, or one twice.
func (q SplitRequest) validate() error {
	fields := rules.CheckCompanyName("/name", q.Name, rules.MaxCompany)
	fail := func(wrong bool, pointer, code, message, remedy string) {
		if wrong {
			fields = append(fields, rules.FieldError{
				Pointer: pointer,
				Code:    code,
				Message: message,
				Remedy:  remedy,
			})
		}
	}

	fail(rules.CompanyKey(q.Name) == "", "/name",
		rules.Required, "The name is missing.", "Give the name of the other parent.")
	fail(len(q.AccountIDs) == 0, "/account_ids",
		rules.Required, "No account is named.", "Name the accounts that move.")
	fail(len(q.AccountIDs) > MaxSplit, "/account_ids",
		rules.TooManyNamed, "More than 1000 accounts are named.", "Move them in parts.")
	fail(len(slices.Compact(slices.Sorted(slices.Values(q.AccountIDs)))) < len(q.AccountIDs),
		"/account_ids", rules.Duplicate, "One is named twice.", "Name each once.")
	if len(fields) > 0 {
		return rules.Invalid(fields)
	}

	return rules.CheckReason(q.Reason)
}

// SplitParent moves accounts of a parent to another one (S27). Each is counted by
// its own licences: growth grants, and what the first loses follows S9. Accounts
// that are there already stay: the same split again changes nothing. Both parents
// and every account note it.
func (s *Operations) SplitParent(
	ctx context.Context, fromID string, q SplitRequest,
) (ParentChange, error) {
	if err := q.validate(); err != nil {
		return ParentChange{}, err
	}

	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return ParentChange{}, err
	}

	var moved []account.Account
	var into string
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		moved, into, err = s.split(tx, ref, fromID, q)
		return err
	})
	if err != nil {
		return ParentChange{}, err
	}

	return s.parentChange(ctx, fromID, into, moved)
}

// split locks the accounts before the parents, as an order does.
func (s *Operations) split(
	tx *db.Tx, ref program.Reference, fromID string, q SplitRequest,
) (moving []account.Account, intoID string, err error) {
	var named []account.Account
	err = tx.ForUpdate().Where("id IN ?", q.AccountIDs).Order("id").Find(&named).Error
	if err != nil {
		return nil, "", err
	}

	country := "" // a parent is known by name and country; the accounts that move say which
	if len(named) > 0 {
		country = named[0].Country
	}

	into, err := account.EnsureParent(tx, q.Name, country)
	if err != nil {
		return nil, "", err
	}

	if into.ID == fromID {
		return nil, "", notAParent("/name", "This is the name of the parent itself.")
	}

	p, err := account.LockBoth(tx, fromID, into.ID)
	if err != nil {
		return nil, "", err
	}
	if err := errors.Join(
		account.MergedElsewhere(p.A, ""), account.MergedElsewhere(p.B, fromID),
	); err != nil {
		return nil, "", err
	}

	moving, err = toMove(q.AccountIDs, named, fromID, into.ID)
	if err != nil || len(moving) == 0 {
		return nil, into.ID, err
	}

	ids := db.IdsOf(moving, func(a account.Account) string { return a.ID })
	if err := moveAccounts(tx, moving, fromID, into.ID, q.Reason); err != nil {
		return nil, "", err
	}
	if err := account.ConfirmAccounts(tx, into.ID, ids...); err != nil {
		return nil, "", err
	}
	if err := account.OpenAgain(tx, into.ID); err != nil {
		return nil, "", err
	}
	if err := account.MarkParted(tx, fromID, into.ID); err != nil {
		return nil, "", err
	}
	if err := account.ParentAudit(tx, "parent.split", p, moving, q.Reason); err != nil {
		return nil, "", err
	}

	if err := s.replacements.SplitSpares(tx, ref, fromID, into.ID); err != nil {
		return nil, "", err
	}

	return moving, into.ID, nil
}

// toMove returns those of the named accounts that are not there yet, and refuses each
// that belongs to neither parent.
func toMove(
	ids []string, accounts []account.Account, from, into string,
) (moving []account.Account, err error) {
	parents := map[string]string{}
	for _, a := range accounts {
		parents[a.ID] = a.ParentOrgID
		if a.ParentOrgID == from {
			moving = append(moving, a)
		}
	}

	var fields []rules.FieldError
	for i, id := range ids {
		if p := parents[id]; p != from && p != into {
			fields = append(fields, rules.FieldError{
				Pointer: fmt.Sprintf("/account_ids/%d", i),
				Code:    "NOT_OF_THIS_PARENT",
				Message: "The parent has no such account.",
				Remedy:  "Name accounts of the parent that is split.",
			})
		}
	}

	return moving, rules.Invalid(fields)
}
