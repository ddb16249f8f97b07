package attachment

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	_ "embed"

	"gorm.io/gorm/clause"

	checks "roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/models/db"
)

// chunkSize is how many bytes of a file are written, and are in memory, at once.
const chunkSize = 256 << 10

// Owner is what a file hangs on.
type Owner struct {
	ID        string  // such as a message; at most MaxMessage bytes and MaxMessageFiles files
	GroupID   string  // such as the ticket of the message; at most MaxGroup bytes; empty: the ID
	AccountID *string // nil: of no account
	// Internal says that operators alone see it (S42). What hangs there is not counted with the
	// rest of the group: nobody finds out how much it is.
	Internal bool
}

// counted is under which name the files of the group are counted.
func (o Owner) counted() string {
	if o.Internal {
		return o.GroupID + "/internal"
	}
	return o.GroupID
}

// Upload is a file that comes in. Content is read twice, from its beginning.
type Upload struct {
	Name    string // as whoever sends it calls it
	Content io.ReadSeeker
}

// Store keeps a file in the caller's transaction, which has made sure that the owner may be
// written to. The same content under the same name of the same owner is the same file: again it
// changes nothing. It refuses with ATTACHMENT_REFUSED what is of no kind that is taken, and
// with ATTACHMENT_TOO_LARGE what is beyond the limits of a file, an owner or a group; the
// database decides them, so that two at once do not get past. A file out of the scope's accounts
// is NOT_FOUND.
func (s *Attachments) Store(tx *db.Tx, o Owner, u Upload) (Attachment, error) {
	if err := mayHang(tx, o); err != nil {
		return Attachment{}, err
	}
	a, kind, err := describe(u)
	if err != nil {
		return Attachment{}, err
	}
	return s.storeAs(tx, o, a, kind, u)
}

// mayHang refuses an owner out of the scope.
func mayHang(tx *db.Tx, o Owner) error {
	if tx.Scope.System {
		return nil
	}
	if o.AccountID == nil || o.Internal || !tx.Scope.Sees(*o.AccountID) {
		return db.NotFound()
	}
	return nil
}

// storeAs keeps a file that was described.
func (s *Attachments) storeAs(
	tx *db.Tx, o Owner, a Attachment, kind checks.Kind, u Upload,
) (Attachment, error) {
	if o.GroupID == "" {
		o.GroupID = o.ID
	}
	a.ID = db.NewID(db.PrefixFile)
	a.AccountID = o.AccountID
	a.OwnerID = o.ID
	a.GroupID = o.GroupID
	a.Internal = o.Internal
	a.UploadedBy = tx.Scope.Actor.ID
	a.CreatedAt = tx.Now()
	s.schedule(&a, kind.Previewed)

	made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&a)
	if made.Error != nil {
		return Attachment{}, made.Error
	}
	if made.RowsAffected == 0 {
		return twin(tx, a)
	}

	if err := charge(tx, o, a.Size); err != nil {
		return Attachment{}, err
	}
	if err := storeContent(tx, a, u.Content); err != nil {
		return Attachment{}, err
	}
	return a, tx.Audit(a.ID, a.AccountID, true, db.Entry{
		Verb:     "attachment.stored",
		ObjectID: a.ID,
		Details: map[string]any{
			"owner":      a.OwnerID,
			"group":      a.GroupID,
			"media_type": a.MediaType,
			"size":       a.Size,
		},
	})
}

// schedule says what is to be done with a new file: scan it where there is a scanner, and draw
// a small picture of one.
func (s *Attachments) schedule(a *Attachment, previewed bool) {
	now := db.RealNow()
	a.ScanState = NotScanned
	if s.Scanned {
		a.ScanState = Pending
	}
	if s.Scanned || previewed {
		a.NextAt = &now
	}
}

// describe reads a file once: its size, its kind, its hash.
func describe(u Upload) (a Attachment, kind checks.Kind, err error) {
	if a.Size, err = u.Content.Seek(0, io.SeekEnd); err != nil {
		return a, kind, err
	}
	if a.Size > checks.MaxFile {
		return a, kind, checks.TooLargeFile()
	}
	if _, err = u.Content.Seek(0, io.SeekStart); err != nil {
		return a, kind, err
	}

	head := make([]byte, min(a.Size, checks.HeadSize))
	if _, err := io.ReadFull(u.Content, head); err != nil {
		return a, kind, err
	}
	if kind, a.Name, err = checks.Check(u.Name, head); err != nil {
		return a, kind, err
	}
	a.MediaType = kind.MediaType

	sum := sha256.New()
	sum.Write(head)
	if _, err := io.Copy(sum, u.Content); err != nil {
		return a, kind, err
	}
	a.SHA256 = hexOf(sum)
	return a, kind, nil
}

func hexOf(sum hash.Hash) string { return hex.EncodeToString(sum.Sum(nil)) }

// twin is the file that is there already.
func twin(tx *db.Tx, a Attachment) (Attachment, error) {
	var there Attachment
	err := tx.First(&there, "owner_id = ? AND sha256 = ? AND name = ?",
		a.OwnerID, a.SHA256, a.Name).Error
	return there, db.Found(err)
}

// chargeSQL adds a file to an owner's or a group's, unless it is too much.
//
//go:embed charge.sql
var chargeSQL string

// charge adds a file to what its owner and its group have.
func charge(tx *db.Tx, o Owner, size int64) error {
	if o.GroupID != o.ID {
		ok, err := chargeOne(tx, o, o.counted(), size, 0, checks.MaxGroup)
		if err != nil {
			return err
		}
		if !ok {
			return checks.FullGroup()
		}
	}

	ok, err := chargeOne(tx, o, o.ID, size, checks.MaxMessageFiles, checks.MaxMessage)
	if err == nil && !ok {
		err = checks.FullMessage()
	}
	return err
}

// chargeOne reports whether there was room for the file; mostFiles 0: for any number.
func chargeOne(
	tx *db.Tx, o Owner, id string, size int64, mostFiles int, mostBytes int64,
) (bool, error) {
	tx.WaitForLock()
	res := tx.Exec(chargeSQL, map[string]any{
		"owner":      id,
		"account":    o.AccountID,
		"internal":   o.Internal,
		"size":       size,
		"most_files": mostFiles,
		"most_bytes": mostBytes,
	})
	return res.RowsAffected == 1, res.Error
}

// errMoved says that a file was not the same when it was read again.
var errMoved = errors.New("the file changed while it was stored")

// storeContent writes a file in pieces.
func storeContent(tx *db.Tx, a Attachment, content io.ReadSeeker) error {
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return err
	}

	sum := sha256.New()
	piece := make([]byte, chunkSize)
	for no := 0; ; no++ {
		n, err := io.ReadFull(content, piece)
		if err == io.EOF {
			break
		}
		if err != nil && err != io.ErrUnexpectedEOF {
			return err
		}

		sum.Write(piece[:n])
		stored := tx.Create(&chunk{
			AttachmentID: a.ID,
			No:           no,
			AccountID:    a.AccountID,
			Internal:     a.Internal,
			Content:      piece[:n],
		})
		if stored.Error != nil {
			return stored.Error
		}
	}

	if hexOf(sum) != a.SHA256 {
		return errMoved
	}
	return nil
}
