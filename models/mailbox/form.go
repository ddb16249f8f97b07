package mailbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// FormKinds are what the form on the web asks for, in the order in which it offers them.
var FormKinds = []inbound.Kind{
	inbound.LostInvitation, inbound.WrongPerson, inbound.ExpiredLink, inbound.ExtraPerson,
	inbound.MissingWarranty, inbound.Other,
}

// MaxFormText is how many characters somebody may write into the form on the web.
const MaxFormText = 4000

// FormRequest is what somebody who is not signed in asks for on the web.
type FormRequest struct {
	Email  string
	Kind   inbound.Kind
	Text   string
	Locale string // in which the page is read: the mailbox answers in it
}

// Check refuses what is no request (VALIDATION_FAILED).
func (r FormRequest) Check() error {
	var k rules.Checker
	k.Email("/email", strings.TrimSpace(r.Email))
	if !slices.Contains(FormKinds, r.Kind) {
		k.Fail("/kind", "INVALID_KIND", "There is no such kind of request.", "Choose one.")
	}
	plain := strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(r.Text)
	k.Text("/text", strings.TrimSpace(plain), MaxFormText)
	return rules.Invalid(k.Fields)
}

// AskByForm makes an item of what somebody asks for on the web, as of a mail whose sender nobody
// knows: anybody may type any address. The same request again on one day is the same one. What
// it finds, and whether it was counted only, the asker does not learn.
func (s *Mailbox) AskByForm(ctx context.Context, r FormRequest) error {
	if err := r.Check(); err != nil {
		return err
	}
	email := rules.NormaliseEmail(r.Email)
	text := storableText(strings.TrimSpace(r.Text))

	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		key := sha256.Sum256([]byte(strings.Join([]string{
			"form", tx.Now().UTC().Format(time.DateOnly), email, string(r.Kind), text,
		}, "\x00")))
		m := InboundMail{
			ID:         db.NewID(db.PrefixInboundMail),
			DedupeKey:  hex.EncodeToString(key[:]),
			Size:       int64(len(text)),
			State:      MailDecided,
			Outcome:    inbound.BecomesItem,
			Reason:     inbound.ReasonNoTicket,
			Sender:     email,
			SenderHash: tx.Secrets().Fingerprint("mail sender", email),
			ReceivedAt: tx.Now(),
		}
		made := tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "dedupe_key"}},
			DoNothing: true,
		}).Create(&m)
		if made.Error != nil || made.RowsAffected == 0 {
			return made.Error
		}

		read := inbound.Mail{Text: text}
		read.From.Email = email
		if err := s.intoInboxAs(tx, &m, read, asked{Kind: r.Kind, Locale: r.Locale}); err != nil {
			return err
		}
		return saveDecided(tx, m)
	})
}
