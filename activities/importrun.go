package activities

import (
	"cmp"
	"context"
	"errors"
	"io"
	"iter"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
)

// importKind is how rows of one kind of file are read, checked and stored. Both
// steps count in the job and write the rows' reports.
type importKind[T any] struct {
	read  func(r io.Reader, format string) iter.Seq2[T, error]
	batch int         // how much is checked or stored between two reports
	size  func(T) int // how much of a batch a row is
	check func(ctx context.Context, batch []T) error
	store func(ctx context.Context, batch []T) error
	// begin is called before rows are stored, and end after the last: each sets
	// the job's counts to what is stored. Nil: the counts commit with the rows.
	begin, end func(ctx context.Context) error
}

// importProgress is a job under way.
type importProgress struct {
	db           *db.DB
	programs     *program.Programs
	jobs         *importjob.Jobs
	entitlements *entitlement.Entitlements
	orders       *order.Orders
	job          importjob.ImportJob
	turns        *importTurns
	beat         func()
	refusedWhy   string // rows that fitted when they were checked, see changedMeanwhile
}

// changedMeanwhile is said of a job whose rows fitted when they were checked, and
// did not when they were stored.
const changedMeanwhile = "Something else changed while the file was stored: " +
	"the refused rows are not stored, the others are."

// limitedMeanwhile is said of such a job where one of the refused rows came too late for the
// bound of a day, which other orders used up.
const limitedMeanwhile = "While the file was stored, other orders used up how often one of " +
	"its addresses may be written to in a day: the refused rows are not stored, the others " +
	"are. Send the refused rows tomorrow."

// runImport checks the file, and stores its rows unless the run is dry, the file
// cannot be read to its end, or a refused row forbids it. A file that a killed run
// had begun to store was checked, and is stored to its end.
func runImport[T any](ctx context.Context, p *importProgress, k importKind[T]) error {
	if p.job.State != importjob.ImportStoring {
		going, err := checkAll(ctx, p, k)
		if err != nil || !going {
			return err
		}

		p.job.State = importjob.ImportStoring
		p.job.RowsStored = 0
		p.job.RowsUnchanged = 0
		p.job.RowsRefused = 0
		if err := p.report(ctx); err != nil { // from here on the file counts as checked
			return err
		}
	}

	if k.begin != nil {
		if err := k.begin(ctx); err != nil {
			return err
		}
	}

	if err := eachBatch(ctx, p, k, k.store); err != nil {
		return err
	}

	if k.end != nil {
		if err := k.end(ctx); err != nil {
			return err
		}
	}

	if p.job.State == importjob.ImportStoring {
		p.job.State = importjob.ImportDone
		if p.job.AllOrNothing && p.job.RowsRefused > 0 {
			p.job.Error = cmp.Or(p.refusedWhy, changedMeanwhile)
		}
	}

	return p.report(ctx)
}

// checkAll runs the very same checks as the API over every row; going reports whether
// the rows are to be stored.
func checkAll[T any](
	ctx context.Context, p *importProgress, k importKind[T],
) (going bool, err error) {
	p.job.State = importjob.ImportChecking
	p.job.RowsTotal = 0
	p.job.RowsChecked = 0
	p.job.RowsRefused = 0

	err = eachBatch(ctx, p, k, func(ctx context.Context, batch []T) error {
		p.job.RowsTotal += len(batch)
		p.job.RowsChecked += len(batch)
		return k.check(ctx, batch)
	})

	var unreadable *rules.Error
	switch {
	case errors.As(err, &unreadable):
		p.job.State, p.job.Error = importjob.ImportRefused, unreadable.Error()
	case err != nil:
		return false, err
	case p.job.DryRun:
		p.job.State = importjob.ImportDone
	case p.job.RowsRefused > 0 && p.job.AllOrNothing:
		p.job.State = importjob.ImportRefused
	default:
		return true, nil
	}

	return false, p.report(ctx)
}

// eachBatch walks the file, each batch in its customer's turn, and reports after every one.
// It ends early where the job has ended.
func eachBatch[T any](
	ctx context.Context, p *importProgress, k importKind[T], do func(context.Context, []T) error,
) error {
	var batch []T
	size := 0
	flush := func() error {
		p.beat()
		if len(batch) == 0 {
			return p.report(ctx)
		}

		err := p.inTurn(ctx, func() error { return do(ctx, batch) })
		batch, size = batch[:0], 0
		if err != nil || p.ended() {
			return err
		}
		return p.report(ctx)
	}

	for row, err := range k.read(p.jobs.ImportContent(ctx, p.job.ID), p.job.Format) {
		if err != nil {
			return errors.Join(err, flush())
		}

		batch, size = append(batch, row), size+k.size(row)
		if size < k.batch {
			continue
		}

		if err := flush(); err != nil || p.ended() {
			return err
		}
	}

	return flush()
}

// ended reports whether the job goes no further: it was refused, or nobody stands behind it.
func (p *importProgress) ended() bool {
	return p.job.State == importjob.ImportRefused || p.job.State == importjob.ImportFailed
}

// inTurn runs one batch of the job in a turn of its customer.
func (p *importProgress) inTurn(ctx context.Context, do func() error) error {
	if err := p.turns.take(ctx, customerOf(p.job), p.beat); err != nil {
		return err
	}
	defer p.turns.done()
	return do()
}

func (p *importProgress) report(ctx context.Context) error {
	return p.jobs.ImportProgress(ctx, p.job)
}

// putReports writes reports of rows, and counts those that are refused.
func (p *importProgress) putReports(ctx context.Context, reports []importjob.ImportRow) error {
	for _, r := range reports {
		if r.Outcome == importjob.RowRefused {
			p.job.RowsRefused++
		}
	}
	return p.jobs.PutImportRows(ctx, reports)
}

// fieldsOf are a refusal's fields; one without any concerns the whole row.
func fieldsOf(e *rules.Error) []rules.FieldError {
	if len(e.Fields) > 0 {
		return e.Fields
	}
	return []rules.FieldError{{Code: e.Code, Message: e.Message, Remedy: e.Remedy}}
}
