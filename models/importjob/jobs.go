package importjob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// ImportKind is what a file holds.
type ImportKind string

// The kinds of an import.
const (
	ImportOrders ImportKind = "ORDERS"
	ImportRooms  ImportKind = "ROOMS"
)

// ImportJob is a file on its way in: orders of a seller, or rooms of an account.
// Content is kept until the job is done, so that a job survives a kill.
type ImportJob struct {
	ID            string
	Kind          ImportKind // empty when it is created: orders
	OrgID         string     // the seller, or the account's parent
	AccountID     *string    // whose rooms they are
	Format        string     // csv or json
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
	RequestedRole rules.Role
	Reason        string // operators
	StoredThrough int    // rooms: the last row of the last batch that was stored
	Error         string
	CreatedAt     time.Time
	FinishedAt    *time.Time
}

// ImportState says how far a job has come.
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

// ImportRow is the report of one row of a file. RowNo is the line of a CSV
// file or the place in a JSON array, from 1. RoomID and DeviceID of a refused row
// name what has its serial already, where that is the account's own.
type ImportRow struct {
	JobID    string `gorm:"primaryKey"`
	RowNo    int    `gorm:"primaryKey"`
	Outcome  ImportOutcome
	OrderID  *string
	RoomID   *string
	DeviceID *string
	Errors   []rules.FieldError `gorm:"serializer:json"`
	Warnings []rules.FieldError `gorm:"serializer:json"` // what is doubtful and taken all the same
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

// CreateImport stores a file with the outbox row that starts its workflow. A file of
// rooms needs the right to change the account's rooms (FORBIDDEN), and a reason where
// an operator sends it (REASON_REQUIRED); an organisation or account out of scope
// answers NOT_FOUND; a seller or an account with openImports files that are not done yet
// answers RATE_LIMITED. Each call stores another job.
func (s *Jobs) CreateImport(ctx context.Context, job ImportJob) (ImportJob, error) {
	return s.createImport(ctx, job, false)
}

// CreateImportOnce is CreateImport for a form whose button may be pressed twice: while the same
// file of the same account waits or runs, it answers with that job.
func (s *Jobs) CreateImportOnce(ctx context.Context, job ImportJob) (ImportJob, error) {
	return s.createImport(ctx, job, true)
}

func (s *Jobs) createImport(ctx context.Context, job ImportJob, once bool) (ImportJob, error) {
	if job.Kind == "" {
		job.Kind = ImportOrders
	}

	job.ID = db.NewID(db.PrefixImport)
	job.State = ImportQueued
	job.CreatedAt = s.db.Now()
	job.ContentHash = hashContent(job.Content)

	var made ImportJob
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		made = ImportJob{}
		if err := mayImport(tx, &job); err != nil {
			return err
		}

		if err := lockFiles(tx, job); err != nil {
			return err
		}
		if once {
			twin, found, err := openTwin(tx, job)
			if err != nil {
				return err
			}
			if found {
				made = twin
				return nil
			}
		}
		if err := mayQueueMore(tx, job); err != nil {
			return err
		}

		job.RequestedBy = tx.Scope.Actor.ID
		job.RequestedRole = tx.Scope.Actor.Role
		if err := tx.Create(&job).Error; err != nil {
			return err
		}

		e := db.Entry{
			Verb:     "import.created",
			ObjectID: job.ID,
			Details: db.WithReason(job.Reason, map[string]any{
				"kind":    job.Kind,
				"format":  job.Format,
				"dry_run": job.DryRun,
				"hash":    job.ContentHash,
			}),
		}

		if err := tx.Audit(job.ID, job.AccountID, true, e); err != nil {
			return err
		}

		made = job
		summary := strings.ToLower(string(job.Kind)) + ", " + job.Format
		return tx.Enqueue(db.NewOutboxEvent(db.OutboxImportQueued, job.ID, "1",
			map[string]string{db.PayloadSummary: summary}))
	})

	return made, err
}

// openImports is how many files of one seller, or of one account, may wait or run at once:
// files are read in the order in which they came, and nobody's stand before everybody's.
const openImports = 5

// importWait is when to look again whether one of them is done.
const importWait = time.Minute

// lockSender leaves others free to refer to the organisation, as orders do.
var lockSender = clause.Locking{Strength: "NO KEY UPDATE"}

// lockFiles makes two files of one seller that come at once wait for each other.
func lockFiles(tx *db.Tx, job ImportJob) error {
	var locked []string
	return db.LockWith(tx.Table("orgs"), lockSender).
		Where("id = ?", job.OrgID).
		Pluck("id", &locked).Error
}

// openTwin finds the same file of the same account that is not done yet.
func openTwin(tx *db.Tx, job ImportJob) (twin ImportJob, found bool, err error) {
	var twins []ImportJob
	err = tx.Omit("content").
		Where("account_id = ? AND kind = ? AND content_hash = ?",
			db.Text(job.AccountID), job.Kind, job.ContentHash).
		Where("dry_run = ? AND all_or_nothing = ? AND finished_at IS NULL",
			job.DryRun, job.AllOrNothing).
		Limit(1).
		Find(&twins).Error
	if err != nil || len(twins) == 0 {
		return ImportJob{}, false, err
	}
	return twins[0], true, nil
}

// mayQueueMore refuses one file too many of its seller or its account, after lockFiles.
func mayQueueMore(tx *db.Tx, job ImportJob) error {
	var open int64
	q := tx.Model(&ImportJob{}).
		Where("org_id = ? AND kind = ? AND finished_at IS NULL", job.OrgID, job.Kind)
	if job.AccountID != nil {
		q = q.Where("account_id = ?", *job.AccountID)
	}
	if err := q.Count(&open).Error; err != nil || open < openImports {
		return err
	}

	return rules.TooMany(
		fmt.Sprintf("%d of your files are not read yet.", openImports),
		"Wait until one of them is done, or put more into one file.", importWait)
}

// hashContent is HashSecret without a copy of the file.
func hashContent(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// mayImport refuses a file of orders of another seller, and a file of rooms of an actor
// who may not change them. It fills in the organisation of a file of rooms.
func mayImport(tx *db.Tx, job *ImportJob) error {
	if job.Kind == ImportOrders {
		if !tx.Scope.System && job.OrgID != tx.Scope.OrgID {
			return db.NotFound()
		}
		return nil
	}

	if err := db.MayManage(tx.Scope, job.Reason); err != nil {
		return err
	}

	var account struct{ ParentOrgID string }
	err := tx.Scope.Accounts(tx.Table("accounts"), "id").Select("parent_org_id").
		Where("id = ?", db.Text(job.AccountID)).Take(&account).Error
	if err != nil {
		return db.Found(err)
	}

	job.OrgID = account.ParentOrgID
	return nil
}

// jobsInScope narrows a query on jobs to what the scope may see: a seller its files
// of orders, a customer those of its accounts' rooms.
func jobsInScope(scope db.Scope, q *gorm.DB) *gorm.DB {
	switch {
	case scope.System:
		return q
	case scope.OrgID != "":
		return q.Where("org_id = ? AND account_id IS NULL", scope.OrgID)
	default:
		return scope.Accounts(q, "account_id")
	}
}

// GetImport reads a job; its content only when asked for.
func (s *Jobs) GetImport(ctx context.Context, id string, withContent bool) (ImportJob, error) {
	var job ImportJob
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := jobsInScope(tx.Scope, tx.DB)
		if !withContent {
			q = q.Omit("content")
		}
		return db.Found(q.First(&job, "id = ?", id).Error)
	})
	return job, err
}

// ListImports lists the latest imports of rooms of an account in scope, without their content.
func (s *Jobs) ListImports(
	ctx context.Context, accountID string, most int,
) ([]ImportJob, error) {
	var out []ImportJob
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return jobsInScope(tx.Scope, tx.DB).
			Omit("content").
			Where("account_id = ? AND kind = ?", accountID, ImportRooms).
			Order("id DESC").
			Limit(most).
			Find(&out).Error
	})
	return out, err
}

// ImportProgress replaces a job's counts and state. A job that has finished drops its
// content and stays as it is from then on.
func (s *Jobs) ImportProgress(ctx context.Context, job ImportJob) error {
	columns := []string{
		"state",
		"rows_total", "rows_checked", "rows_stored", "rows_unchanged", "rows_refused", "error",
	}

	if job.State == ImportDone || job.State == ImportRefused || job.State == ImportFailed {
		now := s.db.Now()
		job.FinishedAt, job.Content = &now, []byte{}
		columns = append(columns, "finished_at", "content")
	}

	return s.db.Write(ctx, func(tx *db.Tx) error {
		return tx.Model(&ImportJob{}).Where("id = ? AND finished_at IS NULL", job.ID).
			Select(columns).Updates(&job).Error
	})
}

// putRow replaces the report of a row that is checked or stored again. The report of a
// row that was stored stays: a run that lost its lease may come late.
var putRow = clause.OnConflict{
	Columns: []clause.Column{{Name: "job_id"}, {Name: "row_no"}},
	DoUpdates: clause.AssignmentColumns([]string{
		"outcome", "order_id", "room_id", "device_id", "errors", "warnings",
	}),
	Where: clause.Where{Exprs: []clause.Expression{
		clause.Neq{Column: clause.Column{Table: "import_rows", Name: "outcome"}, Value: RowStored},
	}},
}

// PutImportRows writes the reports of rows; a row that is checked again replaces its
// report, and one that was stored keeps it.
func (s *Jobs) PutImportRows(ctx context.Context, rows []ImportRow) error {
	return s.db.Write(ctx, func(tx *db.Tx) error { return PutRows(tx, rows) })
}

// PutRows is PutImportRows in the caller's transaction.
func PutRows(tx *db.Tx, rows []ImportRow) error {
	if len(rows) == 0 {
		return nil
	}

	for i := range rows {
		rows[i].Errors = append([]rules.FieldError{}, rules.StoredFields(rows[i].Errors)...)
		rows[i].Warnings = append([]rules.FieldError{}, rules.StoredFields(rows[i].Warnings)...)
	}

	return tx.Clauses(putRow).CreateInBatches(&rows, 500).Error
}

// ImportRows lists the report of a job by row, after the row number given.
func (s *Jobs) ImportRows(
	ctx context.Context, jobID string, outcome ImportOutcome, after, limit int,
) ([]ImportRow, error) {
	var out []ImportRow
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		err := jobsInScope(tx.Scope, tx.DB).Where("id = ?", jobID).Select("id").
			First(&ImportJob{}).Error
		if err != nil {
			return db.Found(err)
		}

		q := tx.Where("job_id = ? AND row_no > ?", jobID, after)
		if outcome != "" {
			q = q.Where("outcome = ?", outcome)
		}

		return q.Order("row_no").Limit(limit).Find(&out).Error
	})

	return out, err
}

// ImportedRows are the rows of a job that need nothing more, by number: those whose
// order it stored, or found stored. A job that was killed goes on without them.
func (s *Jobs) ImportedRows(ctx context.Context, jobID string) (map[int]ImportOutcome, error) {
	var rows []ImportRow
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Select("row_no", "outcome").Find(&rows, "job_id = ? AND outcome IN ?",
			jobID, []ImportOutcome{RowStored, RowUnchanged}).Error
	})

	out := make(map[int]ImportOutcome, len(rows))
	for _, r := range rows {
		out[r.RowNo] = r.Outcome
	}

	return out, err
}

// Count adds the outcomes of rows to the job's own.
func (j *ImportJob) Count(reports []ImportRow) {
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

// errImportMoved says that another worker has taken the job on.
var errImportMoved = errors.New("models: another worker goes on with the import")

// MoveOn stores the job's counts and mark in the caller's transaction. Where another
// worker has stored a batch since the caller read the job, it returns an error, and the
// transaction must fail.
func MoveOn(tx *db.Tx, job, after ImportJob) error {
	moved := tx.Model(&ImportJob{}).
		Where("id = ? AND stored_through = ? AND state = ?",
			job.ID, job.StoredThrough, ImportStoring).
		Select("rows_stored", "rows_unchanged", "rows_refused", "stored_through").
		Updates(&after)
	if moved.Error != nil {
		return moved.Error
	}

	if moved.RowsAffected == 0 {
		return errImportMoved
	}
	return nil
}

// contentSlice is how much of a job's file is read at once, in bytes.
const contentSlice = 1 << 20

// ImportContent reads a job's file slice by slice, each in a statement of its own:
// neither memory nor a transaction holds the whole. A job that is over has none.
func (s *Jobs) ImportContent(ctx context.Context, jobID string) io.Reader {
	return &contentReader{ctx: ctx, jobs: s, jobID: jobID}
}

// contentReader reads a job's file behind what it has read.
type contentReader struct {
	ctx   context.Context
	jobs  *Jobs
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
	err := r.jobs.db.Read(r.ctx, func(tx *db.Tx) error {
		return db.Found(jobsInScope(tx.Scope, tx.DB).
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

// Entities lists the entities of imports: one for each table.
func Entities() []any {
	return []any{
		ImportJob{},
		ImportRow{},
	}
}
