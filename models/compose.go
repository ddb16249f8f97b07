package models

import (
	"cmp"
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

	s.program.age = cmp.Or(o.ReferenceAge, referenceAge)
	s.seeds = []seed{s.SeedReference, s.seedOperator}
	s.mails = mailRules{
		bounced: map[string]bounceRule{
			"invitation": s.invitationBounced,
		},
		mayResend: map[string]resendRule{
			"invitation":          s.mayResendInvitation,
			"invitation_reminder": s.mayResendInvitation,
		},
	}

	s.shipmentOwners = map[string]shipmentOwner{
		prefixRMA:       rmaShipments{s},
		prefixSpareUnit: spareShipments{s},
	}
	s.invitations = invitationRules{failed: markInvitation}
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
