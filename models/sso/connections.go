package sso

import (
	"context"
	"crypto/rand"
	"errors"
	"regexp"
	"strings"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// purposeSecret keeps clients' secrets apart from what else is encrypted.
const purposeSecret = "sso client secret"

// Encrypted are the columns of clients' secrets. What a sign-in under way keeps lasts minutes.
func Encrypted() []db.Encrypted {
	return []db.Encrypted{
		{Table: Connection{}.TableName(), Column: "secret", Purpose: purposeSecret, OfRow: true},
	}
}

// SecretOf returns the client's secret of a connection; ok is false where none can be read.
func (s *SSO) SecretOf(c Connection) (secret string, ok bool) {
	return s.db.Secrets().Decrypt(purposeSecret+c.ID, c.Secret)
}

// manage calls fn in a transaction of the service, once the caller is known to be an
// administrator of the account and one who looks after its organisation's sign-in. An account
// that is not the caller's answers NOT_FOUND, another role FORBIDDEN.
//
// Accounts of one organisation need not know each other (S60): where one has set a sign-in up,
// only its administrators change it, and those whose address is in a domain that is proved for
// it. Everybody else is answered SSO_ELSEWHERE: they would sign in the others' people.
func (s *SSO) manage(
	ctx context.Context, accountID string, fn func(*db.Tx, account.Account) error,
) error {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return err
	}
	if scope.System || !scope.Sees(accountID) {
		return db.NotFound()
	}
	if scope.Actor.Role != rules.CustomerAdmin {
		return rules.MayManageUsers(rules.CustomerReadOnly, rules.ActChangeRole)
	}

	scope.System = true
	return s.db.Write(db.WithScope(ctx, scope), func(tx *db.Tx) error {
		// The organisation is locked too: two of its accounts that set a sign-in up at once would
		// each find that nobody else does.
		acc, err := account.LockWithParent(tx, accountID)
		if err != nil {
			return err
		}
		may, err := looksAfter(tx, acc)
		if err != nil {
			return err
		}
		if !may {
			return rules.Refuse(Elsewhere,
				"Another account of your organization looks after its sign-in.",
				"Ask its administrator, or write to us.")
		}
		return fn(tx, acc)
	})
}

// looksAfter reports whether the actor, an administrator of the account, looks after the sign-in
// of the account's organisation.
func looksAfter(tx *db.Tx, acc account.Account) (bool, error) {
	var others int64
	err := tx.Raw(`
		SELECT count(*) FROM (
			SELECT account_id FROM sso_connections WHERE org_id = ? AND state <> ?
			UNION
			SELECT account_id FROM sso_domains WHERE org_id = ?
		) s
		WHERE s.account_id <> ?`,
		acc.ParentOrgID, Off, acc.ParentOrgID, acc.ID).Scan(&others).Error
	if err != nil || others == 0 {
		return err == nil, err
	}

	var own int64
	err = tx.Raw(`
		SELECT count(*) FROM sso_connections
		WHERE org_id = ? AND state <> ? AND account_id = ?`,
		acc.ParentOrgID, Off, acc.ID).Scan(&own).Error
	if err != nil || own > 0 {
		return own > 0, err
	}

	var u identity.User
	if err := tx.Limit(1).Find(&u, "id = ?", tx.Scope.Actor.ID).Error; err != nil {
		return false, err
	}
	return DomainProved(tx, acc.ParentOrgID, u.Email)
}

// Settings are an organisation's sign-in as its administrator sees it.
type Settings struct {
	Connections []Connection // without those that are off, the latest last
	Domains     []Domain     // by name
}

// Proved reports whether a domain is proved and signs people in.
func (s Settings) Proved() bool {
	for _, d := range s.Domains {
		if d.Counts(db.RealNow()) {
			return true
		}
	}
	return false
}

// SettingsOf reads the sign-in of an account's organisation, for who looks after it; see manage.
func (s *SSO) SettingsOf(ctx context.Context, accountID string) (Settings, error) {
	var out Settings
	err := s.manage(ctx, accountID, func(tx *db.Tx, acc account.Account) error {
		out = Settings{}
		err := tx.Where("org_id = ? AND state <> ?", acc.ParentOrgID, Off).
			Order("id").Find(&out.Connections).Error
		if err != nil {
			return err
		}
		return tx.Where("org_id = ?", acc.ParentOrgID).
			Order("domain").Find(&out.Domains).Error
	})
	return out, err
}

// mostConnections is how many connections an organisation has at once.
const mostConnections = 5

var notOfSlug = regexp.MustCompile("[^a-z0-9]+")

// newSlug makes the end of a direct link from a company's name. Its random part keeps strangers
// from reading by guesses who is a customer.
func newSlug(name string) string {
	slug := strings.Trim(notOfSlug.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if len(slug) > 30 {
		slug = strings.Trim(slug[:30], "-")
	}
	return strings.TrimPrefix(slug+"-"+strings.ToLower(rand.Text()[:10]), "-")
}

// Draft begins a connection for the organisation of an account. A draft of the kind that is there
// already is returned instead.
func (s *SSO) Draft(ctx context.Context, accountID string, kind Kind) (Connection, error) {
	var c Connection
	err := s.manage(ctx, accountID, func(tx *db.Tx, acc account.Account) error {
		var all []Connection
		err := tx.Find(&all, "org_id = ? AND state <> ?", acc.ParentOrgID, Off).Error
		if err != nil {
			return err
		}
		for _, c = range all {
			if c.State == Draft && c.Kind == kind {
				return nil
			}
		}
		if len(all) >= mostConnections {
			return rules.Refuse(rules.StateConflict, "There are too many connections.",
				"Switch one off that is not needed.")
		}

		now := tx.Now()
		c = Connection{
			ID:        db.NewID(db.PrefixConnection),
			OrgID:     acc.ParentOrgID,
			AccountID: acc.ID,
			Kind:      kind,
			State:     Draft,
			Slug:      newSlug(acc.LegalName),
			ChangedAt: db.RealNow(),
			CreatedBy: tx.Scope.Actor.ID,
			CreatedAt: now,
			Version:   1,
		}
		if err := tx.Create(&c).Error; err != nil {
			return err
		}
		return account.Audit(tx, acc.ID, c.entry("connection.drafted"))
	})
	return c, err
}

func (c Connection) entry(verb string) db.Entry {
	return db.Entry{
		Verb:     verb,
		ObjectID: c.ID,
		Details:  map[string]any{"kind": c.Kind, "state": c.State, "issuer": c.Issuer},
	}
}

// change changes a connection of the account's organisation under its lock.
func (s *SSO) change(
	ctx context.Context, accountID, id string,
	fn func(tx *db.Tx, acc account.Account, c *Connection) error,
) (Connection, error) {
	var c Connection
	err := s.manage(ctx, accountID, func(tx *db.Tx, acc account.Account) error {
		c = Connection{}
		err := tx.ForUpdate().
			First(&c, "id = ? AND org_id = ? AND state <> ?", id, acc.ParentOrgID, Off).Error
		if err != nil {
			return db.Found(err)
		}
		before := c.Version
		if err := fn(tx, acc, &c); err != nil {
			return err
		}
		if c.Version == before {
			return nil
		}
		return tx.Model(&Connection{}).Where("id = ?", c.ID).
			Select("*").Omit("id", "org_id", "account_id", "created_at", "created_by").
			Updates(&c).Error
	})
	return c, err
}

// Provider is what an administrator types about an OIDC provider.
type Provider struct {
	Issuer, ClientID string
	Secret           string // empty: the one that is there stays
}

// Configure stores what a connection by OIDC needs. One that lets people in is not changed under
// them: STATE_CONFLICT; whoever changes the provider makes another draft. The issuer is checked
// by whoever asks it, see sso/oidc.
func (s *SSO) Configure(
	ctx context.Context, accountID, id string, p Provider,
) (Connection, error) {
	return s.change(ctx, accountID, id, func(tx *db.Tx, acc account.Account, c *Connection) error {
		if c.State != Draft || c.Kind != OIDC {
			return rules.Refuse(rules.StateConflict, "This connection is in use.",
				"Make another one beside it, and switch over once it has been tried.")
		}

		another := c.Issuer != p.Issuer || c.ClientID != p.ClientID
		if another && c.Issuer != "" && p.Secret == "" && c.Issuer != p.Issuer {
			// A secret is not sent to another address than the one that it was typed for.
			c.Secret = ""
		}
		if !another && p.Secret == "" {
			return nil
		}
		c.Issuer = p.Issuer
		c.ClientID = p.ClientID
		if p.Secret != "" {
			c.Secret = tx.Secrets().Encrypt(purposeSecret+c.ID, p.Secret)
		}
		c.ChangedAt = db.RealNow()
		c.Version++
		return account.Audit(tx, acc.ID, c.entry("connection.changed"))
	})
}

// Rehearsed records that an administrator has signed in by the connection to try it, and was whom
// it has to let in.
func (s *SSO) Rehearsed(ctx context.Context, accountID, id string, begun Connection) error {
	_, err := s.change(ctx, accountID, id, func(
		tx *db.Tx, acc account.Account, c *Connection,
	) error {
		if c.Version != begun.Version {
			return nil // what was tried is not what there is now
		}
		now := db.RealNow()
		c.RehearsedAt = &now
		c.RehearsedBy = &tx.Scope.Actor.ID
		return tx.Model(&Connection{}).Where("id = ?", c.ID).
			Select("rehearsed_at", "rehearsed_by").Updates(c).Error
	})
	return err
}

// Enable lets people in by a connection, beside their passwords. It needs to be complete
// (SSO_INCOMPLETE), tried as it is (SSO_NOT_REHEARSED), and a proved domain (SSO_DOMAIN_UNPROVED).
// Another one that let people in is switched off with it. Again it changes nothing.
func (s *SSO) Enable(ctx context.Context, accountID, id string) (Connection, error) {
	return s.change(ctx, accountID, id, func(tx *db.Tx, acc account.Account, c *Connection) error {
		if c.State.Live() {
			return nil
		}
		var proved int64
		err := tx.Model(&Domain{}).
			Where("org_id = ?", c.OrgID).Where(counts, stillCounts()).Count(&proved).Error
		switch {
		case err != nil:
			return err
		case !c.Complete():
			return rules.Refuse(Incomplete, "The connection is not complete.",
				"Type what it needs first.")
		case proved == 0:
			return rules.Refuse(DomainUnproved, "No mail domain is proved.",
				"Prove one first: only its people are signed in.")
		case !c.Rehearsed():
			return rules.Refuse(Unrehearsed, "Nobody has tried the connection as it is.",
				"Try it first.")
		}

		var live []Connection
		err = tx.ForUpdate().Find(&live, "org_id = ? AND state IN ?", c.OrgID,
			[]State{Enabled, Enforced}).Error
		if err != nil {
			return err
		}
		for _, other := range live {
			if other.State == Enforced {
				return rules.Refuse(rules.StateConflict,
					"Another connection is the only way in.",
					"Let people sign in by password again first, then switch over.")
			}
			if err := switchOff(tx, acc.ID, other, nil); err != nil {
				return err
			}
		}

		c.State = Enabled
		c.Version++
		return account.Audit(tx, acc.ID, c.entry("connection.enabled"))
	})
}

// TurnOff lets nobody in by a connection any more, and ends the sessions that began by it.
// Passwords work on; who has none chooses one by the link of a mail. Again it answers NOT_FOUND.
func (s *SSO) TurnOff(ctx context.Context, accountID, id string) error {
	return s.manage(ctx, accountID, func(tx *db.Tx, acc account.Account) error {
		var c Connection
		err := tx.ForUpdate().
			First(&c, "id = ? AND org_id = ? AND state <> ?", id, acc.ParentOrgID, Off).Error
		if err != nil {
			return db.Found(err)
		}
		return switchOff(tx, acc.ID, c, nil)
	})
}

// switchOff ends a connection with the sessions that began by it, and forgets its secret.
func switchOff(tx *db.Tx, accountID string, c Connection, details map[string]any) error {
	c.State = Off
	err := tx.Model(&Connection{}).Where("id = ?", c.ID).Updates(map[string]any{
		"state":   Off,
		"secret":  "",
		"version": gorm.Expr("version + 1"),
	}).Error
	if err != nil {
		return err
	}

	ended, err := identity.EndSessionsBy(tx, c.ID)
	if err != nil {
		return err
	}
	if err := tx.Delete(&Pending{}, "connection_id = ?", c.ID).Error; err != nil {
		return err
	}
	if err := certificateSettled(tx, c.ID); err != nil {
		return err
	}

	e := c.entry("connection.off")
	e.Details["sessions_ended"] = ended
	for name, value := range details {
		e.Details[name] = value
	}
	return account.Audit(tx, accountID, e)
}

// LiveBySlug finds the connection of a direct link. An unknown one, and one that signs nobody in,
// answer SSO_OFF.
func (s *SSO) LiveBySlug(ctx context.Context, slug string) (Connection, error) {
	return s.live(ctx, "slug = ?", slug)
}

// LiveFor finds the connection that signs in people of an address's domain; SSO_OFF for none.
func (s *SSO) LiveFor(ctx context.Context, address string) (Connection, error) {
	return s.live(ctx, `org_id = (
		SELECT org_id FROM sso_domains WHERE domain = ? AND `+counts+`)`,
		rules.EmailDomain(address), stillCounts())
}

// AnyLive reports whether any organisation has its own sign-in.
func (s *SSO) AnyLive(ctx context.Context) (any bool, err error) {
	err = s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		var one []string
		err := tx.Model(&Connection{}).Where("state IN ?", []State{Enabled, Enforced}).
			Limit(1).Pluck("id", &one).Error
		any = len(one) > 0
		return err
	})
	return any, err
}

// LiveByID finds a connection that signs people in; SSO_OFF for any other.
func (s *SSO) LiveByID(ctx context.Context, id string) (Connection, error) {
	return s.live(ctx, "id = ?", id)
}

func (s *SSO) live(ctx context.Context, where string, args ...any) (Connection, error) {
	var c Connection
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Where("state IN ?", []State{Enabled, Enforced}).
			Where(where, args...).First(&c).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = notLive()
	}
	return c, err
}

// Get reads a connection of an account's organisation, for who looks after it.
func (s *SSO) Get(ctx context.Context, accountID, id string) (Connection, error) {
	return s.change(ctx, accountID, id,
		func(*db.Tx, account.Account, *Connection) error { return nil })
}

// Move hands what accounts have set up over to the organisation that they move to. What is there
// already stays as it is: a connection that would let people in beside that organisation's own is
// switched off, and a domain that it has claimed itself is given up. None arrives as the only way
// in: nobody has asked who would be locked out there (S49). Where the organisation enforces its
// own sign-in, whoever arrives has an address in a domain that it has proved: SSO_OUTSIDERS.
func Move(tx *db.Tx, accountIDs []string, to string) error {
	for some := range db.Batches(accountIDs, 1000) {
		if err := mayArrive(tx, some, to); err != nil {
			return err
		}
		var moving []Connection
		err := tx.ForUpdate().Order("id").
			Find(&moving, "account_id IN ? AND org_id <> ?", some, to).Error
		if err != nil {
			return err
		}
		for _, c := range moving {
			var live int64
			err := tx.Model(&Connection{}).Where("org_id = ? AND state IN ?", to,
				[]State{Enabled, Enforced}).Count(&live).Error
			if err != nil {
				return err
			}
			if c.State.Live() && live > 0 {
				if err := switchOff(tx, c.AccountID, c, map[string]any{"moved": to}); err != nil {
					return err
				}
			}
			err = tx.Model(&Connection{}).Where("id = ?", c.ID).Update("org_id", to).Error
			if err != nil {
				return err
			}
			if c.State == Enforced && live == 0 {
				if err := relaxMoved(tx, c, to); err != nil {
					return err
				}
			}
		}
		if err := moveBreakGlass(tx, some, to); err != nil {
			return err
		}

		err = tx.Exec(`
			DELETE FROM sso_domains
			WHERE account_id IN ? AND org_id <> ?
				AND domain IN (SELECT d.domain FROM sso_domains d WHERE d.org_id = ?)`,
			some, to, to).Error
		if err != nil {
			return err
		}
		err = tx.Model(&Domain{}).Where("account_id IN ?", some).Update("org_id", to).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// mayArrive refuses to bring people under an enforced sign-in who could not sign in by it.
func mayArrive(tx *db.Tx, accountIDs []string, to string) error {
	var outside int64
	err := tx.Raw(`
		SELECT count(*) FROM memberships m
		JOIN accounts a ON a.id = m.account_id
		JOIN users u ON u.id = m.user_id
		WHERE m.account_id IN ? AND a.parent_org_id <> ?
			AND m.state = 'ACTIVE' AND m.blocked_at IS NULL
			AND EXISTS (SELECT 1 FROM sso_connections c WHERE c.org_id = ? AND c.state = ?)
			AND NOT EXISTS (
				SELECT 1 FROM sso_domains d
				WHERE d.org_id = ? AND `+counts+` AND u.email LIKE '%@' || d.domain)
			AND NOT EXISTS (
				SELECT 1 FROM sso_break_glass b WHERE b.org_id = ? AND b.user_id = m.user_id)`,
		accountIDs, to, to, Enforced, to, stillCounts(), to).Scan(&outside).Error
	if err == nil && outside > 0 {
		err = lockedOut()
	}
	return err
}

// Arrived ends the sessions by password of people whose accounts have come under an enforced
// sign-in, and open links for a new one.
func Arrived(tx *db.Tx, accountIDs []string) error {
	if len(accountIDs) == 0 {
		return nil
	}
	var acc account.Account
	if err := tx.First(&acc, "id = ?", accountIDs[0]).Error; err != nil {
		return db.Found(err)
	}
	enforced, err := identity.EnforcedOf(tx, acc.ID)
	if err != nil || !enforced {
		return err
	}
	_, err = identity.EndPasswordSessions(tx, acc.ParentOrgID)
	return err
}

// relaxMoved lets people sign in by password beside a connection that has moved.
func relaxMoved(tx *db.Tx, c Connection, to string) error {
	c.State = Enabled
	err := tx.Model(&Connection{}).Where("id = ?", c.ID).Updates(map[string]any{
		"state":       c.State,
		"enforced_at": nil,
		"version":     c.Version + 1,
	}).Error
	if err != nil {
		return err
	}
	if err := tx.Settle(db.TaskNoAdminReachable, c.ID, "passwords let people in"); err != nil {
		return err
	}
	e := c.entry("connection.enforcement_lifted")
	e.Details["moved"] = to
	return account.Audit(tx, c.AccountID, e)
}

// moveBreakGlass takes the break-glass administrators of accounts along; who is one there already
// stays so by the other account.
func moveBreakGlass(tx *db.Tx, accountIDs []string, to string) error {
	err := tx.Exec(`
		DELETE FROM sso_break_glass
		WHERE account_id IN ? AND org_id <> ?
			AND user_id IN (SELECT b.user_id FROM sso_break_glass b WHERE b.org_id = ?)`,
		accountIDs, to, to).Error
	if err != nil {
		return err
	}
	return tx.Exec("UPDATE sso_break_glass SET org_id = ? WHERE account_id IN ? AND org_id <> ?",
		to, accountIDs, to).Error
}
