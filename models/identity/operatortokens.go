package identity

import (
	"context"
	"slices"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// MakesTokensOfOperators reports whether the operator may make such tokens, and therefore
// answers for those that they made.
func (o Operator) MakesTokensOfOperators() bool {
	return o.Works() && rules.MayMakeToken(o.Role, rules.OperatorAgent) == nil
}

// TokensMade are the tokens that an operator made and that work still, by themselves or by one
// of these tokens.
type TokensMade struct {
	OfOperators []APIToken // they end with the operator
	OfOthers    []APIToken // of sellers and customers, whose programs go on: a lead looks at them
}

// TokensMadeBy finds the tokens that an operator made and that work still.
func (s *Operators) TokensMadeBy(ctx context.Context, id string) (TokensMade, error) {
	var made TokensMade
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		made, err = tokensMadeBy(tx, id)
		return err
	})
	return made, err
}

// tokensMadeBy follows the makers: a token that is over may have made one that works.
func tokensMadeBy(tx *db.Tx, operatorID string) (TokensMade, error) {
	var made TokensMade
	now := db.RealNow()
	for makers := []string{operatorID}; len(makers) > 0; {
		var found []APIToken
		for some := range db.Batches(makers, 1000) {
			var of []APIToken
			if err := tx.Where("created_by IN ?", some).Order("id").Find(&of).Error; err != nil {
				return made, err
			}
			found = append(found, of...)
		}

		makers = nil
		for _, t := range found {
			works := t.RevokedAt == nil && now.Before(t.ExpiresAt)
			switch {
			case t.Role.IsOperator():
				makers = append(makers, t.ID)
				if works {
					made.OfOperators = append(made.OfOperators, t)
				}
			case works:
				made.OfOthers = append(made.OfOthers, t)
			}
		}
	}
	return made, nil
}

// ActsFor reports whether an actor is the operator, or a token that comes from them.
func (s *Operators) ActsFor(ctx context.Context, actorID, operatorID string) (bool, error) {
	if actorID == operatorID {
		return true, nil
	}
	made, err := s.TokensMadeBy(db.WithSystem(ctx), operatorID)
	return slices.ContainsFunc(made.OfOperators, func(t APIToken) bool {
		return t.ID == actorID
	}), err
}

// lockMaker holds an operator, or the token, that makes a token until it is made. Who ends the
// maker's rights at the same time waits for it, and finds the new token; a maker whose rights
// have ended makes none.
func lockMaker(tx *db.Tx, actorID string, role rules.Role) error {
	ended := false
	switch db.KindOf(actorID) {
	case db.PrefixOperator:
		var makers []Operator
		if err := tx.ForUpdate().Find(&makers, "id = ?", actorID).Error; err != nil {
			return err
		}
		ended = len(makers) > 0 &&
			(!makers[0].Works() || rules.MayMakeToken(makers[0].Role, role) != nil)
	case db.PrefixToken:
		var makers []APIToken
		if err := tx.ForUpdate().Find(&makers, "id = ?", actorID).Error; err != nil {
			return err
		}
		ended = len(makers) > 0 && makers[0].RevokedAt != nil
	}
	if ended {
		return rules.Refuse(rules.Forbidden, "The rights of who asks for this token have ended.",
			"Ask a lead.")
	}
	return nil
}

// endTokensOf ends the tokens of operators that an operator made: they would let the person in
// for as long as they live. The details for the audit say how many, and how many go on. Those
// that were made while their maker was being ended are found in another round.
func endTokensOf(tx *db.Tx, o Operator, details map[string]any) error {
	for ended := 0; ; {
		made, err := tokensMadeBy(tx, o.ID)
		if err != nil {
			return err
		}
		if n := len(made.OfOthers); n > 0 {
			details["tokens_that_go_on"] = n
		}
		if len(made.OfOperators) == 0 {
			return nil
		}
		if err := endTokens(tx, made.OfOperators); err != nil {
			return err
		}
		ended += len(made.OfOperators)
		details["tokens_ended"] = ended
	}
}

func endTokens(tx *db.Tx, tokens []APIToken) error {
	now := db.RealNow()
	for _, t := range tokens {
		err := tx.Model(&APIToken{}).Where("id = ?", t.ID).Update("revoked_at", now).Error
		if err != nil {
			return err
		}
		err = tx.Audit(t.OrgID, t.AccountID, false,
			db.Entry{Verb: "token.revoked", ObjectID: t.ID, Details: nil})
		if err != nil {
			return err
		}
	}
	return nil
}
