package account

import (
	"context"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// AccountFilter narrows a list of accounts; empty fields do not narrow.
type AccountFilter struct {
	// Search finds a part of the company's name, the whole e-mail address of somebody who has
	// access or was invited, and the whole number of an order, the vendor's or the sender's.
	Search  string
	CSMID   string // the manager who looks after the account, or WithoutCSM
	Country string
	Mode    AccountMode
	Sort    AccountSort
	Page    db.Page
}

// WithoutCSM stands for the accounts that nobody looks after.
const WithoutCSM = "none"

// AccountSort is the order of a list of accounts.
type AccountSort string

// The orders of accounts, newest first by itself.
const (
	AccountsNewest AccountSort = ""
	AccountsByName AccountSort = "name"
	AccountsByZToA AccountSort = "-name"
)

// ListAccounts lists the accounts in scope, newest first unless the filter sorts otherwise,
// and returns the cursor of the next page; it is empty on the last one.
func (s *Accounts) ListAccounts(
	ctx context.Context, f AccountFilter,
) ([]Account, string, error) {
	var out []Account
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.DB, "id")
		for column, value := range map[string]string{
			"csm_id":  f.CSMID,
			"country": f.Country,
			"mode":    string(f.Mode),
		} {
			switch {
			case column == "csm_id" && value == WithoutCSM:
				q = q.Where("csm_id IS NULL")
			case value != "":
				q = q.Where(clause.Eq{Column: column, Value: value})
			}
		}

		if text := strings.TrimSpace(f.Search); text != "" {
			if err := tx.PlanByValues(); err != nil {
				return err
			}
			q = q.Where("id IN (?)", named(tx, text))
		}
		return f.page(tx, q).Find(&out).Error
	})
	out, next := db.Cut(f.Page, out, func(a Account) string { return a.ID })
	return out, next, err
}

// page puts the order of the list, and the place behind which it goes on, on a query.
func (f AccountFilter) page(tx *db.Tx, q *gorm.DB) *gorm.DB {
	within := tx.Scope.Accounts(tx.Table("accounts"), "id")
	if f.Sort != AccountsByZToA {
		return f.Page.ApplySorted(q, within, db.Sort(f.Sort), "company_key")
	}

	const key = "company_key, id"
	if f.Page.After != "" {
		q = q.Where("("+key+") < (?)", within.Select(key).Where("id = ?", f.Page.After))
	}
	return q.Order("company_key DESC, id DESC").Limit(f.Page.Size() + 1)
}

// named finds the accounts that somebody means who names a company, a person or an order.
func named(tx *db.Tx, text string) *gorm.DB {
	email := rules.NormaliseEmail(text)
	companies := tx.Table("accounts").Select("id").
		Where("company_key LIKE ? ESCAPE '!' OR LOWER(legal_name) LIKE ? ESCAPE '!'",
			db.Part(rules.CompanyKey(text)), db.Part(strings.ToLower(text)))
	members := tx.Table("memberships m").Select("m.account_id").
		Joins("JOIN users u ON u.id = m.user_id").
		Where("u.email = ?", email)
	invited := tx.Table("invitations").Select("account_id").
		Where("email = ?", email)
	ordered := tx.Table("orders").Select("account_id").
		Where("account_id IS NOT NULL AND (vendor_order_no = ? OR po_key = ?)",
			strings.ToUpper(text), ordering.PONumberKey(text))
	return tx.Raw("? UNION ? UNION ? UNION ?", companies, members, invited, ordered)
}

// Countries lists the countries of the accounts in scope, by their codes.
func (s *Accounts) Countries(ctx context.Context) (countries []string, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.Table("accounts"), "id").
			Distinct("country").
			Order("country").
			Pluck("country", &countries).Error
	})
	return countries, err
}
