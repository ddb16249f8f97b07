package sso

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

const purposeVerifier = "sso verifier"

// Begin remembers what has to come back, and returns the state that the provider gives back. The
// secrets of p are plain; the browser's is kept as its hash, the verifier encrypted.
func (s *SSO) Begin(ctx context.Context, p Pending, browser string) (state string, err error) {
	state = rand.Text() + rand.Text()
	p.StateHash = db.HashSecret(state)
	p.BrowserHash = db.HashSecret(browser)
	p.ExpiresAt = db.RealNow().Add(PendingFor)
	if p.Verifier != "" {
		p.Verifier = s.db.Secrets().Encrypt(purposeVerifier, p.Verifier)
	}
	return state, s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		// What did not come back in time goes with the next that begins.
		if err := tx.Delete(&Pending{}, "expires_at <= ?", db.RealNow()).Error; err != nil {
			return err
		}
		return tx.Create(&p).Error
	})
}

// Take returns what a state stands for, once: another browser's takes nothing away from who began
// it. One that is over, was taken, is another browser's or never was answers SSO_STATE_UNKNOWN.
func (s *SSO) Take(ctx context.Context, state, browser string) (Pending, error) {
	var p Pending
	unknown := rules.Refuse(UnknownState, "This sign-in is over, or began in another browser.",
		"Begin again.")
	if state == "" || browser == "" {
		return p, unknown
	}

	err := s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		p = Pending{}
		err := tx.First(&p, "state_hash = ? AND expires_at > ?",
			db.HashSecret(state), db.RealNow()).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return unknown
		}
		if err != nil {
			return err
		}
		hash := db.HashSecret(browser)
		if subtle.ConstantTimeCompare([]byte(hash), []byte(p.BrowserHash)) != 1 {
			return unknown
		}

		// Who deletes the row has it: of two that read it at once, one does.
		res := tx.Delete(&Pending{}, "state_hash = ?", p.StateHash)
		if res.Error == nil && res.RowsAffected != 1 {
			return unknown
		}
		return res.Error
	})
	if err != nil {
		return Pending{}, err
	}

	if p.Verifier != "" {
		plain, ok := s.db.Secrets().Decrypt(purposeVerifier, p.Verifier)
		if !ok { // it began under another key of the service
			return Pending{}, unknown
		}
		p.Verifier = plain
	}
	return p, nil
}

// Prune deletes what did not come back in time, and the assertions that would be refused by
// their age by now.
func (s *SSO) Prune(ctx context.Context) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		now := db.RealNow()
		return errors.Join(
			tx.Delete(&Pending{}, "expires_at <= ?", now).Error,
			tx.Delete(&usedAssertion{}, "expires_at <= ?", now.Add(-keptLonger)).Error,
		)
	})
}

// Verified is who a provider says has signed in, once its answer was found to be genuine.
type Verified struct {
	Issuer, Subject string
	Email           string
	EmailVerified   *bool // nil: the provider does not say
	Name            string
	At              time.Time // when the person proved themselves there; zero: it does not say
}

// trusted refuses an address that the provider did not check, or that is in no domain which the
// organisation has proved. It is asked at every sign-in, before anything is looked up by it.
func (v Verified) trusted(tx *db.Tx, orgID string) error {
	if v.EmailVerified != nil && !*v.EmailVerified {
		return rules.Refuse(Unverified,
			"The identity provider says that it did not check the e-mail address.",
			"Confirm the address there first.")
	}
	proved, err := DomainProved(tx, orgID, v.Email)
	if err != nil {
		return err
	}
	if !proved {
		return unproved()
	}
	return nil
}

func unproved() error {
	return rules.Refuse(DomainUnproved,
		"The e-mail address is in no domain that your organization has proved.",
		"Prove the domain in the settings, or send the work address as the claim email.")
}

// SignedIn is whom a provider has signed in.
type SignedIn struct {
	User      identity.User
	AccountID string // whose invitation was accepted with it; empty: none was
}

// SignIn returns the user whom a provider has signed in by a live connection. The identity is
// (connection, issuer, subject); the address finds a user the first time only, and never one who
// came as another subject before (SSO_OTHER_PERSON). Nobody is created but who was invited: with
// an invitation, which has to be for the address (INVITATION_WRONG_PERSON, after which it stays
// valid), the person becomes a member without a password (R53c). Everybody else whom nobody knows
// is answered SSO_NOT_INVITED.
func (s *SSO) SignIn(
	ctx context.Context, connectionID string, v Verified, invitationID, locale string,
) (SignedIn, error) {
	in, err := s.signIn(ctx, connectionID, v, invitationID, locale)
	if errors.Is(err, gorm.ErrDuplicatedKey) { // came twice at once, for the first time
		in, err = s.signIn(ctx, connectionID, v, invitationID, locale)
	}
	return in, err
}

func (s *SSO) signIn(
	ctx context.Context, connectionID string, v Verified, invitationID, locale string,
) (SignedIn, error) {
	var in SignedIn
	var refused error
	err := s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		in = SignedIn{}
		refused = nil
		var c Connection
		err := tx.First(&c, "id = ? AND state IN ?", connectionID,
			[]State{Enabled, Enforced}).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return notLive()
		}
		if err != nil {
			return err
		}
		if err := v.trusted(tx, c.OrgID); err != nil {
			return err
		}

		who, err := findUser(tx, c, v)
		switch {
		case err != nil:
			return err
		case who.user.ID != "":
			in.User = who.user
			return who.remember(tx, c, v)
		case invitationID == "":
			return notInvited()
		}

		accepted := identity.Acceptance{
			InvitationID: invitationID,
			Email:        v.Email,
			Locale:       locale,
		}
		if accepted.Name, err = nameOf(tx, v, invitationID); err != nil {
			return err
		}
		var place identity.Membership
		who.user, place, refused, err = identity.Accept(tx, accepted)
		if err != nil || refused != nil {
			return err
		}
		in = SignedIn{who.user, place.AccountID}
		return who.remember(tx, c, v)
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return SignedIn{}, err
	}
	return in, nil
}

// found is the user of a sign-in, and whether the subject is known as them.
type found struct {
	user  identity.User
	bound string // id of the identity; empty: it is the first time
}

func notInvited() error {
	return rules.Refuse(NotInvited, "Nobody with this address has access.",
		"Ask an administrator of the account to invite you.")
}

// findUser finds the user of a subject, or the first time of an address; none: an empty user. Whom
// only other organisations' accounts know is nobody here: those never agreed that this provider
// says who their people are.
func findUser(tx *db.Tx, c Connection, v Verified) (found, error) {
	known, bound, err := identity.IdentityOf(tx, c.ID, v.Issuer, v.Subject)
	if err != nil {
		return found{}, err
	}
	if bound {
		return boundUser(tx, c, known)
	}

	var u identity.User
	err = tx.Limit(1).Find(&u, "email = ?", rules.NormaliseEmail(v.Email)).Error
	if err != nil || u.ID == "" {
		return found{}, err
	}
	inside, err := identity.IsInside(tx, u.ID, c.OrgID)
	if err != nil || !inside {
		return found{}, err
	}

	// An address may have been given to somebody else: what it was bound to is not theirs.
	other, err := identity.IsBound(tx, c.ID, u.ID)
	if err != nil {
		return found{}, err
	}
	if other {
		// It may have been bound to this very subject since it was looked for.
		known, bound, err := identity.IdentityOf(tx, c.ID, v.Issuer, v.Subject)
		if err != nil {
			return found{}, err
		}
		if bound {
			return boundUser(tx, c, known)
		}
		return found{}, rules.Refuse(OtherPerson,
			"This address belonged to another person at your identity provider.",
			"Ask an administrator to remove the person of before, and to invite you.")
	}
	return found{user: u}, nil
}

// boundUser reads the user of an identity. The organisation has to have proved the domain of the
// user's own address still: it might have given it up, and another one be in its place.
func boundUser(tx *db.Tx, c Connection, known identity.Identity) (found, error) {
	var u identity.User
	if err := tx.First(&u, "id = ?", known.UserID).Error; err != nil {
		return found{}, err
	}
	proved, err := DomainProved(tx, c.OrgID, u.Email)
	if err == nil && !proved {
		err = unproved()
	}
	if err != nil {
		return found{}, err
	}
	inside, err := identity.IsInside(tx, u.ID, c.OrgID)
	if err == nil && !inside {
		err = notInvited()
	}
	return found{user: u, bound: known.ID}, err
}

// remember binds a subject to its user, or notes that it came again.
func (f found) remember(tx *db.Tx, c Connection, v Verified) error {
	if f.bound != "" {
		return identity.CameAgain(tx, f.bound)
	}
	return identity.Bind(tx, identity.Identity{
		UserID:       f.user.ID,
		ConnectionID: c.ID,
		Issuer:       v.Issuer,
		Subject:      v.Subject,
	})
}

// nameOf is the name of a person who accepts an invitation: as the provider says it, or as who
// invited them did.
func nameOf(tx *db.Tx, v Verified, invitationID string) (string, error) {
	name := strings.TrimSpace(v.Name)
	if name != "" && len(rules.CheckPersonName("/name", name, identity.MaxName)) == 0 {
		return name, nil
	}
	var inv identity.Invitation
	if err := tx.First(&inv, "id = ?", invitationID).Error; err != nil {
		return "", db.Found(err)
	}
	return inv.ContactName, nil
}

// Outcome is what a sign-in by a connection would come to, for a rehearsal.
type Outcome struct {
	User    identity.User // who would be signed in; empty: nobody yet
	Invited bool          // nobody yet, and an invitation waits for the address
	Refused error         // why it would be refused; nil: it would not
}

// Preview says what a sign-in would come to, without signing anybody in; the connection need not
// be live. Only who looks after it may ask.
func (s *SSO) Preview(ctx context.Context, c Connection, v Verified) (Outcome, error) {
	var out Outcome
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		out = Outcome{}
		err := v.trusted(tx, c.OrgID)
		if rules.CodeOf(err) != "" {
			out.Refused = err
			return nil
		}
		if err != nil {
			return err
		}

		who, err := findUser(tx, c, v)
		if rules.CodeOf(err) != "" {
			out.Refused = err
			return nil
		}
		if err != nil || who.user.ID != "" {
			out.User = who.user
			return err
		}

		var live int64
		err = tx.Model(&identity.Invitation{}).
			Where("email = ? AND state IN ? AND expires_at > ?", rules.NormaliseEmail(v.Email),
				[]rules.InvitationState{rules.InvitationIssued, rules.InvitationSent}, tx.Now()).
			Where("account_id IN (SELECT id FROM accounts WHERE parent_org_id = ?)", c.OrgID).
			Count(&live).Error
		out.Invited = live > 0
		return err
	})
	return out, err
}
