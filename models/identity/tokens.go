package identity

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// APIToken lets a machine call the API for an organisation. Only the hash is
// stored; Prefix is what a person recognises it by.
type APIToken struct {
	ID        string
	OrgID     string
	Role      rules.Role
	AccountID *string // a customer's token acts for this account only
	Label     string
	Prefix    string
	Hash      string
	Scopes    string // space separated
	CreatedAt time.Time
	CreatedBy string    // user or token; empty for what the command line made
	ExpiresAt time.Time // real time
	RevokedAt *time.Time
	OnceKey   *string // names the form that made it; nil: none did

	// Of a partner's token: by which delegation it acts for its account. Delegated is how, at the
	// instant of the request; see TokenBySecret.
	DelegationID *string
	Delegated    *Delegated `gorm:"-"`

	Org account.Org `gorm:"foreignKey:OrgID"`
}

// TableName is the table of tokens.
func (APIToken) TableName() string { return "api_tokens" }

// HasScope reports whether the token carries the scope.
func (t APIToken) HasScope(scope string) bool {
	return slices.Contains(strings.Fields(t.Scopes), scope)
}

// NewToken is what a token is made of.
type NewToken struct {
	OrgID     string
	Role      rules.Role
	AccountID string // customers only
	Label     string
	Scopes    []string
	ExpiresAt time.Time
	// Once names the request, where the caller may send it again: the same one again,
	// within TokenAgainFor, answers with its token and secret. Empty: not named.
	Once string
}

// TokenAgainFor is how long the request that made a token is answered with its secret again.
const TokenAgainFor = 10 * time.Minute

// onceName is the request by who sends it and what it asks for: another label, or another
// owner, under the same name is another request. The account stands for its organization, which
// changes when the account moves. It is stored as its hash only, since the token's secret is
// derived from it.
func (n NewToken) onceName(actor db.Actor) string {
	if n.Once == "" {
		return ""
	}
	owner := n.AccountID
	if owner == "" {
		owner = n.OrgID
	}
	return strings.Join([]string{actor.Requester(), owner, string(n.Role), n.Label, n.Once}, "\n")
}

// CreateToken makes a token and returns its secret, which is shown only here. An
// unknown organisation answers NOT_FOUND; a role that may not make such a token answers
// FORBIDDEN (rules.MayMakeToken); the request of a token that was made longer than
// TokenAgainFor ago, or that has ended, answers STATE_CONFLICT.
func (s *People) CreateToken(ctx context.Context, n NewToken) (APIToken, string, error) {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return APIToken{}, "", err
	}
	if err := rules.MayMakeToken(scope.Actor.Role, n.Role); err != nil {
		return APIToken{}, "", err
	}

	name := n.onceName(scope.Actor)
	secret := tokenPrefix + s.db.Secrets().APIToken(name)
	if name == "" {
		secret = newTokenSecret()
	}

	t := APIToken{
		ID:        db.NewID(db.PrefixToken),
		OrgID:     n.OrgID,
		Role:      n.Role,
		Label:     n.Label,
		Prefix:    secret[:10],
		Hash:      db.HashSecret(secret),
		Scopes:    strings.Join(n.Scopes, " "),
		CreatedAt: db.RealNow(),
		CreatedBy: scope.Actor.ID,
		ExpiresAt: n.ExpiresAt.UTC(),
	}

	if n.AccountID != "" {
		t.AccountID = &n.AccountID
	}
	if name != "" {
		key := db.HashSecret(name)
		t.OnceKey = &key
	}

	err = s.db.Write(ctx, func(tx *db.Tx) error {
		before, found, err := tokenMadeBy(tx, t.OnceKey)
		if err != nil || found {
			t = before
			return err
		}

		if err := lockMaker(tx, scope.Actor.ID, n.Role); err != nil {
			return err
		}
		if err := db.Found(tx.First(&t.Org, "id = ?", n.OrgID).Error); err != nil {
			return err
		}
		if err := tx.Omit("Org").Create(&t).Error; err != nil {
			return err
		}

		created := db.Entry{
			Verb:     "token.created",
			ObjectID: t.ID,
			Details: map[string]any{
				"role":       t.Role,
				"scopes":     t.Scopes,
				"expires_at": t.ExpiresAt,
			},
		}
		return tx.Audit(t.OrgID, t.AccountID, false, created)
	})

	return t, secret, err
}

// tokenMadeBy finds the token that the same request made before.
func tokenMadeBy(tx *db.Tx, onceKey *string) (t APIToken, found bool, err error) {
	if onceKey == nil {
		return t, false, nil
	}

	err = tx.First(&t, "once_key = ?", *onceKey).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return t, false, nil
	case err != nil:
		return t, false, err
	case t.RevokedAt != nil || !db.RealNow().Before(t.CreatedAt.Add(TokenAgainFor)):
		return t, true, rules.Refuse(rules.StateConflict, "This request made a token before.",
			"Use that token, or ask for another one.")
	}
	return t, true, nil
}

// NewOwnToken is a token that an administrator makes for the account.
type NewOwnToken struct {
	AccountID string
	Role      rules.Role // of a customer
	Label     string
	Scopes    []string
	ExpiresAt time.Time
	Once      string // see NewToken
}

// CreateOwnToken makes a token for an account of the caller, who is its administrator. Any
// other account answers NOT_FOUND, any other role FORBIDDEN; see CreateToken for the rest.
func (s *People) CreateOwnToken(
	ctx context.Context, n NewOwnToken,
) (APIToken, string, error) {
	scope, err := ownAccount(ctx, n.AccountID)
	if err != nil {
		return APIToken{}, "", err
	}
	if err := rules.Invalid(rules.CheckLine("/label", n.Label, MaxTokenLabel)); err != nil {
		return APIToken{}, "", err
	}

	var acc account.Account
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		return db.Found(tx.First(&acc, "id = ?", n.AccountID).Error)
	})
	if err != nil {
		return APIToken{}, "", err
	}

	// Tokens belong to the organisation, which is beyond the fence of one account.
	scope.System = true
	return s.CreateToken(db.WithScope(ctx, scope), NewToken{
		OrgID:     acc.ParentOrgID,
		Role:      n.Role,
		AccountID: n.AccountID,
		Label:     n.Label,
		Scopes:    n.Scopes,
		ExpiresAt: n.ExpiresAt,
		Once:      n.Once,
	})
}

// MaxTokenLabel is how many characters the label of a token may have.
const MaxTokenLabel = 100

// ownAccount returns the caller's scope, whose administrator's role in the account the
// caller has.
func ownAccount(ctx context.Context, accountID string) (db.Scope, error) {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return scope, err
	}
	if scope.System || !scope.Sees(accountID) {
		return scope, db.NotFound()
	}
	if scope.Actor.Role != rules.CustomerAdmin {
		return scope, rules.MayManageUsers(rules.CustomerReadOnly, rules.ActChangeRole)
	}
	return scope, nil
}

// OwnTokens lists the tokens of an account that still work, newest first, for its
// administrators.
func (s *People) OwnTokens(ctx context.Context, accountID string) ([]APIToken, error) {
	if _, err := ownAccount(ctx, accountID); err != nil {
		return nil, err
	}

	var out []APIToken
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Where("account_id = ? AND revoked_at IS NULL AND expires_at > ?",
			accountID, db.RealNow()).
			Where("delegation_id IS NULL").
			Order("id DESC").
			Limit(200).
			Find(&out).Error
	})
	return out, err
}

// RevokeOwnToken ends a token of an account at once; again it changes nothing. A token of
// another account answers NOT_FOUND.
func (s *People) RevokeOwnToken(ctx context.Context, accountID, id string) error {
	scope, err := ownAccount(ctx, accountID)
	if err != nil {
		return err
	}

	scope.System = true
	ctx = db.WithScope(ctx, scope)
	t, err := s.GetToken(ctx, id)
	if err != nil {
		return err
	}
	if db.Text(t.AccountID) != accountID || t.DelegationID != nil {
		return db.NotFound()
	}

	return s.RevokeToken(ctx, id)
}

// tokenPrefix begins every token, so that one that leaks is recognised.
const tokenPrefix = "rct_"

func newTokenSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(b)
}

// ErrBadToken is the one answer for a token that is unknown, expired or
// revoked.
var ErrBadToken = errors.New("models: the token is unknown, expired or revoked")

// TokenBySecret finds the live token and its organisation, or answers ErrBadToken. One of a
// partner comes with its delegation, as the rows have it now (R41d).
func (s *People) TokenBySecret(ctx context.Context, secret string) (APIToken, error) {
	var t APIToken
	err := s.db.Single(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Joins("Org").First(&t, "hash = ?", db.HashSecret(secret)).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return APIToken{}, ErrBadToken
	}
	if err != nil {
		return t, err
	}

	if t.RevokedAt != nil || !db.RealNow().Before(t.ExpiresAt) {
		return APIToken{}, ErrBadToken
	}
	err = s.readDelegated(ctx, &t)
	return t, err
}

// MoveTokens hands the tokens of accounts over to the parent that the accounts move
// to.
func MoveTokens(tx *db.Tx, accountIDs []string, to string) error {
	for some := range db.Batches(accountIDs, 1000) {
		err := tx.Model(&APIToken{}).
			Where("account_id IN ? AND delegation_id IS NULL", some).
			Update("org_id", to).Error
		if err != nil {
			return err
		}
	}

	return nil
}

// revokeTokensOf ends the tokens that a member made who is the account's administrator no more,
// and returns how many. They would let the person in for as long as they live; those that act for
// a partner's customers would wake when the person comes back.
func revokeTokensOf(tx *db.Tx, m Membership) (n int64, err error) {
	err = tx.BeyondFence(func(tx *db.Tx) error {
		var ending []APIToken
		err := db.ForUpdate(liveTokensOf(tx, m)).Order("account_id, id").Find(&ending).Error
		if err != nil || len(ending) == 0 {
			return err
		}
		ids := db.IdsOf(ending, func(t APIToken) string { return t.ID })
		res := tx.Model(&APIToken{}).Where("id IN ?", ids).Update("revoked_at", db.RealNow())
		if res.Error != nil {
			return res.Error
		}
		n = res.RowsAffected

		for _, t := range ending {
			if t.DelegationID == nil { // the change of the membership tells of those
				continue
			}
			err := account.Audit(tx, *t.AccountID, db.Entry{
				Verb:     "token.revoked",
				ObjectID: t.ID,
				Details:  map[string]any{"with": m.ID},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// liveTokensOf are the tokens that a member made by this membership and nobody has revoked: the
// account's, and, where it has the people of a partner, those for the partner's customers.
func liveTokensOf(tx *db.Tx, m Membership) *gorm.DB {
	return tx.Model(&APIToken{}).
		Where("created_by = ? AND revoked_at IS NULL", m.UserID).
		Where(`(delegation_id IS NULL AND account_id = ? OR delegation_id IN (
			SELECT d.id FROM delegations d JOIN partners p ON p.org_id = d.partner_org_id
			WHERE p.account_id = ?))`, m.AccountID, m.AccountID)
}

// RevokeToken ends a token at once; again it changes nothing.
func (s *People) RevokeToken(ctx context.Context, id string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		var t APIToken
		if err := db.Found(tx.First(&t, "id = ?", id).Error); err != nil {
			return err
		}

		if t.RevokedAt != nil {
			return nil
		}

		err := tx.Model(&APIToken{}).Where("id = ?", id).Update("revoked_at", db.RealNow()).Error
		if err != nil {
			return err
		}

		return tx.Audit(t.OrgID, t.AccountID, false,
			db.Entry{Verb: "token.revoked", ObjectID: t.ID, Details: nil})
	})
}

// ListTokens lists the tokens in scope, newest first.
func (s *People) ListTokens(ctx context.Context, page db.Page) ([]APIToken, string, error) {
	var out []APIToken
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.DB
		if !tx.Scope.System {
			q = q.Where("org_id = ?", tx.Scope.OrgID)
		}
		return page.Apply(q).Find(&out).Error
	})

	out, next := db.Cut(page, out, func(t APIToken) string { return t.ID })
	return out, next, err
}

// GetToken reads one API token by its id.
func (s *People) GetToken(ctx context.Context, id string) (APIToken, error) {
	var t APIToken
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if !tx.Scope.System {
			return db.NotFound()
		}
		return db.Found(tx.First(&t, "id = ?", id).Error)
	})
	return t, err
}
