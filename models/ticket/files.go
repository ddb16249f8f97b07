package ticket

import (
	"context"
	"errors"
	"strings"

	checks "roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// attach keeps the files that came with the message that the change wrote last (S43), in the
// same transaction: they are there together or not at all.
func (w *change) attach(c Command) error {
	if len(c.Files) == 0 {
		return nil
	}
	o := attachment.Owner{
		ID:        w.lastMessage(),
		GroupID:   w.ID,
		AccountID: &w.AccountID,
	}
	if c.byMail {
		return w.s.files.StoreWhatIsTaken(w.tx, o, c.Files...)
	}
	return StoreFiles(w.tx, w.s.files, o, c.Files...)
}

// StoreFiles keeps the files of what somebody wrote. The refusal of one names it: its pointer is
// its place among them.
func StoreFiles(
	tx *db.Tx, files *attachment.Attachments, o attachment.Owner, uploads ...attachment.Upload,
) error {
	for i, u := range uploads {
		if _, err := files.Store(tx, o, u); err != nil {
			return refusedFile(err, i)
		}
	}
	return nil
}

// refusedFile says of a refusal which of the files it is about.
func refusedFile(err error, i int) error {
	var refusal *rules.Error
	if !errors.As(err, &refusal) {
		return err
	}
	named := *refusal
	named.Fields = []rules.FieldError{{
		Pointer: FilePointer(i),
		Code:    refusal.Code,
		Message: refusal.Message,
		Remedy:  refusal.Remedy,
	}}
	return &named
}

// FilePointer names a file by its place among those of a command.
func FilePointer(i int) string { return "/files/" + seqText(int64(i)) }

// namesOf are the names of files, a line each: what a mail says that has nothing but files.
func namesOf(files []attachment.Upload) string {
	names := make([]string, len(files))
	for i, u := range files {
		names[i] = checks.CleanName(u.Name)
	}
	return strings.Join(names, "\n")
}

// OpenFile returns a file of a message that the caller may read, with its content. It refuses
// what Attachments.Open refuses; a file of anything else, or of what is not shown to the caller,
// is NOT_FOUND.
func (s *Tickets) OpenFile(
	ctx context.Context, id string,
) (attachment.Attachment, *attachment.Content, error) {
	if err := s.mayReadFile(ctx, id); err != nil {
		return attachment.Attachment{}, nil, err
	}
	return s.files.Open(ctx, id)
}

// OpenPicture is OpenFile of the small picture of a file, which the service has drawn.
func (s *Tickets) OpenPicture(ctx context.Context, id string) (attachment.Thumbnail, error) {
	if err := s.mayReadFile(ctx, id); err != nil {
		return attachment.Thumbnail{}, err
	}
	_, small, err := s.files.OpenThumbnail(ctx, id)
	return small, err
}

// mayReadFile refuses a file of what the caller may not read with NOT_FOUND. A file of a note is
// for operators (S42).
func (s *Tickets) mayReadFile(ctx context.Context, id string) error {
	return s.db.Read(ctx, func(tx *db.Tx) error {
		if err := MayView(tx.Scope.Actor.Role); err != nil {
			return err
		}
		a, err := attachment.Get(tx, id)
		if err != nil {
			return err
		}
		if a.Internal {
			return tx.Scope.Service()
		}
		var m Message
		return db.Found(shown(tx).Select("id").First(&m, "id = ?", a.OwnerID).Error)
	})
}

// Attach adds a file to a message that the caller wrote, or with which they opened the ticket for
// somebody else, while the ticket is not over. The same file again changes nothing. It refuses
// what Attachments.Store refuses; a message of somebody else is NOT_FOUND.
func (s *Tickets) Attach(
	ctx context.Context, name, messageID string, u attachment.Upload,
) (attachment.Attachment, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return attachment.Attachment{}, err
	}

	var out attachment.Attachment
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		w, err := s.lock(tx, ref, name)
		if err != nil {
			return err
		}
		var m Message
		err = db.Found(tx.Scope.Accounts(tx.DB, "account_id").
			First(&m, "id = ? AND ticket_id = ?", messageID, w.ID).Error)
		if err != nil {
			return err
		}
		opened := m.DedupeKey == openedKey && w.OpenedBy == w.actor().ID
		if m.AuthorID != w.actor().ID && !opened {
			return db.NotFound()
		}
		if w.State.Over() {
			return rules.Refuse(rules.StateConflict, "The ticket is over.",
				"Write to it, which opens another one, and attach the file there.")
		}
		out, err = s.files.Store(tx, attachment.Owner{
			ID:        m.ID,
			GroupID:   w.ID,
			AccountID: &w.AccountID,
		}, u)
		return err
	})
	return out, err
}
