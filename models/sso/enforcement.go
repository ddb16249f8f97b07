package sso

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
)

// An organisation may let people in by its own sign-in alone (S49). Nobody locks it out: an
// administrator came that way within a day, and another way stays open, break-glass, for an
// administrator who has just proved password and second factor.

const (
	// EnforceAfter is how lately an administrator has to have come by the connection.
	EnforceAfter = 24 * time.Hour
	// ProvedFor is how lately a break-glass administrator has to have proved both factors.
	ProvedFor = 10 * time.Minute
)

// BreakGlass is an administrator who comes in by password and second factor although the
// organisation enforces its own sign-in. Its times are real time.
type BreakGlass struct {
	OrgID     string `gorm:"primaryKey"`
	UserID    string `gorm:"primaryKey"`
	AccountID string // whose administrator it is
	ProvedAt  time.Time
	UsedAt    *time.Time
	CreatedAt time.Time
}

// TableName is the table of break-glass administrators.
func (BreakGlass) TableName() string { return "sso_break_glass" }

// NamedBreakGlass is a break-glass administrator with the name.
type NamedBreakGlass struct {
	BreakGlass
	Name string
}

// BreakGlassOf lists the break-glass administrators of an account's organisation.
func (s *SSO) BreakGlassOf(
	ctx context.Context, accountID string,
) (out []NamedBreakGlass, err error) {
	err = s.manage(ctx, accountID, func(tx *db.Tx, acc account.Account) error {
		out, err = breakGlass(tx, acc.ParentOrgID)
		return err
	})
	return out, err
}

func breakGlass(tx *db.Tx, orgID string) (out []NamedBreakGlass, err error) {
	err = tx.Table("sso_break_glass AS b").Select("b.*, u.name").
		Joins("JOIN users u ON u.id = b.user_id").
		Where("b.org_id = ?", orgID).
		Order("b.created_at, b.user_id").
		Scan(&out).Error
	return out, err
}

// ProveBreakGlass makes the caller, an administrator of the account, one of its organisation's
// break-glass administrators, or notes that they have proved both factors again. Whether they have
// just done so is for the caller of this to know; that there are two is asked here:
// SSO_NEEDS_FACTOR.
func (s *SSO) ProveBreakGlass(ctx context.Context, accountID string) error {
	return s.manage(ctx, accountID, func(tx *db.Tx, acc account.Account) error {
		me := tx.Scope.Actor.ID
		var u identity.User
		if err := tx.ForUpdate().First(&u, "id = ?", me).Error; err != nil {
			return db.Found(err)
		}
		has, err := identity.HasSecondFactor(tx, me)
		if err != nil {
			return err
		}
		if !has || u.PasswordHash == "" {
			return rules.Refuse(NeedsFactor, "You have no password with a second factor.",
				"Set a second factor up on your own page first.")
		}

		now := db.RealNow()
		var known BreakGlass
		err = tx.Limit(1).Find(&known, "org_id = ? AND user_id = ?", acc.ParentOrgID, me).Error
		if err != nil {
			return err
		}
		if known.UserID != "" {
			err := tx.Model(&BreakGlass{}).
				Where("org_id = ? AND user_id = ?", acc.ParentOrgID, me).
				Updates(map[string]any{"proved_at": now, "account_id": acc.ID}).Error
			if err != nil {
				return err
			}
			return identity.AskForBreakGlass(tx, acc.ParentOrgID, acc.ID)
		}
		err = tx.Create(&BreakGlass{
			OrgID:     acc.ParentOrgID,
			UserID:    me,
			AccountID: acc.ID,
			ProvedAt:  now,
			CreatedAt: now,
		}).Error
		if err != nil {
			return err
		}
		err = account.Audit(tx, acc.ID, db.Entry{Verb: "break_glass.added", ObjectID: me})
		if err != nil {
			return err
		}
		return identity.AskForBreakGlass(tx, acc.ParentOrgID, acc.ID)
	})
}

// EndBreakGlass takes the other way in from a person of the account's organisation. The last one
// that works stays while the sign-in is enforced: SSO_NO_BREAK_GLASS.
func (s *SSO) EndBreakGlass(ctx context.Context, accountID, userID string) error {
	return s.manage(ctx, accountID, func(tx *db.Tx, acc account.Account) error {
		var ended int64
		err := identity.KeepBreakGlass(tx, []string{acc.ParentOrgID}, func() error {
			res := tx.Delete(&BreakGlass{}, "org_id = ? AND user_id = ?", acc.ParentOrgID, userID)
			ended = res.RowsAffected
			return res.Error
		})
		if err != nil || ended == 0 {
			return err
		}
		enforced, err := identity.EnforcedOf(tx, acc.ID)
		if err != nil {
			return err
		}
		if enforced {
			if _, err := identity.EndPasswordSessions(tx, acc.ParentOrgID); err != nil {
				return err
			}
		}
		return account.Audit(tx, acc.ID, db.Entry{Verb: "break_glass.removed", ObjectID: userID})
	})
}

// Enforce makes an enabled connection the only way into its organisation's accounts (S49). It
// needs to work as it is (SSO_OFF, SSO_NOT_REHEARSED), a proved domain whose record has not been
// missing for DomainGrace (SSO_DOMAIN_UNPROVED), an administrator who came by it within
// EnforceAfter (SSO_NO_ADMIN_CAME), a break-glass administrator who proved both factors within
// ProvedFor (SSO_NO_BREAK_GLASS), and nobody whose address is in no such domain, but break-glass
// administrators: those would be locked out (SSO_OUTSIDERS). Sessions by password end, and open
// links for a new one. Again it changes nothing.
func (s *SSO) Enforce(ctx context.Context, accountID, id string) (Connection, error) {
	return s.change(ctx, accountID, id, func(tx *db.Tx, acc account.Account, c *Connection) error {
		if c.State == Enforced {
			return nil
		}
		if err := mayEnforce(tx, *c); err != nil {
			return err
		}

		now := db.RealNow()
		c.State = Enforced
		c.EnforcedAt = &now
		c.Version++
		// The state is stored first: it says whose password still lets them in somewhere.
		if err := tx.Model(&Connection{}).Where("id = ?", c.ID).
			Update("state", Enforced).Error; err != nil {
			return err
		}
		ended, err := identity.EndPasswordSessions(tx, c.OrgID)
		if err != nil {
			return err
		}
		e := c.entry("connection.enforced")
		e.Details["sessions_ended"] = ended
		return account.Audit(tx, acc.ID, e)
	})
}

func mayEnforce(tx *db.Tx, c Connection) error {
	var n struct{ Proved, Came, Outside int64 }
	err := tx.Raw(`
		SELECT
			(SELECT count(*) FROM sso_domains d
				WHERE d.org_id = ? AND `+counts+`) AS proved,
			(SELECT count(*) FROM identities i
				WHERE i.connection_id = ? AND i.last_seen_at >= ? AND EXISTS (
					SELECT 1 FROM memberships m JOIN accounts a ON a.id = m.account_id
					WHERE m.user_id = i.user_id AND a.parent_org_id = ? AND m.role = 'ADMIN'
						AND m.state = 'ACTIVE' AND m.blocked_at IS NULL)) AS came,
			(SELECT count(*) FROM memberships m
				JOIN accounts a ON a.id = m.account_id
				JOIN users u ON u.id = m.user_id
				WHERE a.parent_org_id = ? AND m.state = 'ACTIVE' AND m.blocked_at IS NULL
					AND NOT EXISTS (
						SELECT 1 FROM sso_domains d
						WHERE d.org_id = a.parent_org_id AND `+counts+`
							AND u.email LIKE '%@' || d.domain)
					AND NOT EXISTS (
						SELECT 1 FROM sso_break_glass b
						WHERE b.org_id = a.parent_org_id AND b.user_id = m.user_id)) AS outside`,
		c.OrgID, stillCounts(),
		c.ID, db.RealNow().Add(-EnforceAfter), c.OrgID,
		c.OrgID, stillCounts()).Scan(&n).Error
	if err != nil {
		return err
	}
	works, err := identity.BreakGlassLeft(tx, c.OrgID, db.RealNow().Add(-ProvedFor), "")
	switch {
	case err != nil:
		return err
	case !c.State.Live():
		return notLive()
	case !c.Rehearsed():
		return rules.Refuse(Unrehearsed, "Nobody has tried the connection as it is.",
			"Try it first.")
	case n.Proved == 0:
		return rules.Refuse(DomainUnproved, "No mail domain is proved.",
			"Prove one first: only its people are signed in.")
	case n.Came == 0:
		return rules.Refuse(NobodyCame, "No administrator has come by it within a day.",
			"Sign in by it first.")
	case works == 0:
		return rules.Refuse(NoBreakGlass,
			"No administrator has just proved password and second factor.",
			"Prove both: you come in that way when the sign-in does not work.")
	case n.Outside > 0:
		return lockedOut()
	}
	return nil
}

func lockedOut() error {
	return rules.Refuse(Outsiders,
		"People with addresses of other domains would be locked out.",
		"Prove their domain, or remove them.")
}

// Relax lets people sign in by password again, beside a connection that was enforced. An
// administrator of the account does so; see LiftEnforcement. Again it changes nothing.
func (s *SSO) Relax(ctx context.Context, accountID, id string) (Connection, error) {
	return s.change(ctx, accountID, id, func(tx *db.Tx, acc account.Account, c *Connection) error {
		if c.State != Enforced {
			return nil
		}
		c.State = Enabled
		c.EnforcedAt = nil
		c.Version++
		if err := tx.Settle(db.TaskNoAdminReachable, c.ID, "passwords let people in"); err != nil {
			return err
		}
		return account.Audit(tx, acc.ID, c.entry("connection.enforcement_lifted"))
	})
}

// LiftEnforcement is Relax in an operator's name, with a reason (S49): for a company whose
// identity provider does not work, and whose break-glass administrator is not there.
func (s *SSO) LiftEnforcement(ctx context.Context, id, reason string) (Connection, error) {
	var c Connection
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if !tx.Scope.System || !tx.Scope.Actor.Role.IsOperator() {
			return db.NotFound()
		}
		if err := rules.CheckReason(reason); err != nil {
			return err
		}
		c = Connection{}
		if err := tx.ForUpdate().First(&c, "id = ?", id).Error; err != nil {
			return db.Found(err)
		}
		if c.State != Enforced {
			return nil
		}
		c.State = Enabled
		c.EnforcedAt = nil
		err := tx.Model(&Connection{}).Where("id = ?", c.ID).Updates(map[string]any{
			"state":       Enabled,
			"enforced_at": nil,
			"version":     c.Version + 1,
		}).Error
		if err != nil {
			return err
		}
		err = tx.Settle(db.TaskNoAdminReachable, c.ID, "passwords let people in")
		if err != nil {
			return err
		}
		e := c.entry("connection.enforcement_lifted")
		e.Details = db.WithReason(reason, e.Details)
		return account.Audit(tx, c.AccountID, e)
	})
	return c, err
}

// UsedBreakGlass notes that a person came in by password where their organisation enforces its
// own sign-in: in the activity of the account, and by a mail to who looks after the sign-in, the
// person too. Of anybody else it notes nothing.
func (s *SSO) UsedBreakGlass(ctx context.Context, userID string) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		var used []BreakGlass
		err := tx.Where("user_id = ?", userID).
			Where(`org_id IN (SELECT c.org_id FROM sso_connections c WHERE c.state = ?)`, Enforced).
			Order("org_id").Find(&used).Error
		if err != nil {
			return err
		}
		if len(used) == 0 {
			return nil
		}
		var u identity.User
		if err := tx.First(&u, "id = ?", userID).Error; err != nil {
			return db.Found(err)
		}

		now := db.RealNow()
		for _, b := range used {
			err := tx.Model(&BreakGlass{}).
				Where("org_id = ? AND user_id = ?", b.OrgID, b.UserID).
				Update("used_at", now).Error
			if err != nil {
				return err
			}
			err = tellCaretakers(tx, b.OrgID, b.AccountID, now, notification.Notification{
				SubjectID: userID + "/" + b.OrgID,
				Epoch:     now.UTC().Format(time.RFC3339Nano), // it may happen again
				Params: map[string]any{
					"what":   "BREAK_GLASS",
					"person": u.Name,
				},
			})
			if err != nil {
				return err
			}
			err = account.Audit(tx.ActingAs(userID, "USER"), b.AccountID,
				db.Entry{Verb: "break_glass.used", ObjectID: userID})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Shown is an organisation's own sign-in as an operator sees it.
type Shown struct {
	Settings
	BreakGlass []NamedBreakGlass
	Came       map[string]time.Time // last sign-in by a connection
}

// ShowTo reads the sign-in of an account's organisation for an operator.
func (s *SSO) ShowTo(ctx context.Context, accountID string) (Shown, error) {
	out := Shown{}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if !tx.Scope.System || !tx.Scope.Actor.Role.IsOperator() {
			return db.NotFound()
		}
		out = Shown{Came: map[string]time.Time{}}
		var acc account.Account
		if err := tx.First(&acc, "id = ?", accountID).Error; err != nil {
			return db.Found(err)
		}
		err := tx.Where("org_id = ? AND state <> ?", acc.ParentOrgID, Off).
			Order("id").Find(&out.Connections).Error
		if err != nil {
			return err
		}
		err = tx.Where("org_id = ?", acc.ParentOrgID).Order("domain").Find(&out.Domains).Error
		if err != nil {
			return err
		}
		if out.BreakGlass, err = breakGlass(tx, acc.ParentOrgID); err != nil {
			return err
		}
		for _, c := range out.Connections {
			var last []identity.Identity
			err := tx.Where("connection_id = ?", c.ID).Order("last_seen_at DESC").Limit(1).
				Find(&last).Error
			if err != nil {
				return err
			}
			for _, i := range last {
				out.Came[c.ID] = i.LastSeenAt
			}
		}
		return nil
	})
	return out, err
}
