package identity

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
)

// operatorSession is a session of the console: of an operator, or of nobody yet.
type operatorSession struct {
	TokenHash  string `gorm:"primaryKey"`
	OperatorID *string
	Label      string
	Data       []byte
	CreatedAt  time.Time
	SeenAt     time.Time
	ExpiresAt  time.Time
}

// TableName is the table of the console's sessions.
func (operatorSession) TableName() string { return "operator_sessions" }

// operatorRow is a session as the table keeps it, seen now.
func operatorRow(row Session) operatorSession {
	now := db.RealNow()
	return operatorSession{
		TokenHash:  row.TokenHash,
		OperatorID: row.UserID,
		Label:      row.Label,
		Data:       row.Data,
		CreatedAt:  now,
		SeenAt:     now,
		ExpiresAt:  row.ExpiresAt,
	}
}

// FindSession reads a live session of the console; false when there is none.
func (s *Operators) FindSession(ctx context.Context, tokenHash string) (Session, bool, error) {
	var row operatorSession
	err := s.db.Single(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.First(&row, "token_hash = ? AND expires_at > ?", tokenHash, db.RealNow()).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Session{}, false, nil
	}
	return Session{
		TokenHash: row.TokenHash,
		UserID:    row.OperatorID,
		Label:     row.Label,
		Data:      row.Data,
		CreatedAt: row.CreatedAt,
		SeenAt:    row.SeenAt,
		ExpiresAt: row.ExpiresAt,
	}, err == nil, err
}

// PutSession stores a session of the console under its token's hash.
func (s *Operators) PutSession(ctx context.Context, row Session) error {
	stored := operatorRow(row)
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "token_hash"}},
			DoUpdates: clause.AssignmentColumns([]string{
				"operator_id", "label", "data", "seen_at", "expires_at",
			}),
		}).Create(&stored).Error
	})
}

// KeepSession writes to a session that exists, and only then: a session that was ended while
// one of its requests was under way stays ended.
func (s *Operators) KeepSession(ctx context.Context, row Session) error {
	stored := operatorRow(row)
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Model(&operatorSession{}).Where("token_hash = ?", row.TokenHash).
			Select("operator_id", "label", "data", "seen_at", "expires_at").
			Updates(&stored).Error
	})
}

// DeleteSession ends a session of the console.
func (s *Operators) DeleteSession(ctx context.Context, tokenHash string) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Delete(&operatorSession{}, "token_hash = ?", tokenHash).Error
	})
}

// EndSessionSoon ends a session a while from now; one that ends earlier stays so.
func (s *Operators) EndSessionSoon(ctx context.Context, tokenHash string, in time.Duration) error {
	at := db.RealNow().Add(in)
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Model(&operatorSession{}).
			Where("token_hash = ? AND expires_at > ?", tokenHash, at).
			Update("expires_at", at).Error
	})
}

func endOperatorSessions(tx *db.Tx, operatorID string) error {
	return tx.Delete(&operatorSession{}, "operator_id = ?", operatorID).Error
}

// EndIssuerSessions ends the sessions of whom the issuer has signed out: by subject, or by the
// session there where the issuer names that alone. Only the session of the last sign-in is
// known: one that is of nobody's answers NOT_FOUND. A subject that is nobody's ends none.
func (s *Operators) EndIssuerSessions(
	ctx context.Context, issuer, subject, session string,
) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		q := tx.Where("source = ? AND issuer = ?", ByIssuer, issuer)
		switch {
		case subject != "":
			q = q.Where("subject = ?", subject)
		case session != "":
			q = q.Where("issuer_session = ?", session)
		default:
			return db.NotFound()
		}

		var found []Operator
		if err := q.Find(&found).Error; err != nil {
			return err
		}
		if len(found) == 0 && subject == "" {
			return db.NotFound()
		}
		for _, o := range found {
			if err := endOperatorSessions(tx, o.ID); err != nil {
				return err
			}
			err := tx.Audit(o.ID, nil, false,
				db.Entry{Verb: "operator.signed_out_by_issuer", ObjectID: o.ID, Details: nil})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
