package models

import (
	"context"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// Account is a customer's account: the balance of licences belongs to exactly
// one (R108, R109); several accounts share one customer parent.
type Account struct {
	ID          string
	ParentOrgID string
	LegalName   string
	CompanyKey  string
	Street      string
	City        string
	Region      string
	PostalCode  string
	Country     string
	AddressHash string
	// set when an order created the account: one account per company and address
	MatchKey  *string
	TimeZone  string // IANA name
	Locale    string // BCP 47
	Mode      AccountMode
	UserLimit int
	CSMID     *string `gorm:"column:csm_id"` // customer success manager (R35e)
	CreatedAt time.Time
	Version   int64 // grows when operators change the account
}

// AccountMode says whether an account covers all sites of a company or one.
type AccountMode string

// The modes of an Account.
const (
	ModeConsolidated AccountMode = "CONSOLIDATED"
	ModeSite         AccountMode = "SITE"
)

// matchedAccounts finds the accounts of the same company at the same address (R107a).
// Where there are several, a person has to choose.
func matchedAccounts(
	tx *Tx, company string, a rules.Address,
) (ids []string, err error) {
	err = tx.Model(&Account{}).
		Where("company_key = ? AND address_hash = ?",
			rules.CompanyKey(company), rules.AddressHash(a)).
		Order("id").
		Pluck("id", &ids).Error
	return ids, err
}

// newAccount describes the account that an order opens (R108, R109): one per
// company and address, in the zone and language of its country.
func (s *Store) newAccount(p rules.Party, parentID string, userLimit int) Account {
	key := rules.CompanyKey(p.Company)
	hash := rules.AddressHash(p.Address)
	match := key + "|" + hash

	return Account{
		ID:          NewID(prefixAccount),
		ParentOrgID: parentID,
		LegalName:   p.Company,
		CompanyKey:  key,
		Street:      p.Address.Street,
		City:        p.Address.City,
		Region:      p.Address.Region,
		PostalCode:  p.Address.PostalCode,
		Country:     p.Address.Country,
		AddressHash: hash,
		MatchKey:    &match,
		TimeZone:    rules.TimeZoneFor(p.Address.Country, p.Address.Region),
		Locale:      rules.LocaleFor(p.Address.Country),
		Mode:        ModeConsolidated,
		UserLimit:   userLimit,
		CreatedAt:   s.db.Now(),
		Version:     1,
	}
}

// openedAccount is the account of an order, with its parent locked.
type openedAccount struct {
	Account
	fresh     bool // this order created it
	newParent bool // and its parent
}

// openAccount locks the customer's account and its parent, or creates what is missing.
// The account is known where the order was matched to one. The unique match key decides
// between two orders that come at the same time.
func (s *Store) openAccount(
	tx *Tx, known *string, customer rules.Party, userLimit int,
) (acc openedAccount, err error) {
	if known != nil {
		acc.Account, err = lockWithParent(tx, "accounts.id = ?", *known)
		return acc, err
	}

	parent, fresh, err := openParent(tx, customer.Company)
	if err != nil {
		return acc, err
	}

	acc = openedAccount{s.newAccount(customer, parent.ID, userLimit), true, fresh}
	match := *acc.MatchKey
	res := tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "match_key"}},
		DoNothing: true,
	}).Create(&acc.Account)

	switch {
	case res.Error != nil:
		return acc, res.Error
	case res.RowsAffected == 0:
		acc = openedAccount{}
		acc.Account, err = lockWithParent(tx, "accounts.match_key = ?", match)
		return acc, err
	case fresh:
		return acc, nil
	}

	_, err = lockParents(tx, "id = ?", parent.ID)
	return acc, err
}

// lockAccount locks an account in scope. Every change of rooms, devices and
// assignments does, so that those of one account come one after another and its
// audit chain never has to be tried again.
func lockAccount(tx *Tx, id string) (Account, error) {
	var acc Account
	err := forUpdate(tx.Scope.accounts(tx.DB, "id")).First(&acc, "id = ?", id).Error
	return acc, found(err)
}

// lockOwner locks the account in scope that owns a row of the table.
func lockOwner(tx *Tx, table, id string) (Account, error) {
	var acc Account
	owner := tx.Table(table).Select("account_id").Where("id = ?", id)
	err := forUpdate(tx.Scope.accounts(tx.DB, "id")).First(&acc, "id = (?)", owner).Error
	return acc, found(err)
}

// createInAccount runs a person's addition to an account: it refuses an actor who may
// not add to it (see mayManage), keeps the account locked until the transaction ends,
// and audits what create says it did.
func createInAccount(
	tx *Tx, accountID, reason string, create func(Account) (entry, error),
) error {
	if err := mayManage(tx.Scope, reason); err != nil {
		return err
	}

	acc, err := lockAccount(tx, accountID)
	if err != nil {
		return err
	}
	return auditChange(tx, acc, create)
}

// changeInAccount runs a person's change of a row of the table; the account that owns
// it is locked and audited as by createInAccount. A row that is not in scope is not
// found.
func changeInAccount(
	tx *Tx, table, id, reason string, change func(Account) (entry, error),
) error {
	if err := mayManage(tx.Scope, reason); err != nil {
		return err
	}

	acc, err := lockOwner(tx, table, id)
	if err != nil {
		return err
	}
	return auditChange(tx, acc, change)
}

// auditChange has a locked account changed, and audits what change says it did.
func auditChange(
	tx *Tx, acc Account, change func(Account) (entry, error),
) error {
	e, err := change(acc)
	if err != nil {
		return err
	}
	return accountAudit(tx, acc.ID, e)
}

// accountAudit adds entries to the account's own chain.
func accountAudit(tx *Tx, accountID string, entries ...entry) error {
	return tx.Audit(accountID, &accountID, false, entries...)
}

// today is the day in the account's zone.
func today(tx *Tx, acc Account) civil.Date {
	return rules.DateIn(tx.Now(), zoneOf(acc.TimeZone))
}

// CreateAccount adds an account that no order opened, such as a second one of the same
// company at the same address; orders for it then go to review. An unknown parent
// answers NOT_FOUND. Each call adds another account.
func (s *Store) CreateAccount(
	ctx context.Context, p rules.Party, parentOrgID string, mode AccountMode,
) (Account, error) {
	ref, err := s.Reference(ctx)
	if err != nil {
		return Account{}, err
	}

	acc := s.newAccount(p, parentOrgID, ref.Program.UserLimit)
	acc.MatchKey = nil
	acc.Mode = mode

	err = s.db.Write(ctx, func(tx *Tx) error {
		parent, err := parentFor(tx, parentOrgID, p.Company)
		if err != nil {
			return err
		}

		acc.ParentOrgID = parent.ID
		if err := tx.Create(&acc).Error; err != nil {
			return err
		}

		return tx.Audit(acc.ID, &acc.ID, true, entry{
			"account.created", acc.ID, nil,
		})
	})

	return acc, err
}

// GetAccount reads one account.
func (s *Store) GetAccount(ctx context.Context, id string) (Account, error) {
	var a Account
	err := s.db.Read(ctx, func(tx *Tx) error {
		return found(tx.Scope.accounts(tx.DB, "id").First(&a, "id = ?", id).Error)
	})
	return a, err
}

// ListAccounts lists the accounts in scope, newest first.
func (s *Store) ListAccounts(ctx context.Context, page Page) ([]Account, string, error) {
	var out []Account
	err := s.db.Read(ctx, func(tx *Tx) error {
		return page.apply(tx.Scope.accounts(tx.DB, "id")).Find(&out).Error
	})
	out, next := cut(page, out, func(a Account) string { return a.ID })
	return out, next, err
}

// accountEntities are the rows of accounts.
func accountEntities() []any {
	return []any{
		Org{},
		Account{},
		AccountSite{},
		CSM{},
	}
}
