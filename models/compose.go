package models

import (
	"slices"

	"gorm.io/gorm"
)

// Open returns a Store on the database behind the dialector, with what one domain
// does at the word of another. It does not migrate; see Migrate and Ready.
func Open(dialector gorm.Dialector, o Options) (*Store, error) {
	d, err := openDatabase(dialector, o)
	if err != nil {
		return nil, err
	}
	s := &Store{db: d, carrier: o.Carrier}

	s.rememberReference(o.ReferenceAge)
	d.SeedWith(s.SeedReference, s.seedOperator)
	s.registerInvitations()
	s.registerShipments()
	s.registerFailures()
	return s, nil
}

// Store is all domains.
type Store struct {
	db *DB
	programCaches
	mails          mailRules
	invitations    invitationRules
	carrier        string
	shipmentOwners map[string]shipmentOwner
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
