package account

import (
	"context"
	"strings"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// Account is a customer's account: the balance of licences belongs to exactly
// one (R108, R109); several accounts share one customer parent.
type Account struct {
	ID          string
	ParentOrgID string
	// ConfirmedParent is the parent under which an operator put the account; empty: no
	// operator has (S60).
	ConfirmedParent string
	LegalName       string
	CompanyKey      string
	Street          string
	City            string
	Region          string
	PostalCode      string
	Country         string
	AddressHash     string
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

// Address is the account's own.
func (a Account) Address() rules.Address {
	return rules.Address{
		Street:     a.Street,
		City:       a.City,
		Region:     a.Region,
		PostalCode: a.PostalCode,
		Country:    a.Country,
	}
}

// MatchedAccounts finds the accounts of the same company at the same address (R107a).
// Where there are several, a person has to choose.
func MatchedAccounts(
	tx *db.Tx, company string, a rules.Address,
) (ids []string, err error) {
	err = tx.Model(&Account{}).
		Where("company_key = ? AND address_hash = ?",
			rules.CompanyKey(company), rules.AddressHash(a)).
		Order("id").
		Pluck("id", &ids).Error
	return ids, err
}

// At is where an account is, as orders are matched with it.
type At struct {
	AddressHash string
	Street      string
	City        string
	PostalCode  string
}

// Is reports whether an address in the account's country is the account's (R107a).
func (a At) Is(address rules.Address) bool {
	return a.AddressHash == rules.AddressHash(address)
}

// IsNear reports whether an address in the account's country may be the account's (S61).
func (a At) IsNear(address rules.Address) bool {
	return rules.NearAddress(address, rules.Address{
		Street:     a.Street,
		City:       a.City,
		PostalCode: a.PostalCode,
		Country:    address.Country,
	})
}

// NearAccounts finds the accounts of the same company at an address that differs only in
// what people leave out or spell otherwise (S61).
func NearAccounts(tx *db.Tx, company string, a rules.Address) (ids []string, err error) {
	var rows []struct {
		ID string
		At `gorm:"embedded"`
	}
	err = tx.Model(&Account{}).
		Select("id", "address_hash", "street", "city", "postal_code").
		Where("company_key = ? AND country = ?", rules.CompanyKey(company), a.Country).
		Order("id").
		Scan(&rows).Error

	for _, r := range rows {
		if !r.Is(a) && r.IsNear(a) {
			ids = append(ids, r.ID)
		}
	}
	return ids, err
}

// newAccount describes the account that an order opens (R108, R109): one per
// company and address, in the zone and language of its country.
func (s *Accounts) newAccount(p rules.Party, parentID string, userLimit int) Account {
	key := rules.CompanyKey(p.Company)
	hash := rules.AddressHash(p.Address)
	match := key + "|" + hash

	return Account{
		ID:          db.NewID(db.PrefixAccount),
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

// OpenedAccount is the account of an order, with its parent locked.
type OpenedAccount struct {
	Account
	Fresh     bool // this order created it
	NewParent bool // and its parent
}

// OpenAccount locks the customer's account and its parent, or creates what is missing.
// The account is known where the order was matched to one. The unique match key decides
// between two orders that come at the same time.
func (s *Accounts) OpenAccount(
	tx *db.Tx, known *string, customer rules.Party, userLimit int,
) (acc OpenedAccount, err error) {
	if known != nil {
		acc.Account, err = lockWithParent(tx, "accounts.id = ?", *known)
		return acc, err
	}

	parent, fresh, err := openParent(tx, customer.Company, customer.Address.Country)
	if err != nil {
		return acc, err
	}

	acc = OpenedAccount{
		Account:   s.newAccount(customer, parent.ID, userLimit),
		Fresh:     true,
		NewParent: fresh,
	}

	match := *acc.MatchKey
	res := tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "match_key"}},
		DoNothing: true,
	}).Create(&acc.Account)

	switch {
	case res.Error != nil:
		return acc, res.Error
	case res.RowsAffected == 0:
		acc = OpenedAccount{}
		acc.Account, err = lockWithParent(tx, "accounts.match_key = ?", match)
		return acc, err
	case fresh:
		return acc, nil
	}

	_, err = LockParents(tx, "id = ?", parent.ID)
	return acc, err
}

// AskOfNearAccounts asks an operator about a new account beside one of nearly the same
// address (S61), such as one that was opened after the new one's order was looked at.
func AskOfNearAccounts(tx *db.Tx, acc Account, customer rules.Party) error {
	near, err := NearAccounts(tx, customer.Company, customer.Address)
	if err != nil || len(near) == 0 {
		return err
	}

	return tx.Raise(db.OperatorTask{
		Kind:      db.TaskNearAccount,
		SubjectID: acc.ID,
		AccountID: &acc.ID,
		What: "Find out whether this account and " + strings.Join(near, ", ") +
			" are one: their addresses differ in spelling only. Close the task with the answer.",
		Why: "ADDRESS_NEARLY_THE_SAME",
	})
}

// Lock locks an account in scope. Every change of rooms, devices and assignments takes
// this lock, so that those of one account come one after another and its audit chain
// never has to be retried.
func Lock(tx *db.Tx, id string) (Account, error) {
	var acc Account
	err := db.ForUpdate(tx.Scope.Accounts(tx.DB, "id")).First(&acc, "id = ?", id).Error
	return acc, db.Found(err)
}

// LockOwner locks the account in scope that owns a row of the table.
func LockOwner(tx *db.Tx, table, id string) (Account, error) {
	var acc Account
	owner := tx.Table(table).Select("account_id").Where("id = ?", id)
	err := db.ForUpdate(tx.Scope.Accounts(tx.DB, "id")).First(&acc, "id = (?)", owner).Error
	return acc, db.Found(err)
}

// CreateInAccount runs a person's addition to an account: it refuses an actor who may
// not add to it (see db.MayManage), keeps the account locked until the transaction
// ends, and audits what create says it did.
func CreateInAccount(
	tx *db.Tx, accountID, reason string, create func(Account) (db.Entry, error),
) error {
	if err := db.MayManage(tx.Scope, reason); err != nil {
		return err
	}

	acc, err := Lock(tx, accountID)
	if err != nil {
		return err
	}

	return auditChange(tx, acc, create)
}

// ChangeInAccount runs a person's change of a row of the table; the account that owns
// it is locked and audited as by CreateInAccount. A row that is not in scope answers
// NOT_FOUND.
func ChangeInAccount(
	tx *db.Tx, table, id, reason string, change func(Account) (db.Entry, error),
) error {
	if err := db.MayManage(tx.Scope, reason); err != nil {
		return err
	}

	acc, err := LockOwner(tx, table, id)
	if err != nil {
		return err
	}

	return auditChange(tx, acc, change)
}

// auditChange runs a change of a locked account, and audits the entry that it returns; one
// without a verb says that nothing changed.
func auditChange(
	tx *db.Tx, acc Account, change func(Account) (db.Entry, error),
) error {
	e, err := change(acc)
	if err != nil {
		return err
	}
	if e.Verb == "" {
		return nil
	}
	return Audit(tx, acc.ID, e)
}

// Audit adds entries to the account's own chain.
func Audit(tx *db.Tx, accountID string, entries ...db.Entry) error {
	return tx.Audit(accountID, &accountID, false, entries...)
}

// Today is the day in the account's zone.
func Today(tx *db.Tx, acc Account) civil.Date {
	return rules.DateIn(tx.Now(), db.ZoneOf(acc.TimeZone))
}

// CreateAccount adds an account that no order opened, such as a second one of the same
// company at the same address; orders for it then go to review. An unknown parent
// answers NOT_FOUND. Each call adds another account.
func (s *Accounts) CreateAccount(
	ctx context.Context, p rules.Party, parentOrgID string, mode AccountMode,
) (Account, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Account{}, err
	}

	acc := s.newAccount(p, parentOrgID, ref.Program.UserLimit)
	acc.MatchKey = nil
	acc.Mode = mode

	err = s.db.Write(ctx, func(tx *db.Tx) error {
		parent, err := parentFor(tx, parentOrgID, p)
		if err != nil {
			return err
		}

		acc.ParentOrgID = parent.ID
		if parentOrgID != "" {
			acc.ConfirmedParent = parent.ID
		}
		if err := tx.Create(&acc).Error; err != nil {
			return err
		}

		return tx.Audit(acc.ID, &acc.ID, true, db.Entry{
			Verb: "account.created", ObjectID: acc.ID, Details: nil,
		})
	})

	return acc, err
}

// GetAccount reads one account.
func (s *Accounts) GetAccount(ctx context.Context, id string) (Account, error) {
	var a Account
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return db.Found(tx.Scope.Accounts(tx.DB, "id").First(&a, "id = ?", id).Error)
	})
	return a, err
}

// Entities lists the entities of accounts: one for each table.
func Entities() []any {
	return []any{
		Org{},
		OrgSpelling{},
		OrgMailDomain{},
		OrgRelation{},
		Account{},
		AccountSite{},
		CSM{},
	}
}
