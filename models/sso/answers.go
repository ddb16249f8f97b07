package sso

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/sso/saml"
)

// purposeAnswer keeps what providers said apart from what else is encrypted.
const purposeAnswer = "sso answer"

// usedAssertion is an assertion of a SAML provider that was used. Its times are real time.
type usedAssertion struct {
	ConnectionID  string `gorm:"primaryKey"`
	AssertionHash string `gorm:"primaryKey"`
	ExpiresAt     time.Time
}

func (usedAssertion) TableName() string { return "sso_assertions" }

// keptLonger is how long a used assertion is kept when it is refused by its age already: no clock
// of ours makes it new again.
const keptLonger = time.Hour

// Replays remembers which assertions of one connection were used.
type Replays struct {
	db           *db.DB
	connectionID string
}

// ReplaysOf is the memory of a connection.
func (s *SSO) ReplaysOf(connectionID string) Replays {
	return Replays{db: s.db, connectionID: connectionID}
}

// Consume records an assertion until it would be refused by its age, or answers
// saml.ErrReplayed. Of two that come at once, by any two processes, one is recorded.
func (r Replays) Consume(ctx context.Context, id string, until time.Time) error {
	return r.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&usedAssertion{
			ConnectionID:  r.connectionID,
			AssertionHash: db.HashSecret(id),
			ExpiresAt:     until.UTC(),
		})
		if res.Error == nil && res.RowsAffected == 0 {
			return saml.ErrReplayed
		}
		return res.Error
	})
}

// Asked returns what a state stands for, and leaves it: a SAML provider's answer is posted without
// the browser's cookie, which is compared when the browser comes for it; see Answered and Take. A
// state that is over, was answered or never was answers SSO_STATE_UNKNOWN.
func (s *SSO) Asked(ctx context.Context, state string) (Pending, error) {
	var p Pending
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.First(&p, "state_hash = ? AND expires_at > ? AND answer = ''",
			db.HashSecret(state), db.RealNow()).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = unknownState()
	}
	return p, err
}

// Answered keeps what a provider said, as JSON, for the browser that began the sign-in. A state
// takes one answer: the second is SSO_STATE_UNKNOWN.
func (s *SSO) Answered(ctx context.Context, p Pending, said any) error {
	plain, err := json.Marshal(said)
	if err != nil {
		return err
	}
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		res := tx.Model(&Pending{}).
			Where("state_hash = ? AND expires_at > ? AND answer = ''", p.StateHash, db.RealNow()).
			Update("answer", tx.Secrets().Encrypt(purposeAnswer+p.StateHash, string(plain)))
		if res.Error == nil && res.RowsAffected == 0 {
			return unknownState()
		}
		return res.Error
	})
}

// AnswerOf reads what a provider said about a state that was taken into a value like the one that
// was kept. It reports false where no answer came, and where it came under another key of the
// service.
func (s *SSO) AnswerOf(p Pending, said any) bool {
	plain, ok := s.db.Secrets().Decrypt(purposeAnswer+p.StateHash, p.Answer)
	return ok && p.Answer != "" && json.Unmarshal([]byte(plain), said) == nil
}

// AskedAt is when somebody went to the provider.
func (p Pending) AskedAt() time.Time { return p.ExpiresAt.Add(-PendingFor) }

func unknownState() error {
	return rules.Refuse(UnknownState, "This sign-in is over, or began in another browser.",
		"Begin again.")
}
