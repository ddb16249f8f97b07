package identity

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// IdentityOf finds who a subject of an issuer is, as a connection knows it; false for nobody.
func IdentityOf(tx *db.Tx, connectionID, issuer, subject string) (Identity, bool, error) {
	var known Identity
	err := tx.First(&known, "connection_id = ? AND issuer = ? AND subject = ?",
		connectionID, issuer, subject).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return known, false, nil
	}
	return known, err == nil, err
}

// IsBound reports whether a user comes by a connection as some subject already.
func IsBound(tx *db.Tx, connectionID, userID string) (bool, error) {
	var n int64
	err := tx.Model(&Identity{}).
		Where("connection_id = ? AND user_id = ?", connectionID, userID).Count(&n).Error
	return n > 0, err
}

// IsInside reports whether a user is in an account of an organisation, and was not removed there.
func IsInside(tx *db.Tx, userID, orgID string) (inside bool, err error) {
	err = tx.BeyondFence(func(tx *db.Tx) error {
		var n int64
		err := tx.Table("memberships AS m").
			Joins("JOIN accounts a ON a.id = m.account_id").
			Where("m.user_id = ? AND m.state <> ? AND a.parent_org_id = ?",
				userID, rules.MembershipRemoved, orgID).
			Count(&n).Error
		inside = n > 0
		return err
	})
	return inside, err
}

// Bind ties a user to a subject for good (S48). A subject of another user, and a user of another
// subject, meet a unique key.
func Bind(tx *db.Tx, i Identity) error {
	i.ID = db.NewID(db.PrefixIdentity)
	i.CreatedAt = tx.Now()
	i.LastSeenAt = db.RealNow()
	if err := tx.Create(&i).Error; err != nil {
		return err
	}
	return tx.ActingAs(i.UserID, "USER").Audit(i.UserID, nil, false, db.Entry{
		Verb:     "user.sso_bound",
		ObjectID: i.UserID,
		Details:  map[string]any{"connection": i.ConnectionID},
	})
}

// CameAgain notes that the user of an identity has signed in by it.
func CameAgain(tx *db.Tx, identityID string) error {
	return tx.Model(&Identity{}).Where("id = ?", identityID).
		Update("last_seen_at", db.RealNow()).Error
}

// KnownBeyond reports whether somebody who came by a connection is, or was, in an account of
// another organisation: what is told of them there is not for this one's provider to let out.
func (s *People) KnownBeyond(
	ctx context.Context, userID, connectionID string,
) (beyond bool, err error) {
	err = s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Raw(`
			SELECT EXISTS (
				SELECT 1 FROM memberships m JOIN accounts a ON a.id = m.account_id
				WHERE m.user_id = ? AND a.parent_org_id NOT IN (
					SELECT c.org_id FROM sso_connections c WHERE c.id = ?))`,
			userID, connectionID).Scan(&beyond).Error
	})
	return beyond, err
}

// PasswordEnded reports whether a person's password lets them in nowhere any more: they are in
// accounts, and each is of an organisation that enforces its own sign-in (S49).
func (s *People) PasswordEnded(ctx context.Context, userID string) (ended bool, err error) {
	err = s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		ended, err = passwordEnded(tx, userID)
		return err
	})
	return ended, err
}

func passwordEnded(tx *db.Tx, userID string) (ended bool, err error) {
	err = tx.Raw("SELECT "+endedOf("?"), userID, userID).Scan(&ended).Error
	return ended, err
}

// endedOf is the condition of PasswordEnded for the person whose id is an expression; it names
// that twice.
func endedOf(userID string) string {
	active := `SELECT 1 FROM memberships m
		WHERE m.state = 'ACTIVE' AND m.blocked_at IS NULL AND m.user_id = ` + userID
	return "EXISTS (" + active + ") AND NOT EXISTS (" + active + byPassword + ")"
}

// EnforcedOf reports whether the organisation of an account lets people in by its own sign-in
// alone.
func EnforcedOf(tx *db.Tx, accountID string) (bool, error) {
	var n int64
	err := tx.Raw(`
		SELECT count(*) FROM sso_connections c JOIN accounts a ON a.parent_org_id = c.org_id
		WHERE a.id = ? AND c.state = 'ENFORCED'`, accountID).Scan(&n).Error
	return n > 0, err
}

// EndPasswordSessions ends the sessions that began by a password, and the open links for a new
// one, of everybody who is in an organisation's accounts and may not come in by password. It
// returns how many sessions those were.
func EndPasswordSessions(tx *db.Tx, orgID string) (int64, error) {
	const inside = `IN (
		SELECT m.user_id FROM memberships m JOIN accounts a ON a.id = m.account_id
		WHERE a.parent_org_id = ? AND m.state <> 'REMOVED')`
	res := tx.Where("connection_id IS NULL AND user_id "+inside, orgID).
		Where(`user_id NOT IN (
			SELECT b.user_id FROM sso_break_glass b WHERE b.org_id = ?)`, orgID).
		Delete(&Session{})
	if res.Error != nil {
		return 0, res.Error
	}
	err := tx.Model(&Challenge{}).
		Where("purpose = ? AND consumed_at IS NULL", ChallengePasswordReset).
		Where("subject_id "+inside, orgID).
		Where(endedOf("challenges.subject_id")).
		Update("consumed_at", db.RealNow()).Error
	return res.RowsAffected, err
}

// holdsStill reports whether a session may be stored. What began by a connection: it lets people
// in still, and the organisation has proved the domain of the person's address still, whose record
// has not been missing for too long. What began by a password: it passed the second factor, or the
// person has none. The connection, or the person, is locked against whoever ends those sessions,
// so that none comes after the end of them all.
func holdsStill(tx *db.Tx, row Session) (bool, error) {
	switch {
	case row.UserID == nil, row.ConnectionID == nil && row.SecondFactor:
		return true, nil
	case row.ConnectionID == nil:
		return passesWithout(tx, *row.UserID)
	}
	var orgs []string
	err := db.LockWith(tx.Table("sso_connections"), clause.Locking{Strength: "SHARE"}).
		Where("id = ? AND state IN ('ENABLED','ENFORCED')", *row.ConnectionID).
		Pluck("org_id", &orgs).Error
	if err != nil || len(orgs) == 0 {
		return false, err
	}
	var u User
	if err := tx.Limit(1).Find(&u, "id = ?", *row.UserID).Error; err != nil {
		return false, err
	}
	return DomainCounts(tx, orgs[0], u.Email)
}

// passesWithout reports whether a person has no second factor, and keeps it so until the
// transaction ends.
func passesWithout(tx *db.Tx, userID string) (bool, error) {
	var u User
	err := db.LockWith(tx.DB, clause.Locking{Strength: "SHARE"}).
		Limit(1).Find(&u, "id = ?", userID).Error
	if err != nil {
		return false, err
	}
	has, err := HasSecondFactor(tx, userID)
	return !has, err
}

// DomainGrace is for how long a proved domain signs people in whose record is missing.
const DomainGrace = 14 * 24 * time.Hour

// CountedDomain is the condition of a domain whose people are signed in; its argument is
// StillCounts.
const CountedDomain = "proved_at IS NOT NULL AND (missing_at IS NULL OR missing_at > ?)"

// StillCounts is the instant since which a record may be missing.
func StillCounts() time.Time { return db.RealNow().Add(-DomainGrace) }

// DomainCounts reports whether an address is in a mail domain that the organisation has proved,
// and whose record is there or has not been missing for DomainGrace. A domain stands for itself
// alone: not for those below it.
func DomainCounts(tx *db.Tx, orgID, address string) (bool, error) {
	domain := rules.EmailDomain(address)
	if domain == "" {
		return false, nil
	}
	var n int64
	err := tx.Table("sso_domains").
		Where("org_id = ? AND domain = ?", orgID, domain).
		Where(CountedDomain, StillCounts()).
		Count(&n).Error
	return n > 0, err
}

// EndSessionsBy ends the sessions that began by connections, and returns how many.
func EndSessionsBy(tx *db.Tx, connectionIDs ...string) (int64, error) {
	if len(connectionIDs) == 0 {
		return 0, nil
	}
	res := tx.Where("connection_id IN ?", connectionIDs).Delete(&Session{})
	return res.RowsAffected, res.Error
}
