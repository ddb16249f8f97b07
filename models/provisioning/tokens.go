package provisioning

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// Token lets a directory speak for an organisation. Only the hash is stored; Prefix is what a
// person recognises it by. Two live at a time, so that one can follow the other. It is the
// organisation's, not its maker's: it goes on when that person leaves, of whom the directory may
// say so itself, and who else would leave had access for ever. Its times are real time.
type Token struct {
	ID         string
	OrgID      string
	Place      int // 1 or 2
	Prefix     string
	Hash       string
	CreatedBy  string
	CreatedAt  time.Time
	LastUsedAt *time.Time
	RevokedAt  *time.Time
}

// TableName is the table of tokens of directories.
func (Token) TableName() string { return "scim_tokens" }

// NamedToken is a token with the name of who made it. MakerLeft reports that this person
// administers none of the organisation's accounts any more.
type NamedToken struct {
	Token
	Maker     string
	MakerLeft bool
}

// liveTokens are the tokens that work, oldest first.
func (h *house) liveTokens() (tokens []NamedToken, err error) {
	err = h.Table("scim_tokens AS t").
		Select(`t.*, COALESCE(u.name, '') AS maker, NOT EXISTS (
			SELECT 1 FROM memberships m
			WHERE m.user_id = t.created_by AND m.account_id IN ? AND m.role = ?
				AND m.state = ? AND m.blocked_at IS NULL) AS maker_left`,
			h.accounts, identity.RoleAdmin, rules.MembershipActive).
		Joins("LEFT JOIN users u ON u.id = t.created_by").
		Where("t.org_id = ? AND t.revoked_at IS NULL", h.orgID).
		Order("t.id").
		Scan(&tokens).Error
	return tokens, err
}

// SecretPrefix begins every token of a directory, so that one that leaks is recognised.
const SecretPrefix = "rcs_"

// CreateToken makes a token for the organisation of an account, whose administrator asks, and
// returns its secret, which is shown only here. The same request again, named by once, within
// identity.TokenAgainFor, answers with the same one. A third live token answers STATE_CONFLICT.
// With the first one everybody whom the directory names becomes a reader of the account, until
// the administrator says otherwise.
func (s *Provisioning) CreateToken(
	ctx context.Context, accountID, once string,
) (t Token, secret string, err error) {
	ctx, orgID, err := s.ownOrg(ctx, accountID)
	if err != nil {
		return t, "", err
	}

	err = s.change(ctx, orgID, func(h *house) error {
		if err := h.mayLead(); err != nil {
			return err
		}
		secret = SecretPrefix + h.Secrets().APIToken(
			strings.Join([]string{"scim", h.Scope.Actor.ID, orgID, once}, "\n"))

		err := h.First(&t, "hash = ?", db.HashSecret(secret)).Error
		switch {
		case err == nil && t.RevokedAt == nil &&
			db.RealNow().Before(t.CreatedAt.Add(identity.TokenAgainFor)):
			return nil
		case err == nil:
			return tokenConflict("This request made a token before.", "Ask for another one.")
		case !errors.Is(err, gorm.ErrRecordNotFound):
			return err
		}

		place, err := h.freePlace()
		if err != nil {
			return err
		}
		var earlier int64
		if err := h.Model(&Token{}).Where("org_id = ?", orgID).Count(&earlier).Error; err != nil {
			return err
		}

		t = Token{
			ID:        db.NewID(db.PrefixScimToken),
			OrgID:     orgID,
			Place:     place,
			Prefix:    secret[:10],
			Hash:      db.HashSecret(secret),
			CreatedBy: h.Scope.Actor.ID,
			CreatedAt: db.RealNow(),
		}
		if err := h.Create(&t).Error; err != nil {
			return err
		}
		if earlier == 0 {
			if err := h.addGrant(accountID, ""); err != nil {
				return err
			}
		}
		return h.auditEverywhere("directory.token_created", t.ID, nil)
	})
	return t, secret, err
}

// freePlace is the place of the next live token.
func (h *house) freePlace() (int, error) {
	var taken []int
	err := h.Model(&Token{}).Where("org_id = ? AND revoked_at IS NULL", h.orgID).
		Order("place").Pluck("place", &taken).Error
	switch {
	case err != nil:
		return 0, err
	case len(taken) == 2:
		return 0, tokenConflict("Two tokens are in use already.",
			"Revoke the one that is not needed any more.")
	case len(taken) == 1 && taken[0] == 1:
		return 2, nil
	}
	return 1, nil
}

func tokenConflict(message, remedy string) error {
	return rules.Refuse(rules.StateConflict, message, remedy)
}

// RevokeToken ends a token at once, for an administrator of one of the organisation's accounts;
// again it changes nothing. A token of another organisation answers NOT_FOUND.
func (s *Provisioning) RevokeToken(ctx context.Context, accountID, id string) error {
	ctx, orgID, err := s.ownOrg(ctx, accountID)
	if err != nil {
		return err
	}
	return s.change(ctx, orgID, func(h *house) error {
		if err := h.mayLead(); err != nil {
			return err
		}
		var t Token
		if err := h.First(&t, "org_id = ? AND id = ?", orgID, id).Error; err != nil {
			return db.Found(err)
		}
		if t.RevokedAt != nil {
			return nil
		}
		err := h.Model(&Token{}).Where("id = ?", id).Update("revoked_at", db.RealNow()).Error
		if err != nil {
			return err
		}
		return h.auditEverywhere("directory.token_revoked", t.ID, nil)
	})
}

// usedAgain is how exactly the last use of a token is known.
const usedAgain = time.Minute

// DirectoryBySecret finds who speaks with a live token, or answers identity.ErrBadToken.
func (s *Provisioning) DirectoryBySecret(ctx context.Context, secret string) (Directory, error) {
	var t Token
	if !strings.HasPrefix(secret, SecretPrefix) || len(secret) > 128 {
		return Directory{}, identity.ErrBadToken
	}
	ctx = db.WithSystem(ctx)
	err := s.db.Single(ctx, func(tx *db.Tx) error {
		return tx.First(&t, "hash = ? AND revoked_at IS NULL", db.HashSecret(secret)).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Directory{}, identity.ErrBadToken
	}
	if err != nil {
		return Directory{}, err
	}

	now := db.RealNow()
	if t.LastUsedAt == nil || now.Sub(*t.LastUsedAt) > usedAgain {
		err = s.db.Single(ctx, func(tx *db.Tx) error {
			return tx.Model(&Token{}).Where("id = ?", t.ID).Update("last_used_at", now).Error
		})
	}
	return Directory{OrgID: t.OrgID, TokenID: t.ID}, err
}
