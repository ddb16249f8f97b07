// Package domains opens the database and puts the domains together: who needs which is
// said here and nowhere else. A caller is handed the domains that it needs; only the
// start of a process needs all of them.
package domains

import (
	"slices"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/note"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/provisioning"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/models/warranty"
	rulesession "roomcover.dev/roomcover/rules/session"
)

// Domains are the domains of one database.
type Domains struct {
	DB            *db.DB
	Programs      *program.Programs
	Notifications *notification.Notifications
	Jobs          *importjob.Jobs
	Attachments   *attachment.Attachments
	Sessions      *session.Sessions
	Accounts      *account.Accounts
	People        *identity.People
	Operators     *identity.Operators
	Provisioning  *provisioning.Provisioning
	SSO           *sso.SSO
	Entitlements  *entitlement.Entitlements
	Sync          *sync.Sync
	Warranties    *warranty.Warranties
	Logistics     *logistics.Logistics
	Replacements  *replacement.Replacements
	Tickets       *ticket.Tickets
	Notes         *note.Notes
	Orders        *order.Orders
	Operations    *operations.Operations
	Privacy       *privacy.Privacy
	Mailbox       *mailbox.Mailbox
}

// Options configure the domains and their database.
type Options struct {
	db.Options

	// Carrier is the name of the carrier at which the service books parcels by itself;
	// empty: people hand them in.
	Carrier string
	// ScansFiles says that a scanner of attachments is configured: nothing is handed out before
	// its verdict.
	ScansFiles bool
	// Meetings are the services that make the links of sessions by themselves; none: people
	// paste them.
	Meetings []rulesession.Provider
	// Mailbox says whose mails are read when they come in.
	Mailbox mailbox.Options
	// ReferenceAge bounds how long a change of the program by another process may go
	// unseen; 0 means five seconds.
	ReferenceAge time.Duration
}

// Open returns the domains on the database behind the dialector. It does not migrate; see
// Migrate of the DB, and Ready.
func Open(dialector gorm.Dialector, o Options) (*Domains, error) {
	database, err := db.Open(dialector, o.Options)
	if err != nil {
		return nil, err
	}

	d := &Domains{DB: database}
	d.Programs = program.New(database)
	d.Notifications = notification.New(database)
	d.Jobs = importjob.New(database)
	d.Attachments = attachment.New(database)
	d.Attachments.Scanned = o.ScansFiles
	d.Sessions = session.New(database)
	d.Sessions.Services = o.Meetings
	d.Accounts = account.New(database, d.Programs)
	d.People = identity.New(database, d.Programs, d.Notifications)
	d.Operators = identity.NewOperators(database)
	d.SSO = sso.New(database)
	d.Provisioning = provisioning.New(database)
	d.Provisioning.DomainProved = sso.DomainProved
	d.Entitlements = entitlement.New(database, d.Programs, d.Jobs, d.People)
	d.Sync = sync.New(database, d.Programs, d.Entitlements)
	d.Warranties = warranty.New(database, d.Programs)
	d.Logistics = logistics.New(database, d.Programs)
	d.Replacements = replacement.New(database, d.Programs, d.Logistics)
	d.Tickets = ticket.New(database, d.Programs, d.Replacements, d.Sessions, d.Attachments,
		d.Sync)
	d.Notes = note.New(database, d.Tickets, d.Attachments)
	d.Orders = order.New(database, d.Programs, d.Accounts, d.People, d.Replacements)

	d.Mailbox = mailbox.New(database, d.Programs, d.Notifications, d.People)
	d.Mailbox.Configure(o.Mailbox)
	d.Mailbox.RegisterTickets(mailbox.RepliesTo(d.Tickets))

	d.Privacy = privacy.New(database, d.Programs)

	d.Operations = operations.New(
		database,
		d.Programs,
		d.Notifications,
		d.Accounts,
		d.People,
		d.Entitlements,
		d.Warranties,
		d.Replacements,
		d.Tickets,
		d.Orders,
	)

	d.Programs.RememberReference(o.ReferenceAge)
	d.Logistics.Carrier = o.Carrier
	database.SeedWith(
		d.Programs.SeedReference,
		d.Accounts.SeedOperator,
		d.Accounts.SeedNames,
		d.Orders.SeedKeys,
		d.Orders.SeedSearchKeys,
		d.Orders.SeedNextReviews,
		d.People.SeedNextInvitations,
		d.Replacements.SeedNumbers,
	)

	// A domain below calls these in its own transaction, when something happens that
	// another domain has to follow.
	d.People.RegisterInvitations()
	d.Replacements.RegisterShipments()
	d.Tickets.RegisterReplacements()
	d.Orders.RegisterFailures()
	return d, nil
}

// Entities lists the entities of all domains, each once: every table has one.
func Entities() []any {
	return slices.Concat(
		db.Entities(),
		program.Entities(),
		notification.Entities(),
		importjob.Entities(),
		attachment.Entities(),
		session.Entities(),
		account.Entities(),
		identity.Entities(),
		provisioning.Entities(),
		sso.Entities(),
		entitlement.Entities(),
		sync.Entities(),
		warranty.Entities(),
		logistics.Entities(),
		replacement.Entities(),
		ticket.Entities(),
		note.Entities(),
		order.Entities(),
		mailbox.Entities(),
		operations.Entities(),
		privacy.Entities(),
	)
}
