// Package attachment keeps the files that people attach to what they write (S43): in pieces, in
// the same transaction as the message, fenced by account, with the scanner's verdict and a small
// picture. What a file hangs on is known by its id alone.
package attachment

import (
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	checks "roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// Attachments keeps files. It is safe for concurrent use.
type Attachments struct {
	db *db.DB

	// Scanned says that a scanner is configured: nothing is handed out before its verdict.
	Scanned bool
}

// New returns the domain on a database.
func New(database *db.DB) *Attachments { return &Attachments{db: database} }

// Attachment is a file that hangs on something. Its content is read with Open.
type Attachment struct {
	ID         string
	AccountID  *string // nil: of nobody's account, such as a stranger's mail; operators see it
	OwnerID    string  // what it hangs on, such as a message
	GroupID    string  // what that belongs to, such as a ticket; its owner's id where to nothing
	Name       string  // display text alone
	MediaType  string  // by content
	Size       int64
	SHA256     string `gorm:"column:sha256"` // hex; files of two owners are never stored as one
	ScanState  ScanState
	Finding    string // how the scanner calls what it found
	UploadedBy string
	CreatedAt  time.Time
	GoneAt     *time.Time // when the content was deleted
	Internal   bool       // for operators alone (S42)

	Attempts int
	NextAt   *time.Time // real time: when it is to be scanned or drawn; nil: there is nothing to do
}

// ScanState says what is known of a file's harmlessness.
type ScanState string

// The states of a file. Those but CLEAN keep it from being handed out, NOT_SCANNED only where
// a scanner is configured: the file is scanned then.
const (
	Pending      ScanState = "PENDING"
	Clean        ScanState = "CLEAN"
	ScanInfected ScanState = "INFECTED"
	ScanTooLarge ScanState = "TOO_LARGE" // the scanner takes no file of this size
	ScanError    ScanState = "ERROR"     // the scanner gave no verdict; it is asked on
	NotScanned   ScanState = "NOT_SCANNED"
)

// chunk is a piece of a file.
type chunk struct {
	AttachmentID string `gorm:"primaryKey"`
	No           int    `gorm:"primaryKey"` // from 0
	AccountID    *string
	Internal     bool
	Content      []byte
}

// TableName is the table of pieces.
func (chunk) TableName() string { return "attachment_chunks" }

// thumbnail is the small picture of a file.
type thumbnail struct {
	AttachmentID string `gorm:"primaryKey"`
	AccountID    *string
	Internal     bool
	MediaType    string
	Content      []byte
	Width        int
	Height       int
}

// TableName is the table of small pictures.
func (thumbnail) TableName() string { return "attachment_thumbnails" }

// quota is how much hangs on an owner, or on a group of them.
type quota struct {
	OwnerID   string `gorm:"primaryKey"`
	AccountID *string
	Internal  bool
	Files     int
	Bytes     int64
}

// TableName is the table of quotas.
func (quota) TableName() string { return "attachment_quotas" }

// Entities lists the entities of attachments: one for each table.
func Entities() []any {
	return []any{
		Attachment{},
		chunk{},
		thumbnail{},
		quota{},
		refusal{},
	}
}

// MayOpen refuses a file that is not handed out: ATTACHMENT_GONE, ATTACHMENT_INFECTED, or
// ATTACHMENT_NOT_CHECKED where a scanner is configured that has not found it clean.
func (s *Attachments) MayOpen(a Attachment) error {
	switch {
	case a.GoneAt != nil:
		return rules.Refuse(checks.Gone, "The content of this file was deleted.",
			"Ask whoever sent it to send it again.")
	case a.ScanState == ScanInfected:
		return rules.Refuse(checks.Infected, "The scanner found something harmful in this file.",
			"Ask whoever sent it for another one; their machine may be affected.")
	case a.ScanState == Clean, a.ScanState == NotScanned && !s.Scanned:
		return nil
	}
	return rules.Refuse(checks.NotChecked, "The file has not been checked yet.",
		"Try again in a minute; where it takes long, our operators look into it.")
}

// Of lists the files of several owners in the scope, in the order in which they came. It says
// nothing about whether they may be opened.
func Of(tx *db.Tx, ownerIDs ...string) ([]Attachment, error) {
	var out []Attachment
	err := seen(tx).
		Where(clause.IN{
			Column: clause.Column{Name: "owner_id"},
			Values: db.AnySlice(ownerIDs),
		}).
		Order("id").
		Find(&out).Error
	return out, err
}

// Get returns a file in the scope, without its content; NOT_FOUND for a foreign one.
func Get(tx *db.Tx, id string) (Attachment, error) { return read(tx, id) }

func read(tx *db.Tx, id string) (Attachment, error) {
	var a Attachment
	err := seen(tx).First(&a, "id = ?", id).Error
	return a, db.Found(err)
}

// seen finds the files in the scope; those for operators alone are nobody else's (S42).
func seen(tx *db.Tx) *gorm.DB {
	q := tx.Scope.Accounts(tx.DB, "account_id")
	if !tx.Scope.System {
		q = q.Where("NOT internal")
	}
	return q
}
