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
		Mode: ModeConsolidated, UserLimit: userLimit, CreatedAt: s.clock.Now(),
	}
}

// openAccount locks the account that the order belongs to, or creates it with
// its parent. The unique match key decides between two orders that come at the
// same time; fresh tells that this one created it.
func (s *Store) openAccount(tx *gorm.DB, o *Order, userLimit int) (acc Account, fresh bool, err error) {
	if o.AccountID != nil {
		err = s.forUpdate(tx).First(&acc, "id = ?", *o.AccountID).Error
		return acc, false, err
	}
	parent, err := s.ensureOrg(tx, OrgCustomerParent, o.Payload.EndCustomer.Company)
	if err != nil {
		return acc, false, err
	}
	acc = s.newAccount(o.Payload.EndCustomer, parent.ID, userLimit)
	res := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "match_key"}}, DoNothing: true}).Create(&acc)
	if res.Error != nil || res.RowsAffected == 1 {
		return acc, true, res.Error
	}
	match := *acc.MatchKey
	acc = Account{}
	err = s.forUpdate(tx).First(&acc, "match_key = ?", match).Error
	return acc, false, err
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
		if acc.ParentOrgID == "" {
			parent, err := s.ensureOrg(tx, OrgCustomerParent, p.Company)
			if err != nil {
				return err
			}
			acc.ParentOrgID = parent.ID
		}
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
