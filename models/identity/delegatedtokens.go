package identity

import (
	"context"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// NewDelegatedToken is a token by which programs of a partner act for one of its customers.
type NewDelegatedToken struct {
	DelegationID string
	Role         rules.Role // of a partner
	Label        string
	ExpiresAt    time.Time
	Once         string // see NewToken
}

// CreateDelegatedToken makes a token that acts by a delegation to the partner whose people an
// account of the caller has, who administers it. It is good no longer than the delegation, and no
// longer than its maker may act by it; the customer sees it, by its name, and may end it. Another
// delegation answers NOT_FOUND, more than the maker may FORBIDDEN; see CreateToken for the rest.
func (s *People) CreateDelegatedToken(
	ctx context.Context, homeID string, n NewDelegatedToken,
) (APIToken, string, error) {
	scope, err := ownAccount(ctx, homeID)
	if err != nil {
		return APIToken{}, "", err
	}
	if err := rules.Invalid(rules.CheckLine("/label", n.Label, MaxTokenLabel)); err != nil {
		return APIToken{}, "", err
	}

	name := ""
	if n.Once != "" {
		name = strings.Join([]string{scope.Actor.ID, n.DelegationID, string(n.Role), n.Label,
			n.Once}, "\n")
	}
	secret := tokenPrefix + s.db.Secrets().APIToken(name)
	if name == "" {
		secret = newTokenSecret()
	}

	t := APIToken{
		ID:           db.NewID(db.PrefixToken),
		Role:         n.Role,
		DelegationID: &n.DelegationID,
		Label:        n.Label,
		Prefix:       secret[:10],
		Hash:         db.HashSecret(secret),
		Scopes:       strings.Join(rules.ScopesFor(n.Role), " "),
		CreatedAt:    db.RealNow(),
		CreatedBy:    scope.Actor.ID,
		ExpiresAt:    n.ExpiresAt.UTC(),
	}
	if name != "" {
		key := db.HashSecret(name)
		t.OnceKey = &key
	}

	err = s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		before, found, err := tokenMadeBy(tx, t.OnceKey)
		if err != nil || found {
			t = before
			return err
		}

		d, err := s.delegatedWhere(tx, scope.Actor.ID, "d.id = ?", n.DelegationID)
		if err != nil {
			return err
		}
		if d.Home != homeID {
			return db.NotFound()
		}
		if n.Role != rules.PartnerReadOnly && n.Role != d.Role() {
			return rules.Refuse(rules.Forbidden, "The token would do more than its maker may.",
				"Make one that reads.")
		}

		t.OrgID = d.PartnerOrgID
		t.AccountID = &d.AccountID
		if err := tx.Omit("Org").Create(&t).Error; err != nil {
			return err
		}
		return account.Audit(asPartner(tx, d.Delegation), d.AccountID, db.Entry{
			Verb:     "token.created",
			ObjectID: t.ID,
			Details: map[string]any{
				"role":       t.Role,
				"scopes":     t.Scopes,
				"expires_at": t.ExpiresAt,
			},
		})
	})
	return t, secret, err
}

// readDelegated reads by which delegation a partner's token acts at this instant. Without it, or
// once its maker may not act by it any more, the token is no good; it does no more than its maker
// may.
func (s *People) readDelegated(ctx context.Context, t *APIToken) error {
	if t.DelegationID == nil {
		return nil
	}
	var d Delegated
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) (err error) {
		d, err = s.delegatedWhere(tx, t.CreatedBy, "d.id = ?", *t.DelegationID)
		return err
	})
	if rules.CodeOf(err) == rules.NotFound || err == nil && d.AccountID != db.Text(t.AccountID) {
		return ErrBadToken
	}
	if err != nil {
		return err
	}
	if d.OwnRole != RoleAdmin { // who makes none any more has none
		return ErrBadToken
	}
	if t.Role == rules.PartnerAdmin {
		t.Role = d.Role()
	}
	t.Delegated = &d
	return nil
}

// DelegatedToken is a partner's token, as both sides read of it.
type DelegatedToken struct {
	APIToken
	Maker string // name of the person
}

// DelegatedTokensOf lists the tokens that act for an account in scope by a delegation and still
// work, newest first.
func (s *People) DelegatedTokensOf(
	ctx context.Context, accountID string,
) ([]DelegatedToken, error) {
	return s.delegatedTokens(ctx, accountID, "t.account_id = ?")
}

// TokensOfPartner lists those by which programs of the partner act whose people an account in
// scope has.
func (s *People) TokensOfPartner(ctx context.Context, homeID string) ([]DelegatedToken, error) {
	return s.delegatedTokens(ctx, homeID, "p.account_id = ?")
}

// mostDelegatedTokens is how many a list holds.
const mostDelegatedTokens = 500

func (s *People) delegatedTokens(
	ctx context.Context, accountID, where string,
) ([]DelegatedToken, error) {
	var out []DelegatedToken
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		out = nil
		if !tx.Scope.Sees(accountID) {
			return db.NotFound()
		}
		return liveDelegations(tx).
			Select("t.*, u.name AS maker").
			Joins("JOIN api_tokens t ON t.delegation_id = d.id").
			Joins("JOIN users u ON u.id = t.created_by").
			Where("t.revoked_at IS NULL AND t.expires_at > ?", db.RealNow()).
			Where(where, accountID).
			Order("t.id DESC").
			Limit(mostDelegatedTokens).
			Scan(&out).Error
	})
	return out, err
}

// RevokeDelegatedToken ends a token of a partner at once: an administrator of the partner does
// so, or one of the customer. Again it changes nothing; any other token answers NOT_FOUND.
func (s *People) RevokeDelegatedToken(
	ctx context.Context, accountID, id string,
) (ofPartner bool, err error) {
	if _, err := ownAccount(ctx, accountID); err != nil {
		return false, err
	}
	err = s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		var t APIToken
		err := tx.ForUpdate().First(&t, "id = ? AND delegation_id IS NOT NULL", id).Error
		if err != nil {
			return db.Found(err)
		}
		var d Delegation
		var p Partner
		err = tx.First(&d, "id = ?", *t.DelegationID).Error
		if err == nil {
			err = tx.First(&p, "org_id = ?", d.PartnerOrgID).Error
		}
		if err != nil {
			return err
		}

		by := tx
		switch accountID {
		case d.AccountID:
		case p.AccountID:
			by, ofPartner = asPartner(tx, d), true
		default:
			return db.NotFound()
		}
		if t.RevokedAt != nil {
			return nil
		}
		err = tx.Model(&APIToken{}).Where("id = ?", id).Update("revoked_at", db.RealNow()).Error
		if err != nil {
			return err
		}
		return account.Audit(by, d.AccountID, db.Entry{Verb: "token.revoked", ObjectID: id})
	})
	return ofPartner, err
}

// asPartner is the transaction as the audit of the customer has it: somebody of the partner, for
// the account (R41e).
func asPartner(tx *db.Tx, d Delegation) *db.Tx {
	scope := tx.Scope
	scope.Actor.Role = rules.PartnerAdmin
	scope.Actor.OrgID = d.PartnerOrgID
	scope.Actor.OnBehalfOf = d.AccountID
	return tx.As(scope)
}
