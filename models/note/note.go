// Package note holds what operators note about a ticket for themselves (S42). It stands apart
// from the ticket's public words, in a table of its own and a package that neither the portal
// nor what makes mails may import: what they cannot name they cannot show.
package note

import (
	"context"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/ticket"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// Note is what an operator noted. Nothing is changed or taken away: one that was wrong is
// followed by another.
type Note struct {
	ID        string
	TicketID  string
	AccountID string
	Seq       int64 // of the last entry of the ticket's conversation before it
	AuthorID  string
	Text      string `gorm:"column:note"`
	DedupeKey string
	CreatedAt time.Time
}

// TableName is the table of notes.
func (Note) TableName() string { return "ticket_notes" }

// Notes reads and writes notes. It is safe for concurrent use.
type Notes struct {
	db      *db.DB
	tickets *ticket.Tickets
	files   *attachment.Attachments
}

// New returns the notes on a database.
func New(
	database *db.DB, tickets *ticket.Tickets, files *attachment.Attachments,
) *Notes {
	return &Notes{db: database, tickets: tickets, files: files}
}

// Entities lists the entities of notes.
func Entities() []any { return []any{Note{}} }

// Add adds a note to a ticket, whatever its state, with the files that belong to it, which
// operators alone can open; what the caller had begun to write goes with it. once names it, where
// its caller may send it again; version is that of the ticket that was looked at, 0 any. A note
// moves no clock (S40), and changes nothing that a customer can see (S42). Whoever is no operator
// gets NOT_FOUND.
func (s *Notes) Add(
	ctx context.Context, name, text, once string, version int64, files ...attachment.Upload,
) (Note, error) {
	n := Note{Text: strings.TrimSpace(text)}
	if err := ticket.CheckText(n.Text); err != nil {
		return Note{}, err
	}

	err := s.db.Write(ctx, func(tx *db.Tx) error {
		n.ID = db.NewID(db.PrefixTicketNote)
		n.AuthorID = tx.Scope.Actor.ID
		n.DedupeKey = n.ID
		if once != "" {
			n.DedupeKey = db.HashSecret(n.AuthorID + "\n" + once)[:26]
		}

		place, err := s.tickets.TakePlace(tx, name, version, func(ticketID string) (bool, error) {
			var before []Note
			err := tx.Where("ticket_id = ? AND dedupe_key = ?", ticketID, n.DedupeKey).
				Find(&before).Error
			if err != nil || len(before) == 0 {
				return false, err
			}
			n = before[0]
			return true, nil
		})
		if err != nil || place == nil {
			return err
		}

		if err := ticket.EndDraft(tx, place.TicketID, true); err != nil {
			return err
		}
		n.TicketID = place.TicketID
		n.AccountID = place.AccountID
		n.Seq = place.Seq
		n.CreatedAt = place.At
		if err := tx.Create(&n).Error; err != nil {
			return err
		}
		return ticket.StoreFiles(tx, s.files, owner(n), files...)
	})
	return n, err
}

// Attach adds a file to a note that the caller wrote; the same file again changes nothing. It
// refuses what Attachments.Store refuses. A note of somebody else, or of another ticket than the
// one that is named by its id or its number, is NOT_FOUND, and so is every note to whoever is no
// operator.
func (s *Notes) Attach(
	ctx context.Context, name, noteID string, u attachment.Upload,
) (attachment.Attachment, error) {
	t, err := s.tickets.Get(ctx, name)
	if err != nil {
		return attachment.Attachment{}, err
	}

	var out attachment.Attachment
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		if err := rule.MayGive(rule.DoNote, tx.Scope.Actor.Role); err != nil {
			return err
		}
		var n Note
		err := db.Found(tx.First(&n, "id = ? AND ticket_id = ? AND author_id = ?",
			noteID, t.ID, tx.Scope.Actor.ID).Error)
		if err != nil {
			return err
		}
		out, err = s.files.Store(tx, owner(n), u)
		return err
	})
	return out, err
}

// owner is a note as what files hang on.
func owner(n Note) attachment.Owner {
	return attachment.Owner{
		ID:        n.ID,
		GroupID:   n.TicketID,
		AccountID: &n.AccountID,
		Internal:  true,
	}
}

// Of lists the notes of a ticket, the oldest first. Whoever is no operator gets NOT_FOUND.
func (s *Notes) Of(ctx context.Context, ticketID string) ([]Note, error) {
	var out []Note
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return tx.Where("ticket_id = ?", ticketID).Order("seq, id").Find(&out).Error
	})
	return out, err
}

// FreeTexts are the columns of notes that people write (S33).
func FreeTexts() []db.FreeText {
	return []db.FreeText{
		{Place: "ticket_notes.note", Write: func(tx *db.Tx, id, text string) error {
			return tx.Model(&Note{}).Where("id = ?", id).Update("note", text).Error
		}},
	}
}
