package models

import (
	"slices"

	"gorm.io/gorm"
)

// Open returns a Store on the database behind the dialector, with what one domain
// does at the word of another. It does not migrate; see Migrate and Ready.
func Open(dialector gorm.Dialector, o Options) (*Store, error) {
	s, err := openDatabase(dialector, o)
	if err != nil {
		return nil, err
	}

	s.rememberReference(o.ReferenceAge)
	s.seeds = []seed{s.SeedReference, s.seedOperator}
	s.registerInvitations()
	s.registerShipments()
	s.registerFailures()
	return s, nil
}

// Entities are the rows of all domains, each once: every table has its entity.
func Entities() []any {
	return slices.Concat(
		dbEntities(),
		programEntities(),
		notificationEntities(),
		importjobEntities(),
		accountEntities(),
		identityEntities(),
		entitlementEntities(),
		warrantyEntities(),
		logisticsEntities(),
		replacementEntities(),
		orderEntities(),
		operationsEntities(),
	)
}
