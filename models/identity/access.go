package identity

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// Access is who gets into an account, and who is to: what its page of people shows.
type Access struct {
	People  []PersonInside
	Pending []PendingInvitation
	// Former are those who left last, until they are erased: whoever is gone can be erased still.
	Former []Member
	// Taken is how many of the account's places are taken; invitations that may still be
	// accepted count (S19).
	Taken int
}

// Admins counts the active administrators.
func (a Access) Admins() int {
	n := 0
	for _, p := range a.People {
		if p.Role == RoleAdmin && p.State == rules.MembershipActive {
			n++
		}
	}
	return n
}

// PersonInside is a member with how they sign in and when they last did.
type PersonInside struct {
	Member
	SignedInAt *time.Time // real time; nil: never, or longer ago than it is kept
	Password   bool
	Factor     bool // a second factor beside it
	Provider   bool // an identity provider signs them in
}

// PendingInvitation is an invitation that nobody accepted yet, with what became of its mail.
type PendingInvitation struct {
	Invitation
	Mail   rules.NotificationState // empty: there is none yet
	MailAt *time.Time              // when it was handed over; nil: not yet
}

// AccessOf returns who gets into an account, in the order in which they came, and the latest
// invitations that wait for somebody. An account that is not in scope answers NOT_FOUND. How
// somebody signs in is the service's to know: it is read in its name, of this account alone.
func (s *People) AccessOf(ctx context.Context, accountID string) (Access, error) {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return Access{}, err
	}
	if !scope.Sees(accountID) {
		return Access{}, db.NotFound()
	}

	var out Access
	err = s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) (err error) {
		out = Access{}
		if out.People, err = peopleInside(tx, accountID); err != nil {
			return err
		}
		out.Taken = len(out.People)

		if out.Former, err = formerMembers(tx, accountID); err != nil {
			return err
		}
		if out.Pending, err = pendingInvitations(tx, accountID); err != nil {
			return err
		}
		for _, p := range out.Pending {
			if p.State.Live() && p.ExpiresAt.After(tx.Now()) {
				out.Taken++
			}
		}
		return nil
	})
	return out, err
}

// peopleInside reads the members of an account.
func peopleInside(tx *db.Tx, accountID string) (people []PersonInside, err error) {
	err = tx.Table("memberships").
		Select(`memberships.*, u.name, u.email, u.locale,
			u.password_hash <> '' AS password, (`+hasFactor+`) AS factor,
			EXISTS (SELECT 1 FROM identities i WHERE i.user_id = u.id) AS provider`).
		Joins("JOIN users u ON u.id = memberships.user_id").
		Where("account_id = ? AND state <> ?", accountID, rules.MembershipRemoved).
		Order("memberships.id").
		Scan(&people).Error
	if err != nil || len(people) == 0 {
		return nil, err
	}

	ids := db.IdsOf(people, func(p PersonInside) string { return p.UserID })
	var places []signInPlace
	err = tx.Where("user_id IN ? AND kind = ?", ids, placeNetwork).Find(&places).Error
	last := map[string]*time.Time{}
	for _, place := range places {
		if known := last[place.UserID]; known == nil || known.Before(place.LastSeenAt) {
			last[place.UserID] = &place.LastSeenAt
		}
	}
	for i, p := range people {
		people[i].SignedInAt = last[p.UserID]
	}
	return people, err
}

// mostFormer is how many of those who left a page of people shows.
const mostFormer = 20

// formerMembers reads who is in an account no more. An erased person has a nobody's address.
func formerMembers(tx *db.Tx, accountID string) (former []Member, err error) {
	err = tx.Table("memberships").
		Select("memberships.*, u.name, u.email, u.locale").
		Joins("JOIN users u ON u.id = memberships.user_id").
		Where("account_id = ? AND state = ?", accountID, rules.MembershipRemoved).
		Where("u.email NOT LIKE ?", db.Nobody("%")).
		Order("memberships.id DESC").Limit(mostFormer).
		Scan(&former).Error
	return former, err
}

// mostPending is how many invitations a page of people shows.
const mostPending = 200

func pendingInvitations(tx *db.Tx, accountID string) ([]PendingInvitation, error) {
	var found []Invitation
	err := tx.Where("account_id = ? AND state IN ?", accountID, []rules.InvitationState{
		rules.InvitationIssued, rules.InvitationSent, rules.InvitationBounced,
		rules.InvitationHasExpired,
	}).Order("id DESC").Limit(mostPending).Find(&found).Error
	if err != nil || len(found) == 0 {
		return nil, err
	}

	ids := db.IdsOf(found, func(i Invitation) string { return i.ID })
	var mails []struct {
		SubjectID string
		State     rules.NotificationState
		SentAt    *time.Time
	}
	err = tx.Table("notifications").Select("subject_id, state, sent_at").
		Where("template = ? AND subject_id IN ?", "invitation", ids).
		Order("id").Find(&mails).Error

	out := make([]PendingInvitation, len(found))
	for i, inv := range found {
		out[i].Invitation = inv
		for _, m := range mails {
			if m.SubjectID == inv.ID {
				out[i].Mail = m.State
				out[i].MailAt = m.SentAt
			}
		}
	}
	return out, err
}

// Holdings are what a member has in hand in an account, which somebody else has to look after
// once they are gone.
type Holdings struct {
	Tokens       []string // labels of API tokens that they made; those of an administrator end
	Replacements []string // numbers of replacements that they asked for and that are not over
	Sites        []string // names of sites whose parcels they take
	Invitations  []string // names of whom they invited, and who has not answered yet
}

// Empty reports whether nothing is in hand.
func (h Holdings) Empty() bool {
	return len(h.Tokens)+len(h.Replacements)+len(h.Sites)+len(h.Invitations) == 0
}

// HoldingsOf returns what a member has in hand; one that is not in scope answers NOT_FOUND.
func (s *People) HoldingsOf(ctx context.Context, membershipID string) (Holdings, error) {
	var out Holdings
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = Holdings{}
		var m Membership
		err := tx.Scope.Accounts(tx.DB, "account_id").First(&m, "id = ?", membershipID).Error
		if err != nil {
			return db.Found(err)
		}
		var u User
		if err := tx.First(&u, "id = ?", m.UserID).Error; err != nil {
			return err
		}

		err = tx.BeyondFence(func(tx *db.Tx) error {
			return liveTokensOf(tx, m).Where("expires_at > ?", db.RealNow()).
				Order("label").Pluck("label", &out.Tokens).Error
		})
		if err != nil {
			return err
		}
		if err := tx.Table("rmas").
			Where("account_id = ? AND requested_by = ? AND state NOT IN ?",
				m.AccountID, m.UserID, overRMAs()).
			Order("id").Pluck("number", &out.Replacements).Error; err != nil {
			return err
		}
		if err := tx.Table("sites").
			Where("account_id = ? AND lower(contact_email) = ?", m.AccountID, u.Email).
			Order("name").Pluck("name", &out.Sites).Error; err != nil {
			return err
		}
		return tx.Model(&Invitation{}).
			Where("account_id = ? AND invited_by = ? AND state IN ? AND expires_at > ?",
				m.AccountID, m.UserID, liveInvitations, tx.Now()).
			Order("id").Pluck("contact_name", &out.Invitations).Error
	})
	return out, err
}

// overRMAs are the states in which nothing of a replacement is left to do.
func overRMAs() (over []rma.RMAState) {
	for _, s := range rma.RMAStates() {
		if s.Over() {
			over = append(over, s)
		}
	}
	return over
}
