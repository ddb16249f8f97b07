package attachment

import (
	"context"
	"time"

	_ "embed"

	"gorm.io/gorm/clause"

	checks "roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/models/db"
)

// Lease is how long whoever took a file has time to scan it and to draw its picture: longer
// than any scan. After that it is somebody else's, as after a kill.
const Lease = checks.ScanTimeout + 3*time.Minute

// nextSQL takes the file that is due first.
//
//go:embed next.sql
var nextSQL string

// Next takes the next file that is to be scanned or drawn, for a Lease; false where there is
// none. Two who ask at once never get the same. It is the service's.
func (s *Attachments) Next(ctx context.Context) (a Attachment, ok bool, err error) {
	var rows []Attachment
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		rows = nil
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		var due []string
		waiting := tx.Model(&Attachment{}).Where("next_at <= ?", db.RealNow())
		err := db.LockWith(waiting, clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}).
			Order("next_at").
			Limit(1).
			Pluck("id", &due).Error
		if err != nil || len(due) == 0 {
			return err
		}
		return tx.Raw(nextSQL, map[string]any{
			"id":    due[0],
			"until": db.RealNow().Add(Lease),
		}).Scan(&rows).Error
	})
	if err != nil || len(rows) == 0 {
		return Attachment{}, false, err
	}
	return rows[0], true, nil
}

// Waits reports whether a file waits for a verdict of the scanner.
func (a Attachment) Waits() bool {
	return a.ScanState == Pending || a.ScanState == ScanError || a.ScanState == ScanTooLarge
}

// Previewed reports whether a small picture is made of a file of this kind.
func (a Attachment) Previewed() bool {
	kind, _ := checks.KindOf(a.MediaType)
	return kind.Previewed
}

// ContentOf is the content of a file that Next gave, for the scanner: it may be harmful.
func (s *Attachments) ContentOf(ctx context.Context, a Attachment) *Content {
	return s.content(ctx, a)
}

// scanner is the subject of the one task that stands for all files that wait because the scanner
// gives no verdict.
const scanner = "scanner"

// RecordVerdict keeps what the scanner said of a file, and settles the task about the scanner
// once no file waits for it any more. A file that was found infected stays so. Of one that is
// too large for the scanner an operator is told, and it is asked again in an hour.
func (s *Attachments) RecordVerdict(ctx context.Context, id string, v checks.Verdict) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		var a Attachment
		if err := db.Found(tx.ForUpdate().First(&a, "id = ?", id).Error); err != nil {
			return err
		}
		if !a.Waits() {
			return nil
		}

		before := a.ScanState
		a.ScanState = ScanState(v.Outcome)
		a.Finding = v.Finding
		switch {
		case a.ScanState == ScanTooLarge:
			later := db.RealNow().Add(time.Hour)
			a.NextAt = &later
		case a.ScanState == Clean && a.Previewed():
			// Its picture is drawn next, by whoever has it, or after the lease.
		default:
			a.NextAt = nil
		}
		err := tx.Model(&Attachment{}).Where("id = ?", id).
			Select("scan_state", "finding", "next_at").Updates(&a).Error
		if err != nil {
			return err
		}
		if err := followVerdict(tx, a, before); err != nil {
			return err
		}
		return settleScanner(tx)
	})
}

// followVerdict tells an operator of a file that is too large, and the audit of one that is
// blocked from now on.
func followVerdict(tx *db.Tx, a Attachment, before ScanState) error {
	if a.ScanState != ScanTooLarge {
		if err := tx.Settle(db.TaskProcessStuck, a.ID, "it was scanned"); err != nil {
			return err
		}
	} else if err := tx.Raise(db.OperatorTask{
		Kind:      db.TaskProcessStuck,
		SubjectID: a.ID,
		AccountID: a.AccountID,
		What: "Raise the largest stream that the scanner takes (StreamMaxLength of clamd) to " +
			"10 MiB or more. The file is blocked, and is scanned again every hour.",
		Why: "The scanner refuses a file for its size.",
	}); err != nil {
		return err
	}

	if a.ScanState == Clean || a.ScanState == before {
		return nil
	}
	return tx.Audit(a.ID, a.AccountID, false, db.Entry{
		Verb:     "attachment.blocked",
		ObjectID: a.ID,
		Details:  map[string]any{"state": a.ScanState, "finding": a.Finding},
	})
}

// settleScanner closes the task about the scanner where no file waits for its answer.
func settleScanner(tx *db.Tx) error {
	var waiting []string
	err := tx.Model(&Attachment{}).Where("scan_state = ?", ScanError).Limit(1).
		Pluck("id", &waiting).Error
	if err != nil || len(waiting) > 0 {
		return err
	}
	return tx.Settle(db.TaskProcessStuck, scanner, "the scanner answers again")
}

// longestPause is the longest pause before the scanner is asked again about a file.
const longestPause = 5 * time.Minute

// RecordFailure keeps that the scanner gave no verdict: the file stays blocked, an operator is
// asked, and the scanner is asked again, without end.
func (s *Attachments) RecordFailure(ctx context.Context, id string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		var a Attachment
		if err := db.Found(tx.ForUpdate().First(&a, "id = ?", id).Error); err != nil {
			return err
		}
		if !a.Waits() {
			return nil
		}

		wait := min(5*time.Second<<min(a.Attempts, 10), longestPause)
		again := db.RealNow().Add(wait)
		err := tx.Model(&Attachment{}).Where("id = ?", id).
			Updates(map[string]any{"scan_state": ScanError, "next_at": again}).Error
		if err != nil {
			return err
		}
		return tx.Raise(db.OperatorTask{
			Kind:      db.TaskProcessStuck,
			SubjectID: scanner,
			What: "Look at the scanner of attachments (ROOMCOVER_CLAMD). What waits for it " +
				"cannot be opened, and is scanned by itself once it answers.",
			Why: "The scanner of attachments gives no verdict; the log has its errors.",
		})
	})
}

// RecordThumbnail keeps the small picture of a file that was scanned; nil: none is made of it.
func (s *Attachments) RecordThumbnail(ctx context.Context, id string, t *checks.Thumbnail) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		var a Attachment
		if err := db.Found(tx.ForUpdate().First(&a, "id = ?", id).Error); err != nil {
			return err
		}
		if a.Waits() || a.ScanState == ScanInfected {
			return nil
		}

		err := tx.Model(&Attachment{}).Where("id = ?", id).Update("next_at", nil).Error
		if err != nil || t == nil || a.GoneAt != nil {
			return err
		}
		return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&thumbnail{
			AttachmentID: id,
			AccountID:    a.AccountID,
			Internal:     a.Internal,
			MediaType:    t.MediaType,
			Content:      t.Content,
			Width:        t.Width,
			Height:       t.Height,
		}).Error
	})
}

// adoptBatch is how many files change with the scanner's being there or not at once.
const adoptBatch = 500

// AdoptScanner queues what was stored while there was no scanner, where there is one now, and
// frees what waits for one, where there is none any more. A file that was found infected stays
// blocked. It returns how many files it changed; again it changes nothing.
func (s *Attachments) AdoptScanner(ctx context.Context) (changed int64, err error) {
	from, to, next := []ScanState{NotScanned}, Pending, new(db.RealNow())
	if !s.Scanned {
		from, to = []ScanState{Pending, ScanError, ScanTooLarge}, NotScanned
	}

	for {
		var n int64
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			var ids []string
			err := tx.Model(&Attachment{}).
				Where("scan_state IN ? AND gone_at IS NULL", from).
				Order("id").Limit(adoptBatch).Pluck("id", &ids).Error
			if err != nil || len(ids) == 0 {
				n = 0
				return err
			}

			res := tx.Model(&Attachment{}).Where("id IN ? AND scan_state IN ?", ids, from).
				Updates(map[string]any{"scan_state": to, "next_at": next})
			n = res.RowsAffected
			if res.Error != nil || s.Scanned {
				return res.Error
			}
			if err := tx.SettleAll(db.TaskProcessStuck, ids, "there is no scanner"); err != nil {
				return err
			}
			return settleScanner(tx)
		})
		changed += n
		if err != nil || n == 0 {
			return changed, err
		}
	}
}
