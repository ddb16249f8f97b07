// Package privacy answers people about their own data (S33): an export of what is known of
// them, an erasure that keeps contracts, numbers and the audit in shape, and the record of
// incidents. What each table does about an erasure is said by its domain (db.Erasure).
package privacy

import (
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/mailbox"
	ticketnote "roomcover.dev/roomcover/models/note"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/provisioning"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/ticket"
)

// Privacy reads and changes requests of people about their data, and incidents.
// It is safe for concurrent use.
type Privacy struct {
	db       *db.DB
	programs *program.Programs
}

// New returns the domain on a database.
func New(database *db.DB, programs *program.Programs) *Privacy {
	return &Privacy{db: database, programs: programs}
}

// Erasures are what an erasure does, in its order: what is found by way of other rows goes
// before those.
func Erasures() []db.Erasure {
	var out []db.Erasure
	for _, domain := range []func() []db.Erasure{
		logistics.Erasures,
		replacement.Erasures,
		ticket.Erasures,
		account.Erasures,
		order.Erasures,
		mailbox.Erasures,
		importjob.Erasures,
		attachment.Erasures,
		session.Erasures,
		notification.Erasures,
		provisioning.Erasures,
		identity.Erasures,
		db.Erasures,
	} {
		out = append(out, domain()...)
	}
	return out
}

// FreeTexts are the columns that people write and that may name somebody.
func FreeTexts() []db.FreeText {
	var out []db.FreeText
	for _, domain := range []func() []db.FreeText{
		account.FreeTexts,
		entitlement.FreeTexts,
		replacement.FreeTexts,
		ticket.FreeTexts,
		ticketnote.FreeTexts,
		order.FreeTexts,
		importjob.FreeTexts,
		attachment.FreeTexts,
		logistics.FreeTexts,
		identity.FreeTexts,
		db.FreeTexts,
	} {
		out = append(out, domain()...)
	}
	return append(out, incidentTexts()...)
}

// Entities lists the entities of privacy: one for each table.
func Entities() []any {
	return []any{
		Request{},
		storedExport{},
		Finding{},
		Incident{},
		Telling{},
	}
}
