package identity

import (
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// An organisation that enforces its own sign-in keeps an administrator who comes in by password
// and second factor (S49): without one, nobody gets in once the provider does not work. Models/sso
// makes them; here stands what must not take the last one away, whatever door it comes by.

// Codes of refusals around an enforced sign-in.
const (
	NoBreakGlass = "SSO_NO_BREAK_GLASS" // nobody would come in beside it
	Outsiders    = "SSO_OUTSIDERS"      // people would be locked out
)

// BreakGlassLeft counts the break-glass administrators of an organisation who would get in and
// could administer something, but for one person: they have both factors, and proved them since.
func BreakGlassLeft(
	tx *db.Tx, orgID string, since time.Time, except string,
) (n int64, err error) {
	err = tx.Raw(`
		SELECT count(*) FROM sso_break_glass b JOIN users u ON u.id = b.user_id
		WHERE b.org_id = ? AND b.user_id <> ? AND b.proved_at >= ? AND u.password_hash <> ''
			AND (`+hasFactor+`)
			AND EXISTS (
				SELECT 1 FROM memberships m JOIN accounts a ON a.id = m.account_id
				WHERE m.user_id = b.user_id AND a.parent_org_id = b.org_id
					AND m.role = 'ADMIN' AND m.state = 'ACTIVE' AND m.blocked_at IS NULL)`,
		orgID, except, since).Scan(&n).Error
	return n, err
}

// KeepBreakGlass makes a change, and refuses it with SSO_NO_BREAK_GLASS where it takes the last
// break-glass administrator from one of the organisations that enforces its own sign-in. The
// connections are locked for it: of two such changes at once the second finds what the first has
// left. One that has none already loses none.
func KeepBreakGlass(tx *db.Tx, orgIDs []string, change func() error) error {
	var had []string
	err := tx.BeyondFence(func(tx *db.Tx) error {
		enforced, err := enforcedAmong(tx.ForUpdate(), orgIDs)
		if err != nil {
			return err
		}
		had, err = withBreakGlass(tx, enforced)
		return err
	})
	if err != nil {
		return err
	}
	if err := change(); err != nil || len(had) == 0 {
		return err
	}

	return tx.BeyondFence(func(tx *db.Tx) error {
		enforced, err := enforcedAmong(tx.DB, had)
		if err != nil {
			return err
		}
		still, err := withBreakGlass(tx, enforced)
		if err == nil && len(still) < len(enforced) {
			err = lastBreakGlass()
		}
		return err
	})
}

func lastBreakGlass() error {
	return rules.Refuse(NoBreakGlass, "This is the last way in beside the sign-in.",
		"Let another administrator prove password and second factor first.")
}

// enforcedAmong returns those of the organisations that enforce their own sign-in.
func enforcedAmong(q *gorm.DB, orgIDs []string) (enforced []string, err error) {
	err = q.Table("sso_connections").
		Where("org_id IN ? AND state = 'ENFORCED'", orgIDs).
		Order("id").Pluck("org_id", &enforced).Error
	return enforced, err
}

// withBreakGlass returns those of the organisations that have a break-glass administrator.
func withBreakGlass(tx *db.Tx, orgIDs []string) (having []string, err error) {
	for _, orgID := range orgIDs {
		n, err := BreakGlassLeft(tx, orgID, time.Time{}, "")
		if err != nil {
			return nil, err
		}
		if n > 0 {
			having = append(having, orgID)
		}
	}
	return having, nil
}

// LastBreakGlassOf returns the organisations that enforce their own sign-in, and whose last
// break-glass administrator the person is: from those the person does not go (S49).
func LastBreakGlassOf(tx *db.Tx, userID string) (orgIDs []string, err error) {
	var mine []string
	err = tx.Table("sso_break_glass").Where("user_id = ?", userID).
		Order("org_id").Pluck("org_id", &mine).Error
	if err != nil || len(mine) == 0 {
		return nil, err
	}
	enforced, err := enforcedAmong(tx.DB, mine)
	if err != nil {
		return nil, err
	}
	had, err := withBreakGlass(tx, enforced)
	if err != nil {
		return nil, err
	}
	for _, orgID := range had {
		others, err := BreakGlassLeft(tx, orgID, time.Time{}, userID)
		if err != nil {
			return nil, err
		}
		if others == 0 {
			orgIDs = append(orgIDs, orgID)
		}
	}
	return orgIDs, nil
}

// AskForBreakGlass asks an operator about an organisation that enforces its own sign-in, and whose
// break-glass administrators its directory has ended (S50): whoever left the company gets in no
// more, and so nobody does once its provider does not work. It takes the question back once there
// is one again, or the sign-in is enforced no more. accountID is the account it is asked for.
func AskForBreakGlass(tx *db.Tx, orgID, accountID string) error {
	var connections []string
	err := tx.Table("sso_connections").Where("org_id = ? AND state = 'ENFORCED'", orgID).
		Order("id").Pluck("id", &connections).Error
	if err != nil || len(connections) == 0 {
		return err
	}
	left, err := BreakGlassLeft(tx, orgID, time.Time{}, "")
	if err != nil {
		return err
	}
	if left > 0 {
		return tx.SettleAll(db.TaskNoAdminReachable, connections, "somebody gets in again")
	}
	return tx.Raise(db.OperatorTask{
		Kind:      db.TaskNoAdminReachable,
		SubjectID: connections[0],
		AccountID: &accountID,
		What: "Find out with the customer who comes in by password when the sign-in of the " +
			"company does not work, or let its people sign in by password again.",
		Why: "LAST_BREAK_GLASS_ENDED_BY_DIRECTORY",
	})
}
