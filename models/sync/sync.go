// Package sync holds customers' connections to their Sync: the certificates that they show, the
// rooms that Sync tells of and how those are believed to be, what changed, and which of them is
// which room of the account. Nothing else needs it (R34b): where no connection is, no row is.
package sync

import (
	"context"
	"crypto/tls"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
)

// Sync reads and changes connections and what came by them. It is safe for concurrent use.
type Sync struct {
	db           *db.DB
	programs     *program.Programs
	entitlements *entitlement.Entitlements

	// Now is real time: Sync knows no calendar of ours.
	Now func() time.Time
}

// New returns the domain on a database.
func New(
	database *db.DB, programs *program.Programs, entitlements *entitlement.Entitlements,
) *Sync {
	return &Sync{db: database, programs: programs, entitlements: entitlements, Now: db.RealNow}
}

// Vendor is what is asked: Sync itself, or a simulated one. Whatever is no answer is a
// *health.Trouble.
type Vendor interface {
	Regions() []string
	Try(ctx context.Context, region, org string, certificate tls.Certificate) error
	Places(
		ctx context.Context, region, org string, certificate tls.Certificate, after string,
	) (health.Page, error)
}

// State is how far a connection is.
type State string

// The states of a connection. One that needs a certificate is asked on, with pauses: a licence
// that comes back lets it in again.
const (
	Live             State = "LIVE"
	NeedsCertificate State = "NEEDS_CERTIFICATE"
	Off              State = "OFF"
)

// Connection is how an account's Sync is reached. An account has one that is not off.
type Connection struct {
	ID         string
	AccountID  string
	SyncOrg    string // the organisation, as Sync names it
	Region     string
	State      State
	Places     int // as the last answer told
	NextPollAt *time.Time
	PolledAt   *time.Time // the last try
	AnsweredAt *time.Time // the last whole answer
	Failures   int        // tries in a row without one
	Trouble    health.Code
	CreatedBy  string
	CreatedAt  time.Time
	Version    int64
}

// TableName is the table of connections.
func (Connection) TableName() string { return "sync_connections" }

// Connected reports whether Sync lets the connection in, as far as is known.
func (c Connection) Connected() bool { return c.State == Live }

// Certificate is what a connection shows to Sync. Nothing gives its key out again.
type Certificate struct {
	ID           string
	AccountID    string
	ConnectionID string
	Place        int    // 1 or 2
	Certificate  string // encrypted
	PrivateKey   string // encrypted
	Fingerprint  string // SHA-256 of the certificate
	EndsAt       time.Time
	Alerted      int        // days before the end at which was alerted last; 0: never
	RefusedAt    *time.Time // since when Sync refuses it
	CreatedBy    string
	CreatedAt    time.Time
	RemovedAt    *time.Time
}

// TableName is the table of certificates.
func (Certificate) TableName() string { return "sync_certificates" }

type budget struct {
	ConnectionID string `gorm:"primaryKey"`
	AccountID    string
	Day          string `gorm:"primaryKey"` // UTC
	Used         int
}

func (budget) TableName() string { return "sync_budgets" }

// Place is a room as Sync tells of it. State and what follows are its health.Course.
type Place struct {
	ID           string
	AccountID    string
	ConnectionID string
	Place        string // as Sync names it
	Name         string
	PlaceGroup   string
	Facts        health.Place `gorm:"serializer:json"`
	RoomID       *string

	State        health.State
	Since        time.Time
	Reading      health.State
	Changes      []time.Time `gorm:"serializer:json"`
	Flapping     bool
	Told         health.State
	Unseen       int
	MissingSince *time.Time

	CreatedAt time.Time
	ChangedAt time.Time
}

// TableName is the table of places.
func (Place) TableName() string { return "sync_places" }

func (p Place) course() health.Course {
	if len(p.Changes) == 0 {
		p.Changes = nil
	}
	return health.Course{
		State:        p.State,
		Since:        p.Since,
		Reading:      p.Reading,
		Changes:      p.Changes,
		Flapping:     p.Flapping,
		Told:         p.Told,
		Unseen:       p.Unseen,
		MissingSince: p.MissingSince,
	}
}

func (p *Place) follow(c health.Course) {
	p.State = c.State
	p.Since = c.Since
	p.Reading = c.Reading
	p.Changes = append([]time.Time{}, c.Changes...) // never NULL
	p.Flapping = c.Flapping
	p.Told = c.Told
	p.Unseen = c.Unseen
	p.MissingSince = c.MissingSince
}

// ShownAt is how the room is shown, with the connection by which it is known.
func (p Place) ShownAt(at time.Time, c Connection) health.State {
	answered := time.Time{}
	if c.AnsweredAt != nil {
		answered = *c.AnsweredAt
	}
	return p.course().Shown(at, answered, c.Connected())
}

// What says what changed.
type What string

// The changes of a room, and of a connection.
const (
	StateChanged  What = "STATE"    // before and after; why in the reasons
	BeganFlapping What = "FLAPPING" // S57
	BecameQuiet   What = "QUIET"
	Vanished      What = "VANISHED"
	Returned      What = "RETURNED"
	Renamed       What = "RENAMED"
	Moved         What = "MOVED" // to another group
	ToldDown      What = "DOWN"  // people are to be told
	ToldWell      What = "WELL"

	Answers What = "ANSWERS" // the connection, again or for the first time
	Refused What = "REFUSED" // it is no longer accepted
	Silent  What = "SILENT"  // it gets no answers
)

// Change is one thing that changed; of the connection, where PlaceID is nil.
type Change struct {
	ID           string
	AccountID    string
	ConnectionID string
	PlaceID      *string
	At           time.Time
	What         What
	Before       health.State
	After        health.State
	Reasons      []health.Reason `gorm:"serializer:json"`
	// ToldIn is the mail by which people were told of a DOWN or a WELL; empty: nobody is told of
	// it; nil: it waits, or is no such change.
	ToldIn *string
}

// TableName is the table of changes.
func (Change) TableName() string { return "sync_changes" }

// Group says where the rooms of a group of Sync are.
type Group struct {
	ConnectionID string `gorm:"primaryKey"`
	AccountID    string
	PlaceGroup   string `gorm:"primaryKey"`
	Site         string
	Country      string
	Region       string
	Platform     rules.Platform
}

// TableName is the table of groups.
func (Group) TableName() string { return "sync_groups" }

// Codes of refusals.
const (
	Unreadable      = "SYNC_CERTIFICATE_UNREADABLE" // no certificate, or no key
	KeyDiffers      = "SYNC_KEY_DIFFERS"            // the key is of another certificate
	Expired         = "SYNC_CERTIFICATE_EXPIRED"
	NoOrganisation  = "SYNC_NO_ORGANISATION" // the subject names none
	OtherOrg        = "SYNC_OTHER_ORGANISATION"
	UnknownRegion   = "SYNC_REGION_UNKNOWN"
	NotLetIn        = "SYNC_REFUSED"     // 403
	NoAnswer        = "SYNC_UNREACHABLE" // nothing came, or nothing that can be read
	AskedTooOften   = "SYNC_THROTTLED"
	TooManyKeys     = "SYNC_TWO_CERTIFICATES"
	LastKey         = "SYNC_LAST_CERTIFICATE"
	GroupUnmapped   = "SYNC_GROUP_UNMAPPED" // nobody said where its rooms are
	LooksLikeRoom   = "SYNC_LOOKS_LIKE_ROOM"
	LinkedElsewhere = "SYNC_LINKED_ELSEWHERE"
)

// Entities lists the entities of this domain: one for each table.
func Entities() []any {
	return []any{
		Connection{}, Certificate{}, Secret{}, budget{}, Place{}, Change{}, Group{},
	}
}
