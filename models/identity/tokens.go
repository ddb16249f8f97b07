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
	Org       account.Org `gorm:"foreignKey:OrgID"`
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
}

// CreateToken makes a token and returns its secret, which is shown only here. An
// unknown organisation answers NOT_FOUND; a role that may not make such a token answers
// FORBIDDEN (rules.MayMakeToken).
func (s *People) CreateToken(ctx context.Context, n NewToken) (APIToken, string, error) {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return APIToken{}, "", err
	}
	if err := rules.MayMakeToken(scope.Actor.Role, n.Role); err != nil {
		return APIToken{}, "", err
	}

	secret := newTokenSecret()
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

	err = s.db.Write(ctx, func(tx *db.Tx) error {
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

// NewOwnToken is a token that an administrator makes for the account.
type NewOwnToken struct {
	AccountID string
	Role      rules.Role // of a customer
	Label     string
	Scopes    []string
	ExpiresAt time.Time
}

// CreateOwnToken makes a token for an account of the caller, who is its administrator. Any
// other account answers NOT_FOUND, any other role FORBIDDEN.
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
			accountID, db.RealNow()).Order("id DESC").Limit(200).Find(&out).Error
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
	if db.Text(t.AccountID) != accountID {
		return db.NotFound()
	}

	return s.RevokeToken(ctx, id)
}

func newTokenSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	return "rct_" + base64.RawURLEncoding.EncodeToString(b)
}

// ErrBadToken is the one answer for a token that is unknown, expired or
// revoked.
var ErrBadToken = errors.New("models: the token is unknown, expired or revoked")

// TokenBySecret finds the live token and its organisation, or answers ErrBadToken.
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
	return t, nil
}

// MoveTokens hands the tokens of accounts over to the parent that the accounts move
// to.
func MoveTokens(tx *db.Tx, accountIDs []string, to string) error {
	for some := range db.Batches(accountIDs, 1000) {
		err := tx.Model(&APIToken{}).Where("account_id IN ?", some).Update("org_id", to).Error
		if err != nil {
			return err
		}
	}

	return nil
}

// revokeTokensOf ends the account's tokens that a member made who is its administrator no
// more, and returns how many. They would let the person in for as long as they live.
func revokeTokensOf(tx *db.Tx, m Membership) (int64, error) {
	res := tx.Model(&APIToken{}).
		Where("account_id = ? AND created_by = ? AND revoked_at IS NULL", m.AccountID, m.UserID).
		Update("revoked_at", db.RealNow())
	return res.RowsAffected, res.Error
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
