package mailbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// MaxMail is the largest mail that is taken.
const MaxMail = 25 << 20

// chunkSize is the size of the pieces in which a mail is kept: no statement carries more.
const chunkSize = 256 << 10

// Raw is a mail in memory, in pieces, with what identifies it.
type Raw struct {
	chunks [][]byte
	size   int64
	sum    string
}

// ErrTooLarge says that a mail is larger than MaxMail.
var ErrTooLarge = errors.New("the mail is too large")

// ReadRaw reads a mail to its end. One that is larger than most answers ErrTooLarge.
func ReadRaw(r io.Reader, most int64) (Raw, error) {
	var raw Raw
	hash := sha256.New()
	for {
		chunk := make([]byte, chunkSize)
		n, err := fill(r, chunk)
		if n > 0 {
			raw.size += int64(n)
			hash.Write(chunk[:n])
			raw.chunks = append(raw.chunks, chunk[:n])
		}
		switch {
		case raw.size > most:
			return Raw{}, ErrTooLarge
		case err == io.EOF:
			raw.sum = hex.EncodeToString(hash.Sum(nil))
			return raw, nil
		case err != nil:
			return Raw{}, err
		}
	}
}

// fill reads until the chunk is full or the reader ends. Unlike io.ReadFull it tells the end of a
// mail, io.EOF, from a connection that was cut within it.
func fill(r io.Reader, chunk []byte) (n int, err error) {
	for n < len(chunk) && err == nil {
		var more int
		more, err = r.Read(chunk[n:])
		n += more
	}
	return n, err
}

// Size is the number of its bytes.
func (r Raw) Size() int64 { return r.size }

// Digest is the SHA-256 of a mail that was just read, in lower-case hex.
func (r Raw) Digest() string { return r.sum }

// Reader reads the mail from its beginning.
func (r Raw) Reader() io.Reader {
	readers := make([]io.Reader, len(r.chunks))
	for i, chunk := range r.chunks {
		readers[i] = bytes.NewReader(chunk)
	}
	return io.MultiReader(readers...)
}

// Takes reports whether mail to a recipient is ours to take.
func (s *Mailbox) Takes(ctx context.Context, recipient string) (bool, error) {
	addresses := s.options.Addresses
	if len(addresses) == 0 {
		ref, err := s.programs.Reference(ctx)
		if err != nil {
			return false, err
		}
		addresses = []string{ref.Program.Mailbox}
	}
	return takes(addresses, recipient), nil
}

// Route is where a mail to one of our addresses goes: to the ticket that it is signed for, else to
// the mailbox, whatever somebody wrote behind its plus.
func (s *Mailbox) Route(recipient string) string {
	address := rules.NormaliseEmail(recipient)
	if ticket, ok := s.options.Keys.TicketOfAddress(address); ok {
		return "ticket/" + ticket
	}
	local, domain, _ := strings.Cut(address, "@")
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}

// Receive keeps a mail as it came, and returns its id: once it returns, the mail is not lost.
// The same mail to the same recipient is kept once, however often it is delivered.
func (s *Mailbox) Receive(
	ctx context.Context, e inbound.Envelope, raw Raw,
) (id string, fresh bool, err error) {
	key := sha256.Sum256([]byte(raw.sum + "\x00" + s.Route(e.To)))
	mail := InboundMail{
		DedupeKey:    hex.EncodeToString(key[:]),
		EnvelopeFrom: storableText(cut(e.From, 320)),
		EnvelopeTo:   storableText(cut(e.To, 320)),
		Envelope:     e.Known,
		Size:         raw.size,
		State:        MailReceived,
	}

	err = s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		mail.ID = db.NewID(db.PrefixInboundMail)
		mail.ReceivedAt = tx.Now()
		res := tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "dedupe_key"}},
			DoNothing: true,
		}).Create(&mail)
		if res.Error != nil {
			return res.Error
		}
		if fresh = res.RowsAffected == 1; !fresh {
			return tx.Model(&InboundMail{}).Where("dedupe_key = ?", mail.DedupeKey).
				Pluck("id", &mail.ID).Error
		}

		for i, content := range raw.chunks {
			err := tx.Create(&InboundMailChunk{
				MailID:     mail.ID,
				Seq:        i,
				Content:    content,
				ReceivedAt: mail.ReceivedAt,
			}).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
	return mail.ID, fresh, err
}

// storedMail reads a mail's bytes back, one piece at a time: a large one is never whole in memory.
type storedMail struct {
	tx   *db.Tx
	id   string
	next int   // seq of the next piece
	left int64 // bytes that were not read from the database yet
	rest []byte
}

// Read reads on; a mail whose bytes have gone with their time ends at once.
func (s *storedMail) Read(p []byte) (n int, err error) {
	if len(s.rest) == 0 {
		if s.left <= 0 {
			return 0, io.EOF
		}
		var pieces [][]byte
		err := s.tx.Model(&InboundMailChunk{}).
			Where("mail_id = ? AND seq = ?", s.id, s.next).
			Pluck("content", &pieces).Error
		if err != nil {
			return 0, err
		}
		if len(pieces) == 0 || len(pieces[0]) == 0 {
			return 0, io.EOF
		}
		s.rest = pieces[0]
		s.next++
		s.left -= int64(len(s.rest))
	}
	n = copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// RawMail reads a mail as it came, to the service and its operators. NOT_FOUND: there is none, or
// its bytes are kept no more.
func (s *Mailbox) RawMail(ctx context.Context, mailID string) (raw Raw, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		raw, err = ReadRaw(&storedMail{tx: tx, id: mailID, left: MaxMail}, MaxMail)
		if err == nil && raw.size == 0 {
			return db.NotFound()
		}
		return err
	})
	return raw, err
}

// RawBytes reads a mail as it came, whole: see RawMail.
func (s *Mailbox) RawBytes(ctx context.Context, mailID string) ([]byte, error) {
	raw, err := s.RawMail(ctx, mailID)
	return bytes.Join(raw.chunks, nil), err
}

// cut is a text with at most a number of bytes.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return text[:most]
}
