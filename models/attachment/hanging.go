package attachment

import (
	"context"
	"errors"
	"time"

	_ "embed"

	checks "roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// refusal is a file of a mail that was not taken: there was nobody to tell at once, so that
// whoever reads the message reads it there (S44).
type refusal struct {
	ID        string
	AccountID *string
	OwnerID   string
	GroupID   string
	Name      string // display text alone
	Size      int64
	Code      string // ATTACHMENT_REFUSED or ATTACHMENT_TOO_LARGE
	CreatedAt time.Time
}

// TableName is the table of refused files.
func (refusal) TableName() string { return "attachment_refusals" }

// Hanging is a file as the page of what it hangs on lists it.
type Hanging struct {
	ID        string
	OwnerID   string
	Name      string
	MediaType string
	Size      int64
	ScanState ScanState // empty: it was not taken
	Gone      bool
	Pictured  bool   // a small picture of it can be shown
	Code      string // why it was not taken; empty: it was
}

// Standing says in a word how a file stands, for whoever looks at it.
type Standing string

// The standings of a file.
const (
	StandsReady    Standing = "READY"    // it can be opened
	StandsChecking Standing = "CHECKING" // the scanner has not given its verdict
	StandsBlocked  Standing = "BLOCKED"  // the scanner found something harmful
	StandsGone     Standing = "GONE"     // its content was deleted
	StandsRefused  Standing = "REFUSED"  // it was not taken
)

// StandingOf returns how a file stands.
func (s *Attachments) StandingOf(h Hanging) Standing {
	switch {
	case h.Code != "":
		return StandsRefused
	case h.Gone:
		return StandsGone
	case h.ScanState == ScanInfected:
		return StandsBlocked
	case h.ScanState == Clean, h.ScanState == NotScanned && !s.Scanned:
		return StandsReady
	}
	return StandsChecking
}

// hangingSQL selects the files of a group, and those that were not taken.
//
//go:embed hanging.sql
var hangingSQL string

// OfGroup lists what hangs on the owners of a group, such as the messages of a ticket, in one
// statement and in the order in which it came. What is out of the scope's accounts, or for
// operators alone, is left out.
func OfGroup(tx *db.Tx, groupID string) ([]Hanging, error) {
	var out []Hanging
	all := tx.Raw(hangingSQL, map[string]any{
		"group":    groupID,
		"internal": tx.Scope.System,
	})
	err := tx.Scope.Accounts(tx.Table("(?) AS h", all), "h.account_id").
		Order("h.came, h.id").
		Scan(&out).Error
	return out, err
}

// OfGroup is OfGroup in a transaction of its own.
func (s *Attachments) OfGroup(ctx context.Context, groupID string) (out []Hanging, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) (err error) {
		out, err = OfGroup(tx, groupID)
		return err
	})
	return out, err
}

// StoreWhatIsTaken keeps those files of a mail that are taken, and says beside its message which
// are not and why: nobody can be asked for another one. The owner is new: nothing hangs on it. A
// small file that came before, such as the picture of a signature, is not kept again.
func (s *Attachments) StoreWhatIsTaken(tx *db.Tx, o Owner, files ...Upload) error {
	if err := mayHang(tx, o); err != nil {
		return err
	}

	var count int
	var bytes int64
	for _, u := range files {
		a, kind, err := describe(u)
		if err == nil && (count == checks.MaxMessageFiles || bytes+a.Size > checks.MaxMessage) {
			err = checks.FullMessage()
		}
		if err == nil && a.Size < ornamentSize {
			there, err := alreadyThere(tx, o, a)
			if err != nil {
				return err
			}
			if there {
				continue
			}
		}
		if err == nil {
			err = roomFor(tx, o, a.Size)
		}
		var refused *rules.Error
		switch {
		case errors.As(err, &refused):
			if err := nameRefused(tx, o, a, u, refused.Code); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}

		if _, err := s.storeAs(tx, o, a, kind, u); err != nil {
			return err
		}
		count++
		bytes += a.Size
	}
	return nil
}

// ornamentSize is how large a picture of a signature is at most, which comes with each mail.
const ornamentSize = 5 << 10

// alreadyThere reports whether the same content hangs on another owner of the group.
func alreadyThere(tx *db.Tx, o Owner, a Attachment) (bool, error) {
	var there []string
	err := seen(tx).Model(&Attachment{}).
		Where("group_id = ? AND owner_id <> ? AND sha256 = ?", o.GroupID, o.ID, a.SHA256).
		Limit(1).
		Pluck("id", &there).Error
	return len(there) > 0, err
}

// roomFor refuses a file for which the group has no room. Its quota is locked with the row of
// what the group is, such as the ticket: nobody else adds to it meanwhile.
func roomFor(tx *db.Tx, o Owner, size int64) error {
	var used []int64
	err := tx.Model(&quota{}).Where("owner_id = ?", o.counted()).Pluck("bytes", &used).Error
	if err != nil {
		return err
	}
	if len(used) > 0 && used[0]+size > checks.MaxGroup {
		return checks.FullGroup()
	}
	return nil
}

// nameRefused says of a file that it was not taken.
func nameRefused(tx *db.Tx, o Owner, a Attachment, u Upload, code string) error {
	return tx.Create(&refusal{
		ID:        db.NewID(db.PrefixFileRefusal),
		AccountID: o.AccountID,
		OwnerID:   o.ID,
		GroupID:   o.GroupID,
		Name:      checks.CleanName(u.Name),
		Size:      a.Size,
		Code:      code,
		CreatedAt: tx.Now(),
	}).Error
}
