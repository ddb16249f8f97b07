package models

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// matchedAccounts finds the accounts of the same company at the same address
// (R107a). More than one is never guessed between.
func (s *Store) matchedAccounts(tx *gorm.DB, company string, a rules.Address) (ids []string, err error) {
	err = tx.Model(&Account{}).Where("company_key = ? AND address_hash = ?", rules.CompanyKey(company), rules.AddressHash(a)).Order("id").Pluck("id", &ids).Error
	return ids, err
}

// newAccount describes the account that an order opens (R108, R109): one per
// company and address, in the zone and language of its country.
func (s *Store) newAccount(p rules.Party, parentID string, userLimit int) Account {
	key := rules.CompanyKey(p.Company)
	hash := rules.AddressHash(p.Address)
	match := key + "|" + hash
	return Account{
		ID: NewID(prefixAccount), ParentOrgID: parentID, LegalName: p.Company, CompanyKey: key,
		Street: p.Address.Street, City: p.Address.City, Region: p.Address.Region, PostalCode: p.Address.PostalCode,
		Country: p.Address.Country, AddressHash: hash, MatchKey: &match,
		TimeZone: rules.TimeZoneFor(p.Address.Country, p.Address.Region), Locale: rules.LocaleFor(p.Address.Country),
		Mode: ModeConsolidated, UserLimit: userLimit, CreatedAt: s.clock.Now(), Version: 1,
	}
}

// openedAccount is the account of an order, with its parent locked.
type openedAccount struct {
	Account
	fresh     bool // this order created it
	newParent bool // and its parent
}

// openAccount locks the account that the order belongs to and its parent, or
// creates what is missing. The unique match key decides between two orders that
// come at the same time.
func (s *Store) openAccount(tx *gorm.DB, o *Order, userLimit int) (acc openedAccount, err error) {
	if o.AccountID != nil {
		acc.Account, err = s.lockWithParent(tx, "accounts.id = ?", *o.AccountID)
		return acc, err
	}
	parent, fresh, err := s.openParent(tx, o.Payload.EndCustomer.Company)
	if err != nil {
		return acc, err
	}
	acc = openedAccount{s.newAccount(o.Payload.EndCustomer, parent.ID, userLimit), true, fresh}
	match := *acc.MatchKey
	res := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "match_key"}}, DoNothing: true}).Create(&acc.Account)
	switch {
	case res.Error != nil:
		return acc, res.Error
	case res.RowsAffected == 0:
		acc = openedAccount{}
		acc.Account, err = s.lockWithParent(tx, "accounts.match_key = ?", match)
		return acc, err
	case fresh:
		return acc, nil
	}
	_, err = s.lockParents(tx, "id = ?", parent.ID)
	return acc, err
}

// lockWithParent locks an account and its parent, in this order, in one statement:
// the count of the parent's spares that may follow sees what others committed. No
// row means that the account was moved to another parent while this waited.
func (s *Store) lockWithParent(tx *gorm.DB, where string, arg string) (Account, error) {
	query := "SELECT accounts.* FROM accounts JOIN orgs ON orgs.id = accounts.parent_org_id WHERE " + where
	if s.postgres() {
		query += " FOR UPDATE OF accounts FOR NO KEY UPDATE OF orgs"
	}
	var acc Account
	res := tx.Raw(query, arg).Scan(&acc)
	if res.Error == nil && res.RowsAffected == 0 {
		return acc, errParentMoved
	}
	return acc, res.Error
}

// GetAccount reads one account.
func (s *Store) GetAccount(ctx context.Context, id string) (Account, error) {
	var a Account
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		return found(scope.accounts(tx, "id").First(&a, "id = ?", id).Error)
	})
	return a, err
}

// CreateAccount adds an account that no order opened, such as a second one of
// the same company at the same address; orders for it then go to review.
func (s *Store) CreateAccount(ctx context.Context, p rules.Party, parentOrgID string, mode AccountMode) (Account, error) {
	ref, err := s.Reference(ctx)
	if err != nil {
		return Account{}, err
	}
	acc := s.newAccount(p, parentOrgID, ref.Program.UserLimit)
	acc.MatchKey, acc.Mode = nil, mode
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		parent, err := s.parentFor(tx, parentOrgID, p.Company)
		if err != nil {
			return err
		}
		acc.ParentOrgID = parent.ID
		if err := tx.Create(&acc).Error; err != nil {
			return err
		}
		return s.appendAudit(tx, scope, acc.ID, &acc.ID, true, entry{"account.created", acc.ID, nil})
	})
	return acc, err
}

// ListAccounts lists the accounts in scope, newest first.
func (s *Store) ListAccounts(ctx context.Context, page Page) ([]Account, string, error) {
	var out []Account
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		return page.apply(scope.accounts(tx, "id")).Find(&out).Error
	})
	out, next := cut(page, out, func(a Account) string { return a.ID })
	return out, next, err
}
