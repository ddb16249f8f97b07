// Package identity holds who may act: users, memberships, invitations, sessions,
// challenges and API tokens.
package identity

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
)

// People reads and changes users, memberships, invitations, sessions and tokens.
// It is safe for concurrent use.
type People struct {
	db            *db.DB
	programs      *program.Programs
	notifications *notification.Notifications

	invitations invitationRules // see OnFailedInvitation
}

// New returns the domain on a database, with the domains below that it uses.
func New(
	database *db.DB,
	programs *program.Programs,
	notifications *notification.Notifications,
) *People {
	return &People{
		db:            database,
		programs:      programs,
		notifications: notifications,
	}
}
