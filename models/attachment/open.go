package attachment

import (
	"context"
	"errors"
	"io"

	"roomcover.dev/roomcover/models/db"
)

// Open returns a file of the scope, with its content to read; see MayOpen for what it refuses.
// A file that is foreign is NOT_FOUND. Whether whoever asks may see the file's owner is for the
// caller to decide, by its OwnerID and GroupID.
func (s *Attachments) Open(ctx context.Context, id string) (Attachment, *Content, error) {
	var a Attachment
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if a, err = read(tx, id); err != nil {
			return err
		}
		return s.MayOpen(a)
	})
	if err != nil {
		return Attachment{}, nil, err
	}
	return a, s.content(ctx, a), nil
}

// Thumbnail is the small picture of a file, drawn by the service: it may be shown in a page.
type Thumbnail struct {
	MediaType     string
	Content       []byte
	Width, Height int
}

// OpenThumbnail returns the small picture of a file that may be opened; NOT_FOUND where there
// is none, or not yet.
func (s *Attachments) OpenThumbnail(ctx context.Context, id string) (Attachment, Thumbnail, error) {
	var a Attachment
	var row thumbnail
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if a, err = read(tx, id); err != nil {
			return err
		}
		if err := s.MayOpen(a); err != nil {
			return err
		}
		return db.Found(tx.First(&row, "attachment_id = ?", id).Error)
	})
	if err != nil {
		return Attachment{}, Thumbnail{}, err
	}
	return a, Thumbnail{
		MediaType: row.MediaType,
		Content:   row.Content,
		Width:     row.Width,
		Height:    row.Height,
	}, nil
}

// content reads a file, whatever is known of it.
func (s *Attachments) content(ctx context.Context, a Attachment) *Content {
	return &Content{ctx: ctx, db: s.db, id: a.ID, size: a.Size}
}

// Content reads a file piece by piece, each in a transaction of its own under the scope of who
// opened it: no more than one piece is in memory, and no transaction waits for a slow reader.
// It is not safe for concurrent use.
type Content struct {
	ctx  context.Context
	db   *db.DB
	id   string
	size int64

	at    int64
	no    int // of the piece in memory
	piece []byte
	err   error
}

// errIncomplete says that a piece is not there: the file was deleted meanwhile.
var errIncomplete = errors.New("the file is not complete any more")

// Read reads on.
func (c *Content) Read(p []byte) (int, error) {
	if c.at >= c.size {
		return 0, io.EOF
	}
	if no := int(c.at / chunkSize); c.piece == nil || no != c.no {
		if c.err = c.load(no); c.err != nil {
			return 0, c.err
		}
	}

	from := c.at - int64(c.no)*chunkSize
	if from >= int64(len(c.piece)) {
		c.err = errIncomplete
		return 0, c.err
	}
	n := copy(p, c.piece[from:])
	c.at += int64(n)
	return n, nil
}

// load reads a piece.
func (c *Content) load(no int) error {
	return c.db.Read(c.ctx, func(tx *db.Tx) error {
		var pieces []chunk
		err := tx.Where("attachment_id = ? AND no = ?", c.id, no).Find(&pieces).Error
		if err == nil && len(pieces) == 0 {
			err = errIncomplete
		}
		if err != nil {
			return err
		}
		c.no, c.piece = no, pieces[0].Content
		return nil
	})
}

// Seek goes to another place of the file.
func (c *Content) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.at
	case io.SeekEnd:
		offset += c.size
	}
	if offset < 0 {
		return 0, errors.New("before the beginning of the file")
	}
	c.at = offset
	return offset, nil
}

// Err returns why the file could not be read; nil where it could, whatever is in it.
func (c *Content) Err() error { return c.err }
