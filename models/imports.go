package models

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// ImportJob is a file of orders on its way in. Content is kept until the job
// is done, so that a job survives a kill.
type ImportJob struct {
	ID            string
	OrgID         string
	Format        string // csv or json
	DryRun        bool
	AllOrNothing  bool
	State         ImportState
	ContentHash   string
	Content       []byte
	RowsTotal     int
	RowsChecked   int
	RowsStored    int
	RowsUnchanged int
	RowsRefused   int
	RequestedBy   string
	Error         string
	CreatedAt     time.Time
	FinishedAt    *time.Time
}

// ImportState tells how far a job has come.
type ImportState string

// The states of an ImportJob. REFUSED: a row was refused and nothing stored.
const (
	ImportQueued   ImportState = "QUEUED"
	ImportChecking ImportState = "CHECKING"
	ImportStoring  ImportState = "STORING"
	ImportDone     ImportState = "DONE"
	ImportRefused  ImportState = "REFUSED"
	ImportFailed   ImportState = "FAILED"
)

// ImportRow is the report of one order of a file. RowNo is the line of a CSV
// file or the place in a JSON array, from 1.
type ImportRow struct {
	JobID   string `gorm:"primaryKey"`
	RowNo   int    `gorm:"primaryKey"`
	Outcome ImportOutcome
	OrderID *string
	Errors  []rules.FieldError `gorm:"serializer:json"`
}

// ImportOutcome is how a row ended.
type ImportOutcome string

// The outcomes of a row.
const (
	RowValid     ImportOutcome = "VALID"
	RowStored    ImportOutcome = "STORED"
	RowUnchanged ImportOutcome = "UNCHANGED"
	RowRefused   ImportOutcome = "REFUSED"
)

// CreateImport stores a file with the outbox row that starts its workflow.
func (s *Store) CreateImport(ctx context.Context, job ImportJob) (ImportJob, error) {
	job.ID, job.State, job.CreatedAt = NewID(prefixImport), ImportQueued, s.clock.Now()
	job.ContentHash = HashSecret(string(job.Content))
	err := s.txAcross(ctx, func(tx *gorm.DB, scope Scope) error {
		if !scope.System && job.OrgID != scope.OrgID {
			return errNotFound()
		}
		job.RequestedBy = scope.Actor.ID
		if err := tx.Create(&job).Error; err != nil {
			return err
		}
		if err := s.appendAudit(tx, scope, job.ID, nil, true, entry{"import.created", job.ID, map[string]any{"format": job.Format, "dry_run": job.DryRun, "hash": job.ContentHash}}); err != nil {
			return err
		}
		return s.enqueue(tx, outboxEvent(OutboxImportQueued, job.ID, "1", nil))
	})
	return job, err
}

// GetImport reads a job; its content only when asked for.
func (s *Store) GetImport(ctx context.Context, id string, withContent bool) (ImportJob, error) {
	var job ImportJob
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if !scope.System {
			tx = tx.Where("org_id = ?", scope.OrgID)
		}
		if !withContent {
			tx = tx.Omit("content")
		}
		return found(tx.First(&job, "id = ?", id).Error)
	})
	return job, err
}

// ImportProgress replaces a job's counts and state; a finished job drops its
// content.
func (s *Store) ImportProgress(ctx context.Context, job ImportJob) error {
	columns := []string{"state", "rows_total", "rows_checked", "rows_stored", "rows_unchanged", "rows_refused", "error"}
	if job.State == ImportDone || job.State == ImportRefused || job.State == ImportFailed {
		now := s.clock.Now()
		job.FinishedAt, job.Content = &now, []byte{}
		columns = append(columns, "finished_at", "content")
	}
	return s.tx(ctx, func(tx *gorm.DB, _ Scope) error {
		return tx.Model(&ImportJob{}).Where("id = ? AND finished_at IS NULL", job.ID).Select(columns).Updates(&job).Error
	})
}

// putRow replaces the report of a row that is checked or stored again. What was
// stored stays: a run that lost its lease may come late.
var putRow = clause.OnConflict{
	Columns:   []clause.Column{{Name: "job_id"}, {Name: "row_no"}},
	DoUpdates: clause.AssignmentColumns([]string{"outcome", "order_id", "errors"}),
	Where:     clause.Where{Exprs: []clause.Expression{clause.Neq{Column: clause.Column{Table: "import_rows", Name: "outcome"}, Value: RowStored}}},
}

// reportStored notes, in the order's own transaction, that a row of an import
// became the order.
func reportStored(tx *gorm.DB, in Intake, orderID string) error {
	if in.JobID == "" {
		return nil
	}
	return tx.Clauses(putRow).Create(&ImportRow{JobID: in.JobID, RowNo: in.RowNo, Outcome: RowStored, OrderID: &orderID, Errors: []rules.FieldError{}}).Error
}

// PutImportRows writes reports of rows; a row that is checked again replaces
// its report, and one that was stored keeps it.
func (s *Store) PutImportRows(ctx context.Context, rows []ImportRow) error {
	if len(rows) == 0 {
		return nil
	}
	for i := range rows {
		if rows[i].Errors == nil {
			rows[i].Errors = []rules.FieldError{}
		}
	}
	return s.tx(ctx, func(tx *gorm.DB, _ Scope) error {
		return tx.Clauses(putRow).CreateInBatches(&rows, 500).Error
	})
}

// ImportRows lists the report of a job by row, after the row number given.
func (s *Store) ImportRows(ctx context.Context, jobID string, outcome ImportOutcome, after, limit int) ([]ImportRow, error) {
	var out []ImportRow
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		job := tx.Where("id = ?", jobID)
		if !scope.System {
			job = job.Where("org_id = ?", scope.OrgID)
		}
		if err := found(job.Select("id").First(&ImportJob{}).Error); err != nil {
			return err
		}
		q := tx.Where("job_id = ? AND row_no > ?", jobID, after)
		if outcome != "" {
			q = q.Where("outcome = ?", outcome)
		}
		return q.Order("row_no").Limit(limit).Find(&out).Error
	})
	return out, err
}

// ImportedRows are the rows of a job that need nothing more, by number: those
// whose order it stored, or found stored. A job goes on without them where a
// kill left it.
func (s *Store) ImportedRows(ctx context.Context, jobID string) (map[int]ImportOutcome, error) {
	var rows []ImportRow
	err := s.tx(ctx, func(tx *gorm.DB, _ Scope) error {
		return tx.Select("row_no", "outcome").Find(&rows, "job_id = ? AND outcome IN ?", jobID, []ImportOutcome{RowStored, RowUnchanged}).Error
	})
	out := make(map[int]ImportOutcome, len(rows))
	for _, r := range rows {
		out[r.RowNo] = r.Outcome
	}
	return out, err
}

// CheckOrder runs the checks of an intake and stores nothing: what it returns
// is what AcceptOrder would refuse.
func (s *Store) CheckOrder(ctx context.Context, in Intake) ([]rules.FieldError, error) {
	ref, err := s.Reference(ctx)
	if err != nil {
		return nil, err
	}
	var refusal *rules.Error
	if err := in.Form.Validate(ref.Catalogue, todayUTC(s.clock.Now())); errors.As(err, &refusal) {
		return refusal.Fields, nil
	}
	form := in.Form.Normalised()
	var stored Order
	err = s.txAcross(ctx, func(tx *gorm.DB, _ Scope) error {
		reseller := tx.Model(&Org{}).Select("id").Where("id = ?", in.Sender.ID)
		if in.Sender.Kind == OrgDistributor { // the number is the reseller's own
			reseller = tx.Model(&Org{}).Select("id").Where("kind = ? AND name_key = ?", OrgReseller, rules.CompanyKey(form.Reseller.Company))
		}
		return tx.First(&stored, "po_number = ? AND reseller_id IN (?)", form.PONumber, reseller).Error
	})
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case stored.PayloadHash == form.Hash():
		return nil, nil
	}
	errors.As(otherOrder(stored, in.Sender.ID, form), &refusal)
	return refusal.Fields, nil
}
