package models

import (
	"context"
	"io"

	"gorm.io/gorm"
)

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

// moveOn writes the job's counts and mark, unless another worker did.
func moveOn(tx *gorm.DB, job, after ImportJob) error {
	moved := tx.Model(&ImportJob{}).
		Where("id = ? AND stored_through = ? AND state = ?", job.ID, job.StoredThrough, ImportStoring).
		Select("rows_stored", "rows_unchanged", "rows_refused", "stored_through").
		Updates(&after)
	if moved.Error == nil && moved.RowsAffected == 0 {
		return errImportMoved
	}
	return moved.Error
}

// contentSlice is how much of a job's file is read at once, in bytes.
const contentSlice = 1 << 20

// ImportContent reads a job's file slice by slice, each in a statement of its own:
// neither memory nor a transaction holds the whole. A job that is over has none.
func (s *Store) ImportContent(ctx context.Context, jobID string) io.Reader {
	return &contentReader{ctx: ctx, store: s, jobID: jobID}
}

type contentReader struct {
	ctx   context.Context
	store *Store
	jobID string
	read  int
	rest  []byte
}

// Read implements io.Reader.
func (r *contentReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *contentReader) next() error {
	var row struct{ Slice []byte }
	err := r.store.tx(r.ctx, func(tx *gorm.DB, scope Scope) error {
		return found(scope.imports(tx).
			Model(&ImportJob{}).
			Select("substr(content, ?, ?) AS slice", r.read+1, contentSlice).
			Where("id = ?", r.jobID).
			Take(&row).Error)
	})
	if err != nil {
		return err
	}
	if len(row.Slice) == 0 {
		return io.EOF
	}

	r.read = r.read + len(row.Slice)
	r.rest = row.Slice
	return nil
}
