package session

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
)

// Participant is a person by name who sees one ticket and nothing else (S47), such as a technical
// service provider: no role, no membership. They sign in by a code that is mailed to them.
type Participant struct {
	ID        string
	TicketID  string
	AccountID string
	Email     string // normalised
	Name      string
	Company   string
	AddedBy   string
	AddedAt   time.Time
	EndedAt   *time.Time // nil: it lasts
	EndedBy   string

	// The code that was mailed last, for the browser that asked for it. Its times are real time.
	CodeID        string
	CodeHash      string
	BrowserHash   string
	CodeTries     int
	CodeSentAt    *time.Time
	CodeExpiresAt *time.Time

	// The session of whoever signed in last.
	TokenHash      string
	TokenExpiresAt *time.Time
}

// TableName is the table of participants.
func (Participant) TableName() string { return "ticket_participants" }

// The bounds of signing in.
const (
	CodeLife       = 10 * time.Minute
	codeTries      = 5
	codeAgain      = 30 * time.Second // a second click is the same click
	participantFor = 8 * time.Hour    // then they sign in again
)

// MaxName is how many characters the name of a person or a company has at most.
const MaxName = 120

// mostParticipants is how many participants one ticket has at once.
const mostParticipants = 10

// Codes of refusals of signing in. They are those of other one-time codes.
const (
	CodeWrong   = "CODE_WRONG"
	CodeExpired = "CODE_EXPIRED"
	CodeTried   = "CODE_TRIED_TOO_OFTEN"
)

// AddParticipant lets a person see a ticket. The same address again is the same participant.
// It refuses a name or an address that is none (VALIDATION_FAILED).
func AddParticipant(tx *db.Tx, ticketID, accountID string, p Participant) (Participant, error) {
	p.Email = rules.NormaliseEmail(p.Email)
	p.Name, p.Company = strings.TrimSpace(p.Name), strings.TrimSpace(p.Company)
	var k rules.Checker
	k.Email("/email", p.Email)
	if k.Text("/name", p.Name, MaxName) {
		k.OptionalPersonName("/name", p.Name, MaxName)
	}
	k.OptionalCompanyName("/company", p.Company, MaxName)
	if err := rules.Invalid(k.Fields); err != nil {
		return p, err
	}

	live, err := Participants(tx, ticketID)
	if err != nil {
		return p, err
	}
	for _, there := range live {
		if there.Email == p.Email {
			return there, nil
		}
	}
	if len(live) >= mostParticipants {
		return p, rules.Refuse(rules.StateConflict, "Ten participants see this ticket already.",
			"Remove one of them first.")
	}

	p = Participant{
		ID:        db.NewID(db.PrefixParticipant),
		TicketID:  ticketID,
		AccountID: accountID,
		Email:     p.Email,
		Name:      p.Name,
		Company:   p.Company,
		AddedBy:   tx.Scope.Actor.ID,
		AddedAt:   tx.Now(),
	}
	made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&p)
	if made.Error != nil {
		return p, made.Error
	}
	if made.RowsAffected == 0 { // somebody else added the person meanwhile
		email := p.Email
		p = Participant{}
		return p, db.Found(tx.First(&p, "ticket_id = ? AND email = ? AND ended_at IS NULL",
			ticketID, email).Error)
	}
	return p, noteParticipant(tx, p, "participant.added")
}

// Participants lists who sees a ticket of the scope beside its account.
func Participants(tx *db.Tx, ticketID string) ([]Participant, error) {
	var out []Participant
	err := tx.Scope.Accounts(tx.DB, "account_id").
		Where("ticket_id = ? AND ended_at IS NULL", ticketID).
		Order("id").Find(&out).Error
	return out, err
}

// EverParticipants lists who sees a ticket of the scope beside its account, and who has seen it:
// what they said stays under their names.
func EverParticipants(tx *db.Tx, ticketID string) ([]Participant, error) {
	var out []Participant
	err := tx.Scope.Accounts(tx.DB, "account_id").
		Where("ticket_id = ?", ticketID).
		Order("id").Find(&out).Error
	return out, err
}

// Live are those participants who still see their ticket.
func Live(all []Participant) (out []Participant) {
	for _, p := range all {
		if p.EndedAt == nil {
			out = append(out, p)
		}
	}
	return out
}

// ParticipantAt returns who sees a ticket under an address, as mails name people; false for
// nobody.
func ParticipantAt(tx *db.Tx, ticketID, email string) (p Participant, ok bool, err error) {
	var rows []Participant
	err = tx.Where("ticket_id = ? AND email = ? AND ended_at IS NULL",
		ticketID, rules.NormaliseEmail(email)).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return Participant{}, false, err
	}
	return rows[0], true, nil
}

// RemoveParticipant ends what a participant of a ticket sees at once, also where they are signed
// in. Again it changes nothing.
func RemoveParticipant(tx *db.Tx, ticketID, id string) error {
	var p Participant
	err := db.ForUpdate(tx.Scope.Accounts(tx.DB, "account_id")).
		First(&p, "id = ? AND ticket_id = ?", id, ticketID).Error
	if err != nil {
		return db.Found(err)
	}
	if p.EndedAt != nil {
		return nil
	}
	if err := end(tx, []string{p.ID}); err != nil {
		return err
	}
	return noteParticipant(tx, p, "participant.removed")
}

// EndParticipants ends what all participants of a ticket see: it was closed (R57b). Again it
// changes nothing.
func EndParticipants(tx *db.Tx, ticketID string) error {
	var live []Participant
	err := tx.Select("id", "ticket_id", "account_id").
		Where("ticket_id = ? AND ended_at IS NULL", ticketID).
		Order("id").Find(&live).Error
	if err != nil || len(live) == 0 {
		return err
	}
	if err := end(tx, db.IdsOf(live, func(p Participant) string { return p.ID })); err != nil {
		return err
	}
	for _, p := range live {
		if err := noteParticipant(tx, p, "participant.ended"); err != nil {
			return err
		}
	}
	return nil
}

func end(tx *db.Tx, ids []string) error {
	return tx.Model(&Participant{}).Where("id IN ? AND ended_at IS NULL", ids).
		Updates(map[string]any{
			"ended_at":         tx.Now(),
			"ended_by":         tx.Scope.Actor.ID,
			"token_hash":       "",
			"token_expires_at": nil,
			"code_expires_at":  nil,
		}).Error
}

func noteParticipant(tx *db.Tx, p Participant, verb string) error {
	return tx.Audit(p.TicketID, &p.AccountID, false, db.Entry{
		Verb:     verb,
		ObjectID: p.ID,
		Details:  map[string]any{"participant": p.ID},
	})
}

// SendCode mails a one-time code to a participant, for the browser that asks. Whoever is none, or
// is none any more, gets NOT_FOUND. A second click gets no second mail.
func (s *Sessions) SendCode(ctx context.Context, id, browserSecret, locale string) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		p, err := lockLive(tx, id)
		if err != nil {
			return err
		}

		now := db.RealNow()
		browser := db.HashSecret(browserSecret)
		if p.CodeSentAt != nil && now.Before(p.CodeSentAt.Add(codeAgain)) && p.CodeTries == 0 &&
			p.BrowserHash == browser {
			return nil
		}

		expires := now.Add(CodeLife)
		p.CodeID = db.NewID(db.PrefixChallenge)
		p.CodeHash = tx.Secrets().HashCode(p.CodeID, tx.Secrets().OneTimeCode(p.CodeID))
		p.BrowserHash = browser
		p.CodeTries = 0
		p.CodeSentAt = &now
		p.CodeExpiresAt = &expires
		if err := saveCode(tx, p); err != nil {
			return err
		}
		return notification.QueueSingle(tx, notification.Notification{
			Template:  rules.TemplateOneTimeCode,
			SubjectID: p.CodeID,
			Epoch:     "1",
			Recipient: p.Email,
			AccountID: &p.AccountID,
			Locale:    locale,
			Params:    map[string]any{"minutes": int(CodeLife.Minutes())},
		})
	})
}

func saveCode(tx *db.Tx, p Participant) error {
	return tx.Model(&Participant{}).Where("id = ?", p.ID).
		Select(
			"code_id", "code_hash", "browser_hash", "code_tries", "code_sent_at",
			"code_expires_at", "token_hash", "token_expires_at",
		).
		Updates(&p).Error
}

// lockLive reads a participant who still is one.
func lockLive(tx *db.Tx, id string) (Participant, error) {
	var p Participant
	err := tx.ForUpdate().First(&p, "id = ? AND ended_at IS NULL", id).Error
	return p, db.Found(err)
}

// CodeOver reports whether the code of a mail can no longer be answered: the mail is of no use
// then. So it is of an id that is no participant's.
func (s *Sessions) CodeOver(ctx context.Context, codeID string) (bool, error) {
	var n int64
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Model(&Participant{}).
			Where("code_id = ? AND code_tries < ? AND code_expires_at > ? AND ended_at IS NULL",
				codeID, codeTries, db.RealNow()).
			Count(&n).Error
	})
	return n == 0, err
}

// SignIn answers the code from the browser that asked for it, and returns the secret that the
// browser keeps; it ends the one before. A wrong code costs one of five tries (CODE_WRONG); one
// that is over is CODE_EXPIRED or CODE_TRIED_TOO_OFTEN; NOT_FOUND for who is no participant.
func (s *Sessions) SignIn(ctx context.Context, id, browserSecret, code string) (string, error) {
	token := ""
	var refused error
	err := s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		token, refused = "", nil
		p, err := lockLive(tx, id)
		if err != nil {
			return err
		}

		now := db.RealNow()
		typed := tx.Secrets().HashCode(p.CodeID, rules.NormaliseDigits(code))
		switch {
		case p.CodeTries >= codeTries:
			refused = rules.Refuse(CodeTried, "The code was typed wrong too often.",
				"Ask for a new code.")
			return nil
		case p.CodeExpiresAt == nil || !now.Before(*p.CodeExpiresAt) ||
			subtle.ConstantTimeCompare(
				[]byte(p.BrowserHash), []byte(db.HashSecret(browserSecret))) != 1:
			refused = rules.Refuse(CodeExpired, "The code is no longer valid.",
				"Ask for a new code.")
			return nil
		case subtle.ConstantTimeCompare([]byte(p.CodeHash), []byte(typed)) != 1:
			refused = rules.Refuse(CodeWrong, "The code is not right.",
				"Type the six digits of the latest mail.")
			p.CodeTries++
			return saveCode(tx, p)
		}

		token = rand.Text() + rand.Text()
		expires := now.Add(participantFor)
		p.TokenHash = db.HashSecret(token)
		p.TokenExpiresAt = &expires
		p.CodeExpiresAt = nil
		if err := saveCode(tx, p); err != nil {
			return err
		}
		return noteParticipant(tx, p, "participant.signed_in")
	})
	if err != nil {
		return "", err
	}
	return token, refused
}

// Invited returns the participant of an id, who has not proved to be them; NOT_FOUND for who is
// none any more.
func (s *Sessions) Invited(ctx context.Context, id string) (Participant, error) {
	var p Participant
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return db.Found(tx.First(&p, "id = ? AND ended_at IS NULL", id).Error)
	})
	return p, err
}

// Signed returns the participant of a browser's secret; NOT_FOUND once they have left, the
// ticket was closed, or the session is over.
func (s *Sessions) Signed(ctx context.Context, token string) (Participant, error) {
	var p Participant
	if token == "" {
		return p, db.NotFound()
	}
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return db.Found(tx.First(&p,
			"token_hash = ? AND token_expires_at > ? AND ended_at IS NULL",
			db.HashSecret(token), db.RealNow()).Error)
	})
	return p, err
}

// SignOut ends the session of a participant's browser. Again it changes nothing.
func (s *Sessions) SignOut(ctx context.Context, token string) error {
	if token == "" {
		return nil
	}
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Model(&Participant{}).Where("token_hash = ?", db.HashSecret(token)).
			Updates(map[string]any{"token_hash": "", "token_expires_at": nil}).Error
	})
}

// MaySee refuses every ticket but the participant's own, with NOT_FOUND.
func (p Participant) MaySee(ticketID string) error {
	if p.EndedAt == nil && p.TicketID == ticketID && ticketID != "" {
		return nil
	}
	return db.NotFound()
}
