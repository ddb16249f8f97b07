package identity

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// InvitationView is what the landing page may know of an invitation.
type InvitationView struct {
	Invitation Invitation
	Account    account.Account
	HasUser    bool // the invited person can sign in already
}

// InvitationByToken finds the invitation behind a link. An unknown token answers
// NOT_FOUND; an invitation that can no longer be accepted answers INVITATION_EXPIRED,
// INVITATION_USED, INVITATION_SUPERSEDED or INVITATION_REVOKED. Reading never
// consumes it (R47).
func (s *People) InvitationByToken(ctx context.Context, token string) (InvitationView, error) {
	var v InvitationView
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		err := tx.First(&v.Invitation, "token_hash = ?", db.HashSecret(token)).Error
		if err != nil {
			return db.Found(err)
		}
		if err := tx.First(&v.Account, "id = ?", v.Invitation.AccountID).Error; err != nil {
			return err
		}

		var n int64
		err = tx.Model(&User{}).Where("email = ?", v.Invitation.Email).Count(&n).Error
		v.HasUser = n > 0
		return err
	})
	if err != nil {
		return v, err
	}

	return v, acceptable(v.Invitation, s.db.Now())
}

// acceptable refuses an invitation that is over (R121, R123). One that bounced
// is over too: its mailbox does not exist, so nobody can prove to own it.
func acceptable(inv Invitation, now time.Time) error {
	switch inv.State {
	case rules.InvitationAccepted:
		return rules.Refuse(rules.InvitationUsed, "The invitation was used already.",
			"Sign in with the address that it was sent to.")
	case rules.InvitationWasReplaced:
		return rules.Refuse(rules.InvitationSuperseded, "A newer invitation replaces this one.",
			"Use the latest mail, or ask for a new invitation.")
	case rules.InvitationWasWithdrawn:
		return rules.Refuse(rules.InvitationRevoked, "The invitation was withdrawn.",
			"Ask for a new invitation.")
	}

	if !inv.State.Live() || !now.Before(inv.ExpiresAt) {
		return rules.Refuse(rules.InvitationExpired, "The invitation has expired.",
			"Ask for a new invitation.")
	}
	return nil
}

// Acceptance is what the invited person brings, after proving to own the
// invited address.
type Acceptance struct {
	InvitationID string
	Email        string // the proven address; must be the invited one (R47a)
	SignedInAs   string // the user who is signed in; empty for a new one
	Name         string // required for a new user (R49b)
	PasswordHash string // encoded, of a new user
	Locale       string
}

// AcceptInvitation makes the person a member, creating the user when the
// address is new, and closes the invitation, in one transaction. Another
// person is refused with INVITATION_WRONG_PERSON and the invitation stays
// valid; the attempt is audited. A person whom the service knows already has to be signed
// in, else SIGN_IN_REQUIRED: who reads the mailbox has not proved to know the password.
func (s *People) AcceptInvitation(ctx context.Context, a Acceptance) (User, Membership, error) {
	var u User
	var m Membership
	var refused error
	err := s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) (err error) {
		u, m, refused, err = Accept(tx, a)
		return err
	})
	if err != nil {
		return u, m, err
	}

	return u, m, refused
}

// OwnSignInOnly refuses a password to who is to come in by the company's own sign-in.
const OwnSignInOnly = "OWN_SIGN_IN_ONLY"

// ownSignInOnly refuses to make somebody a password who could not come in by it (R53b, S49).
func ownSignInOnly(tx *db.Tx, inv Invitation, a Acceptance) error {
	if a.PasswordHash == "" {
		return nil
	}
	enforced, err := EnforcedOf(tx, inv.AccountID)
	if err == nil && enforced {
		err = rules.Refuse(OwnSignInOnly, "This company lets people in only by its own sign-in.",
			"Accept the invitation there.")
	}
	return err
}

// Accept is AcceptInvitation in the caller's transaction, which has to be committed although
// another person was refused: the refusal is audited.
func Accept(tx *db.Tx, a Acceptance) (u User, m Membership, refused, err error) {
	inv, acc, err := lockInvitation(tx, a.InvitationID)
	if err != nil {
		return u, m, nil, err
	}
	if err := ownSignInOnly(tx, inv, a); err != nil {
		return u, m, nil, err
	}
	if err := acceptable(inv, tx.Now()); err != nil {
		return u, m, nil, err
	}

	if rules.NormaliseEmail(a.Email) != inv.Email {
		refused = rules.Refuse(rules.InvitationWrongPerson,
			"The invitation is for another person.",
			"Sign out and open the link as the person it was sent to.")
		return u, m, refused, account.Audit(tx, acc.ID,
			db.Entry{Verb: "invitation.wrong_person", ObjectID: inv.ID, Details: nil})
	}

	if u, err = ensureUser(tx, a, inv.Email); err != nil {
		return u, m, nil, err
	}
	if m, err = join(tx, acc, inv, u); err != nil {
		return u, m, nil, err
	}
	if err := CloseInvitation(tx, &inv, rules.InvitationAccepted); err != nil {
		return u, m, nil, err
	}

	return u, m, nil, account.Audit(tx.ActingAs(u.ID, "INVITED_PERSON"), acc.ID,
		db.Entry{
			Verb:     "invitation.accepted",
			ObjectID: inv.ID,
			Details:  map[string]any{"user": u.ID},
		},
		db.Entry{
			Verb:     "membership.created",
			ObjectID: m.ID,
			Details:  map[string]any{"user": u.ID, "role": m.Role},
		},
	)
}

// ensureUser finds the user of the address, who has to be the one that is signed in, or
// creates one; a new user needs a name.
func ensureUser(tx *db.Tx, a Acceptance, email string) (User, error) {
	var u User
	err := tx.ForUpdate().First(&u, "email = ?", email).Error
	switch {
	case err == nil && u.ID != a.SignedInAs:
		return User{}, rules.Refuse(rules.SignInRequired, "This address has a sign-in already.",
			"Sign in with its password, then accept the invitation.")
	case !errors.Is(err, gorm.ErrRecordNotFound):
		return u, err
	}

	if a.Name = strings.TrimSpace(a.Name); a.Name == "" {
		return u, rules.Invalid([]rules.FieldError{{
			Pointer: "/name",
			Code:    rules.Required,
			Message: "A person's name is missing.",
			Remedy:  "Give your name.",
		}})
	}

	u = User{
		ID:           db.NewID(db.PrefixUser),
		Email:        email,
		Name:         a.Name,
		PasswordHash: a.PasswordHash,
		Locale:       a.Locale,
		CreatedAt:    tx.Now(),
	}

	err = tx.Create(&u).Error
	return u, err
}
