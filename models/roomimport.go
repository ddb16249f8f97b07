package models

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// RoomOfFile is a row of a file of rooms. Err is what the file itself got wrong.
type RoomOfFile struct {
	No   int
	Form rules.RoomRow
	Err  []rules.FieldError
}

// Errors of the storing of a batch.
var (
	// errBatchRefused rolls the first batch back: all or nothing.
	errBatchRefused = errors.New("models: a row of the first batch is refused")
	// errImportMoved: another worker goes on with the job.
	errImportMoved = errors.New("models: another worker goes on with the import")
)

// requester is the context of who asked for a job: the audit names them, and what
// they may do is asked again.
func requester(ctx context.Context, job ImportJob) context.Context {
	org := job.OrgID
	if job.RequestedRole.IsOperator() {
		org = OperatorOrgID
	}
	return WithScope(ctx, Scope{System: true, Actor: Actor{ID: job.RequestedBy, Role: job.RequestedRole, OrgID: org}})
}

// CheckRooms gives the report of rows that are to be stored: the very same checks
// as CreateRoom and RegisterDevice, by three statements for all of them. Nothing is
// stored but, unless the run is dry, the claims on devices of other accounts, as
// RegisterDevice does (R27c).
func (s *Store) CheckRooms(ctx context.Context, job ImportJob, rows []RoomOfFile) ([]ImportRow, error) {
	var reports []ImportRow
	err := s.txAcross(requester(ctx, job), func(tx *gorm.DB, scope Scope) error {
		b, err := s.newRoomBatch(tx, scope, job, rows)
		if err != nil {
			return err
		}
		reports = b.decide(rows)
		if job.DryRun || len(b.claims) == 0 {
			return nil
		}
		if b.acc, err = s.lockAccount(tx, scope, b.acc.ID); err != nil {
			return err
		}
		return b.raiseClaims()
	})
	return reports, err
}

// StoreRooms stores a batch of rows in one transaction with its report, its audit
// and the job's counts and mark, so that a job that was killed goes on behind the
// last batch. A row that is refused meanwhile is reported; in the first batch of an
// import of all or nothing it keeps everything out, and the job comes back REFUSED.
func (s *Store) StoreRooms(ctx context.Context, job ImportJob, rows []RoomOfFile) (ImportJob, error) {
	var after ImportJob
	var reports []ImportRow
	err := s.txAcross(requester(ctx, job), func(tx *gorm.DB, scope Scope) error {
		if err := mayManage(scope, job.Reason); err != nil {
			return err
		}
		acc, err := s.lockAccount(tx, scope, text(job.AccountID))
		if err != nil {
			return err
		}
		b, err := s.newRoomBatch(tx, scope, job, rows)
		if err != nil {
			return err
		}
		b.acc = acc
		reports = b.decide(rows)
		after = job
		after.count(reports)
		if job.AllOrNothing && job.StoredThrough == 0 && after.RowsRefused > 0 {
			return errBatchRefused
		}
		after.StoredThrough = rows[len(rows)-1].No
		if err := b.store(reports); err != nil {
			return err
		}
		return moveOn(tx, job, after)
	})
	if errors.Is(err, errBatchRefused) {
		return s.refuseFirstBatch(ctx, job, reports)
	}
	return after, err
}

// moveOn writes the job's counts and mark, unless another worker did.
func moveOn(tx *gorm.DB, job, after ImportJob) error {
	moved := tx.Model(&ImportJob{}).Where("id = ? AND stored_through = ? AND state = ?", job.ID, job.StoredThrough, ImportStoring).
		Select("rows_stored", "rows_unchanged", "rows_refused", "stored_through").Updates(&after)
	if moved.Error == nil && moved.RowsAffected == 0 {
		return errImportMoved
	}
	return moved.Error
}

func (j *ImportJob) count(reports []ImportRow) {
	for _, r := range reports {
		switch r.Outcome {
		case RowStored:
			j.RowsStored++
		case RowUnchanged:
			j.RowsUnchanged++
		case RowRefused:
			j.RowsRefused++
		}
	}
}

// refuseFirstBatch reports what changed between check and store; nothing of the
// file is there.
func (s *Store) refuseFirstBatch(ctx context.Context, job ImportJob, reports []ImportRow) (ImportJob, error) {
	refused := reports[:0]
	for _, r := range reports {
		if r.Outcome == RowRefused {
			refused = append(refused, r)
		}
	}
	job.RowsRefused, job.State = len(refused), ImportRefused
	return job, s.PutImportRows(ctx, refused)
}
