package identity

import (
	"context"
	"crypto/subtle"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
)

// Challenge asks a person to prove that a mailbox is theirs, by a one-time
// code bound to the browser or by the link of a password reset. Its times are
// real time.
type Challenge struct {
	ID          string
	Purpose     ChallengePurpose
	SubjectID   string // invitation or user
	BrowserHash string // hash of a secret in the browser's session; empty for a link
	SecretHash  string
	Tries       int
	CreatedAt   time.Time
	ExpiresAt   time.Time
	ConsumedAt  *time.Time
}

// ChallengePurpose says what is proved.
type ChallengePurpose string

// The purposes of a Challenge.
const (
	ChallengeInvitation    ChallengePurpose = "INVITATION"
	ChallengePasswordReset ChallengePurpose = "PASSWORD_RESET"
)

// The bounds of challenges: a one-time code lives ten minutes and five tries;
// a reset link one hour. A second click within AgainFor of the first is the same click:
// it gets the same code, and the same answer to it.
const (
	CodeLifetime  = 10 * time.Minute
	CodeTries     = 5
	ResetLifetime = time.Hour
	AgainFor      = 30 * time.Second
)

// The refusals of a challenge.
const (
	CodeWrong   = "CODE_WRONG"
	CodeExpired = "CODE_EXPIRED"
	CodeTried   = "CODE_TRIED_TOO_OFTEN"
)

// ChallengeInvited mails a one-time code to the invited mailbox and returns
// the challenge that the browser has to answer. An earlier open challenge of
// the same invitation and browser ends; one that is younger than AgainFor, and
// that nobody tried to answer, is returned instead, without another mail.
func (s *People) ChallengeInvited(
	ctx context.Context, invitationID, browserSecret, locale string,
) (Challenge, error) {
	c := newChallenge(ChallengeInvitation, invitationID, CodeLifetime)
	c.BrowserHash = db.HashSecret(browserSecret)
	c.SecretHash = s.db.Secrets().HashCode(c.ID, s.db.Secrets().OneTimeCode(c.ID))

	err := s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		inv, acc, err := lockInvitation(tx, invitationID)
		if err != nil {
			return err
		}
		if err := acceptable(inv, tx.Now()); err != nil {
			return err
		}

		var asked Challenge
		own := tx.Where("subject_id = ? AND browser_hash = ?", invitationID, c.BrowserHash).
			Where("consumed_at IS NULL AND expires_at > ?", c.CreatedAt)
		res := own.Session(&gorm.Session{}).
			Where("tries = 0 AND created_at > ?", c.CreatedAt.Add(-AgainFor)).
			Limit(1).
			Find(&asked)
		if res.Error != nil || res.RowsAffected == 1 {
			c = asked
			return res.Error
		}

		// Ended, not used: a code that was used answers its second click.
		err = own.Session(&gorm.Session{}).
			Model(&Challenge{}).
			Update("expires_at", c.CreatedAt).Error
		if err != nil {
			return err
		}

		return mailChallenge(tx, c, notification.Notification{
			Template:  "one_time_code",
			Recipient: inv.Email,
			AccountID: &acc.ID,
			Locale:    locale,
			Params:    map[string]any{"minutes": int(CodeLifetime.Minutes())},
		})
	})

	return c, err
}

func newChallenge(
	purpose ChallengePurpose, subjectID string, life time.Duration,
) Challenge {
	now := db.RealNow()
	return Challenge{
		ID:        db.NewID(db.PrefixChallenge),
		Purpose:   purpose,
		SubjectID: subjectID,
		CreatedAt: now,
		ExpiresAt: now.Add(life),
	}
}

// mailChallenge stores a challenge with the mail that carries its secret; the secret
// itself is derived when the mail is sent.
func mailChallenge(tx *db.Tx, c Challenge, m notification.Notification) error {
	if err := tx.Create(&c).Error; err != nil {
		return err
	}
	m.SubjectID, m.Epoch = c.ID, "1"
	return notification.QueueSingle(tx, m)
}

// AnswerChallenge checks a code against the browser's challenge and consumes it. A
// wrong code costs one of five tries and answers CODE_WRONG; a challenge that is over
// answers CODE_EXPIRED or CODE_TRIED_TOO_OFTEN. The right code again from the same browser
// within AgainFor is the second click of one person, and as good as the first.
func (s *People) AnswerChallenge(
	ctx context.Context, id, browserSecret, code string,
) (Challenge, error) {
	var c Challenge
	var refused error
	err := s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		refused = nil
		err := tx.ForUpdate().First(&c, "id = ? AND browser_hash = ?",
			id, db.HashSecret(browserSecret)).Error
		if err != nil {
			return db.Found(err)
		}

		again := c.answeredJustNow()
		if refused = c.open(); refused != nil && !again {
			return nil
		}

		typed := s.db.Secrets().HashCode(c.ID, rules.NormaliseDigits(code))
		if subtle.ConstantTimeCompare([]byte(c.SecretHash), []byte(typed)) != 1 {
			refused = rules.Refuse(CodeWrong, "The code is not right.",
				"Type the six digits of the latest mail.")
			return tx.Model(&Challenge{}).Where("id = ?", c.ID).Update("tries", c.Tries+1).Error
		}

		if refused = nil; again {
			return nil
		}
		return tx.Model(&Challenge{}).
			Where("id = ?", c.ID).
			Update("consumed_at", db.RealNow()).Error
	})
	if err != nil {
		return c, err
	}

	return c, refused
}

// open refuses a challenge that can no longer be answered.
func (c Challenge) open() error {
	switch {
	case c.Tries >= CodeTries:
		return rules.Refuse(CodeTried, "The code was typed wrong too often.", "Ask for a new code.")
	case c.ConsumedAt != nil || !db.RealNow().Before(c.ExpiresAt):
		return rules.Refuse(CodeExpired, "The code is no longer valid.", "Ask for a new code.")
	}
	return nil
}

// answeredJustNow reports whether the challenge was answered so lately that the same answer
// may be the second click on one button.
func (c Challenge) answeredJustNow() bool {
	return c.ConsumedAt != nil && c.Tries < CodeTries &&
		db.RealNow().Before(c.ConsumedAt.Add(AgainFor))
}

// ChallengeOver reports whether a challenge can no longer be answered: its mail is of
// no use then.
func (s *People) ChallengeOver(ctx context.Context, id string) (bool, error) {
	var c Challenge
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return db.Found(tx.First(&c, "id = ?", id).Error)
	})
	if rules.CodeOf(err) == rules.NotFound {
		return true, nil
	}

	return c.open() != nil, err
}

// ChallengeReset mails a reset link to a user. For an unknown address it does nothing
// and succeeds, so that a visitor learns nothing. So it does for who comes in by the company's own
// sign-in alone (S49).
func (s *People) ChallengeReset(ctx context.Context, email, locale string) error {
	u, err := s.UserByEmail(ctx, email)
	if rules.CodeOf(err) == rules.NotFound {
		return nil
	}
	if err != nil {
		return err
	}

	c := newChallenge(ChallengePasswordReset, u.ID, ResetLifetime)
	c.SecretHash = db.HashSecret(s.db.Secrets().ResetToken(c.ID))
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		ended, err := passwordEnded(tx, u.ID)
		if err != nil || ended {
			return err
		}
		return mailChallenge(tx, c, notification.Notification{
			Template:  "password_reset",
			Recipient: u.Email,
			Locale:    locale,
			Params:    map[string]any{"minutes": int(ResetLifetime.Minutes())},
		})
	})
}

// ResetByToken finds the challenge of a reset link, whose user may set a new password.
// It does not consume it. An unknown link answers NOT_FOUND, one that is over
// CODE_EXPIRED.
func (s *People) ResetByToken(ctx context.Context, token string) (Challenge, error) {
	var c Challenge
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return db.Found(tx.First(&c, "secret_hash = ? AND purpose = ?",
			db.HashSecret(token), ChallengePasswordReset).Error)
	})
	if err != nil {
		return c, err
	}

	return c, c.open()
}

// ResetPassword sets a new password by a reset link and ends the user's sessions. A
// link works once: used again it answers CODE_EXPIRED.
func (s *People) ResetPassword(ctx context.Context, token, passwordHash string) error {
	c, err := s.ResetByToken(ctx, token)
	if err != nil {
		return err
	}

	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		res := tx.Model(&Challenge{}).
			Where("id = ? AND consumed_at IS NULL", c.ID).
			Update("consumed_at", db.RealNow())
		if res.Error != nil {
			return res.Error
		}

		if res.RowsAffected == 0 {
			return rules.Refuse(CodeExpired, "The link was used already.", "Ask for a new link.")
		}

		return setPassword(tx, c.SubjectID, passwordHash)
	})
}

// ResetJustNow reports whether the link of a reset was used within AgainFor.
func (s *People) ResetJustNow(ctx context.Context, id string) (bool, error) {
	var c Challenge
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Limit(1).Find(&c, "id = ? AND purpose = ?", id, ChallengePasswordReset).Error
	})
	return c.answeredJustNow(), err
}
