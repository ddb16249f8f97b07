package models

import (
	"cloud.google.com/go/civil"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// lockAccount locks an account in scope. Every change of rooms, devices and
// assignments does, so that those of one account come one after another and its
// audit chain never has to be tried again.
func (s *Store) lockAccount(tx *gorm.DB, scope Scope, id string) (Account, error) {
	var acc Account
	err := s.forUpdate(scope.accounts(tx, "id")).First(&acc, "id = ?", id).Error
	return acc, found(err)
}

// lockOwner locks the account in scope that owns a row of the table.
func (s *Store) lockOwner(tx *gorm.DB, scope Scope, table, id string) (Account, error) {
	var acc Account
	owner := tx.Table(table).Select("account_id").Where("id = ?", id)
	err := s.forUpdate(scope.accounts(tx, "id")).First(&acc, "id = (?)", owner).Error
	return acc, found(err)
}

func (s *Store) accountAudit(tx *gorm.DB, scope Scope, accountID string, entries ...entry) error {
	return s.appendAudit(tx, scope, accountID, &accountID, false, entries...)
}

func (s *Store) today(acc Account) civil.Date {
	return rules.DateIn(s.clock.Now(), zoneOf(acc.TimeZone))
}
