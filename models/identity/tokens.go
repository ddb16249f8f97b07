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
// unknown organisation answers NOT_FOUND.
func (s *People) CreateToken(ctx context.Context, n NewToken) (APIToken, string, error) {
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
		ExpiresAt: n.ExpiresAt.UTC(),
	}

	if n.AccountID != "" {
		t.AccountID = &n.AccountID
	}

	err := s.db.Write(ctx, func(tx *db.Tx) error {
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
		return tx.Audit(t.OrgID, nil, false, created)
	})

	return t, secret, err
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

		return tx.Audit(t.OrgID, nil, false,
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
