package identity

import (
	"errors"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// What a company's directory does to people (S50), in the transaction of who speaks for it. The
// caller has locked the accounts (account.LockAll), and names no other account than those of the
// directory's organisation.

// reaches is the condition that a membership lets its person in: a directory that has ended
// somebody leaves the last administrator's membership as it is, and blocks it (S18).
const reaches = "state = 'ACTIVE' AND blocked_at IS NULL"

// InsideOf lists the people of accounts, in the order in which they came. Somebody who was
// removed is not among them.
func InsideOf(tx *db.Tx, accountIDs []string) (people []Member, err error) {
	err = tx.Table("memberships").
		Select("memberships.*, u.name, u.email, u.locale").
		Joins("JOIN users u ON u.id = memberships.user_id").
		Where("memberships.account_id IN ? AND memberships.state <> ?",
			accountIDs, rules.MembershipRemoved).
		Order("memberships.id").
		Scan(&people).Error
	return people, err
}

// InsideWith is InsideOf of those whom a condition on their users finds.
func InsideWith(
	tx *db.Tx, accountIDs []string, where string, args ...any,
) (people []Member, err error) {
	err = tx.Table("memberships").
		Select("memberships.*, u.name, u.email, u.locale").
		Joins("JOIN users u ON u.id = memberships.user_id").
		Where("memberships.account_id IN ? AND memberships.state <> ?",
			accountIDs, rules.MembershipRemoved).
		Where(where, args...).
		Order("memberships.id").
		Scan(&people).Error
	return people, err
}

// UserForDirectory finds the user of an address, or makes one without a password: the directory's
// own sign-in lets the person in. made reports which.
func UserForDirectory(
	tx *db.Tx, email, name, locale string,
) (u User, made bool, err error) {
	err = tx.ForUpdate().First(&u, "email = ?", email).Error
	if !errors.Is(err, gorm.ErrRecordNotFound) {
		return u, false, err
	}

	u = User{
		ID:        db.NewID(db.PrefixUser),
		Email:     email,
		Name:      name,
		Locale:    locale,
		CreatedAt: tx.Now(),
	}
	return u, true, tx.Create(&u).Error
}

// RenameUser gives a user the name and the address that the directory has for them, where it is
// the directory that made the user and no account outside of it knows the person: nobody else's
// people are renamed. An address that another user has stays as it was, without a word.
func RenameUser(tx *db.Tx, userID string, accountIDs []string, email, name string) error {
	var elsewhere int64
	err := tx.Model(&Membership{}).
		Where("user_id = ? AND account_id NOT IN ?", userID, accountIDs).
		Count(&elsewhere).Error
	if err != nil || elsewhere > 0 {
		return err
	}

	err = tx.Model(&User{}).Where("id = ? AND name <> ?", userID, name).
		Update("name", name).Error
	if err != nil {
		return err
	}
	return tx.Model(&User{}).
		Where("id = ? AND email <> ?", userID, email).
		Where("NOT EXISTS (SELECT 1 FROM users other WHERE other.email = ?)", email).
		Update("email", email).Error
}

// Provision makes a person a reader of an account. A membership that there is already stays as it
// is, whatever its role; one that was removed comes back with again alone. More people than the
// account may have answer USER_LIMIT (S19).
func Provision(tx *db.Tx, accountID, userID string, again bool) error {
	var m Membership
	err := tx.First(&m, "account_id = ? AND user_id = ?", accountID, userID).Error
	known := err == nil
	switch {
	case known && (m.State != rules.MembershipRemoved || !again):
		return nil
	case !known && !errors.Is(err, gorm.ErrRecordNotFound):
		return err
	}

	var acc account.Account
	if err := tx.First(&acc, "id = ?", accountID).Error; err != nil {
		return err
	}
	if err := roomForUser(tx, acc); err != nil {
		return err
	}

	if !known {
		m = Membership{
			ID:        db.NewID(db.PrefixMembership),
			AccountID: accountID,
			UserID:    userID,
			CreatedAt: tx.Now(),
		}
	}
	m.Role = RoleReadOnly
	m.State = rules.MembershipActive
	m.Provisioned = true
	m.BlockedAt = nil

	if known {
		err = tx.Model(&Membership{}).Where("id = ?", m.ID).
			Select("role", "state", "provisioned", "blocked_at").Updates(&m).Error
	} else {
		err = tx.Create(&m).Error
	}
	if err != nil {
		return err
	}
	return account.Audit(tx, accountID, db.Entry{
		Verb:     "membership.created",
		ObjectID: m.ID,
		Details:  map[string]any{"user": userID, "role": m.Role, "by": "directory"},
	})
}

// MembershipsIn lists a person's memberships in accounts, those that were removed too.
func MembershipsIn(tx *db.Tx, userID string, accountIDs []string) (out []Membership, err error) {
	err = tx.Order("account_id").
		Find(&out, "user_id = ? AND account_id IN ?", userID, accountIDs).Error
	return out, err
}

// Block ends a person's access to an account, or gives it back. What a person suspended or
// removed by hand stays so. The last administrator's membership stays as it is and is blocked all
// the same, and an operator is asked (S18); see keepReachable. So it is with the last break-glass
// administrator of an enforced sign-in: whoever left the company gets in no more (S50). Again it
// changes nothing.
func Block(tx *db.Tx, m Membership, blocked bool) error {
	before := m.State
	switch {
	case m.State == rules.MembershipRemoved,
		blocked == (m.BlockedAt != nil),
		blocked && m.State == rules.MembershipSuspended:
		return nil
	case blocked:
		now := tx.Now()
		m.BlockedAt = &now
		m.State = rules.MembershipSuspended
	default:
		m.BlockedAt = nil
		m.State = rules.MembershipActive
	}

	if blocked && m.Role == RoleAdmin {
		others, err := otherAdmins(tx, m)
		if err != nil {
			return err
		}
		if others == 0 {
			m.State = rules.MembershipActive // and blocked
		}
	}

	err := tx.Model(&Membership{}).Where("id = ?", m.ID).
		Select("state", "blocked_at").Updates(&m).Error
	if err != nil {
		return err
	}

	details := map[string]any{
		"before":  map[string]any{"role": m.Role, "state": before},
		"after":   map[string]any{"role": m.Role, "state": m.State},
		"blocked": blocked,
		"by":      "directory",
	}
	if blocked {
		revoked, err := revokeTokensOf(tx, m)
		if err != nil {
			return err
		}
		details["tokens_revoked"] = revoked
	}
	err = account.Audit(tx, m.AccountID, db.Entry{
		Verb:     "membership.changed",
		ObjectID: m.ID,
		Details:  details,
	})
	if err != nil {
		return err
	}
	if err := keepReachable(tx, m.AccountID); err != nil || m.Role != RoleAdmin {
		return err
	}
	var acc account.Account
	if err := tx.First(&acc, "id = ?", m.AccountID).Error; err != nil {
		return err
	}
	return AskForBreakGlass(tx, acc.ParentOrgID, acc.ID)
}

// EndSessions signs a person out everywhere, at once.
func EndSessions(tx *db.Tx, userID string) error {
	return tx.Delete(&Session{}, "user_id = ?", userID).Error
}

// keepReachable asks an operator about an account whose administrators are all blocked, and takes
// the question back once there is one who gets in: those who are blocked are then suspended like
// anybody else.
func keepReachable(tx *db.Tx, accountID string) error {
	var kept, reachable int64
	admins := tx.Model(&Membership{}).Where("account_id = ? AND role = ?", accountID, RoleAdmin)
	err := admins.Session(&gorm.Session{}).
		Where("state = ? AND blocked_at IS NOT NULL", rules.MembershipActive).
		Count(&kept).Error
	if err != nil {
		return err
	}
	err = admins.Session(&gorm.Session{}).Where(reaches).Count(&reachable).Error
	if err != nil {
		return err
	}

	if reachable > 0 {
		if kept > 0 {
			err := tx.Model(&Membership{}).
				Where("account_id = ? AND state = ? AND blocked_at IS NOT NULL",
					accountID, rules.MembershipActive).
				Update("state", rules.MembershipSuspended).Error
			if err != nil {
				return err
			}
		}
		return tx.Settle(db.TaskNoAdminReachable, accountID, "an administrator gets in again")
	}
	if kept == 0 {
		return nil
	}
	return tx.Raise(db.OperatorTask{
		Kind:      db.TaskNoAdminReachable,
		SubjectID: accountID,
		AccountID: &accountID,
		What: "Find out with the customer who administers the account from now on, and invite " +
			"that person.",
		Why: "LAST_ADMIN_ENDED_BY_DIRECTORY",
	})
}

// reachableWith is keepReachable once somebody has joined.
func reachableWith(tx *db.Tx, m Membership) error {
	if m.Role != RoleAdmin {
		return nil
	}
	return keepReachable(tx, m.AccountID)
}

// otherAdmins counts the administrators of the account, beside a member, who get in.
func otherAdmins(tx *db.Tx, m Membership) (int, error) {
	var n int64
	err := tx.Model(&Membership{}).
		Where("account_id = ? AND role = ? AND id <> ?", m.AccountID, RoleAdmin, m.ID).
		Where(reaches).
		Count(&n).Error
	return int(n), err
}

// endedSince refuses an invitation that was sent before the company's directory ended its person:
// it may be to an account in which the person was not yet, and of which nothing was blocked.
func endedSince(tx *db.Tx, acc account.Account, inv Invitation, u User) error {
	var ended int64
	err := tx.Table("scim_people").
		Where("org_id = ? AND user_id = ? AND NOT active", acc.ParentOrgID, u.ID).
		Where("updated_at >= ?", inv.IssuedAt).
		Count(&ended).Error
	if err != nil || ended == 0 {
		return err
	}
	return rules.Refuse(rules.Forbidden, "The company's directory has ended your access.",
		"Ask an administrator of the account to invite you again.")
}

// heldByDirectory refuses to let somebody in by hand whom the company's directory has ended, also
// one whom somebody had suspended by hand before it did: nothing was left to block then.
func heldByDirectory(
	tx *db.Tx, acc account.Account, m Membership, state rules.MembershipState,
) error {
	if state != rules.MembershipActive {
		return nil
	}
	var ended int64
	err := tx.BeyondFence(func(tx *db.Tx) error {
		return tx.Table("scim_people").
			Where("org_id = ? AND user_id = ? AND NOT active", acc.ParentOrgID, m.UserID).
			Count(&ended).Error
	})
	if err != nil || m.BlockedAt == nil && ended == 0 {
		return err
	}
	return rules.Refuse(rules.StateConflict,
		"The company's directory has ended this person's access.",
		"Give it back in the directory; it follows here by itself.")
}
