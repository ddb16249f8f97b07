package activities

import (
	"bytes"
	"context"
	"errors"

	"cloud.google.com/go/civil"
	"go.temporal.io/sdk/activity"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/orderfile"
	"roomcover.dev/roomcover/rules"
)

// Imports are the steps of an import of orders.
type Imports struct{ Store *models.Store }

// importBatch is how many rows are checked or stored between two reports.
const importBatch = 100

// Run checks every order of a job's file and then stores them, each in its own
// transaction with its row's report. A run that follows a kill goes on where
// that one stopped, and stores no order twice: the purchase order number decides.
// All or nothing means that one refused row keeps every
// other one out (S35).
func (a *Imports) Run(ctx context.Context, jobID string) (ImportCount, error) {
	sys := system(ctx)
	job, err := a.Store.GetImport(sys, jobID, true)
	if err != nil {
		return ImportCount{}, failed(err)
	}
	if job.FinishedAt != nil {
		return countOf(job), nil
	}
	sender, err := a.Store.GetOrg(sys, job.OrgID)
	if err != nil {
		return ImportCount{}, failed(err)
	}
	run := &importRun{store: a.Store, job: job, sender: sender, beat: func() { activity.RecordHeartbeat(ctx) }}
	if err := run.all(sys); err != nil {
		return ImportCount{}, failed(err)
	}
	return countOf(run.job), nil
}

func countOf(job models.ImportJob) ImportCount {
	return ImportCount{Rows: job.RowsTotal, Stored: job.RowsStored, Unchanged: job.RowsUnchanged, Refused: job.RowsRefused}
}

type importRun struct {
	store  *models.Store
	job    models.ImportJob
	sender models.Org
	beat   func()
	batch  []models.ImportRow
}

// all checks the file, and stores its orders unless the run is dry, the file
// cannot be read to its end, or a refused row forbids it. A file that a killed
// run had begun to store was checked, and is stored to its end.
func (r *importRun) all(ctx context.Context) error {
	var err error
	begun := r.job.State == models.ImportStoring
	if !begun {
		err = r.check(ctx)
	}
	var unreadable *rules.Error
	switch {
	case errors.As(err, &unreadable):
		r.job.State, r.job.Error = models.ImportRefused, unreadable.Error()
	case err != nil:
		return err
	case r.job.DryRun:
		r.job.State = models.ImportDone
	case r.job.RowsRefused > 0 && r.job.AllOrNothing && !begun:
		r.job.State = models.ImportRefused
	default:
		if err := r.storeAll(ctx); err != nil {
			return err
		}
		r.job.State = models.ImportDone
	}
	return r.store.ImportProgress(ctx, r.job)
}

// check runs the very same checks as the API's intake over every row.
func (r *importRun) check(ctx context.Context) error {
	r.job.State, r.job.RowsTotal, r.job.RowsChecked, r.job.RowsRefused = models.ImportChecking, 0, 0, 0
	return r.each(ctx, func(row orderfile.Row) (models.ImportRow, error) {
		r.job.RowsTotal++
		r.job.RowsChecked++
		fields, err := r.faults(ctx, row)
		if err != nil || len(fields) == 0 {
			return models.ImportRow{Outcome: models.RowValid}, err
		}
		return r.refused(fields), nil
	})
}

// faults are everything that the intake would refuse about a row.
func (r *importRun) faults(ctx context.Context, row orderfile.Row) ([]rules.FieldError, error) {
	if len(row.Err) == 0 {
		return r.store.CheckOrder(ctx, models.Intake{Sender: r.sender, Form: row.Form})
	}
	ref, err := r.store.Reference(ctx)
	return row.Validate(ref.Catalogue, civil.DateOf(r.store.Clock().Now())), err
}

func (r *importRun) refused(fields []rules.FieldError) models.ImportRow {
	r.job.RowsRefused++
	return models.ImportRow{Outcome: models.RowRefused, Errors: fields}
}

// storeAll stores what no run before this one has stored.
func (r *importRun) storeAll(ctx context.Context) error {
	r.job.State, r.job.RowsRefused = models.ImportStoring, 0
	if err := r.store.ImportProgress(ctx, r.job); err != nil { // from here on the file counts as checked
		return err
	}
	done, err := r.recount(ctx)
	if err != nil {
		return err
	}
	err = r.each(ctx, func(row orderfile.Row) (models.ImportRow, error) {
		switch {
		case done[row.No] != "":
			return models.ImportRow{}, nil
		case len(row.Err) > 0:
			fields, err := r.faults(ctx, row)
			return r.refused(fields), err
		}
		return r.storeOne(ctx, row)
	})
	if err == nil {
		_, err = r.recount(ctx) // another run of the same job may have come in between
	}
	return err
}

// recount reads from the reports which rows are done, and counts them.
func (r *importRun) recount(ctx context.Context) (map[int]models.ImportOutcome, error) {
	done, err := r.store.ImportedRows(ctx, r.job.ID)
	r.job.RowsStored, r.job.RowsUnchanged = 0, 0
	for _, outcome := range done {
		if outcome == models.RowStored {
			r.job.RowsStored++
		} else {
			r.job.RowsUnchanged++
		}
	}
	return done, err
}

// storeOne stores a row's order. The report of one that is new was committed
// with it.
func (r *importRun) storeOne(ctx context.Context, row orderfile.Row) (models.ImportRow, error) {
	accepted, err := r.store.AcceptOrder(ctx, models.Intake{Sender: r.sender, Form: row.Form, JobID: r.job.ID, RowNo: row.No})
	var refusal *rules.Error
	switch {
	case errors.As(err, &refusal):
		return r.refused(fieldsOf(refusal)), nil
	case err != nil:
		return models.ImportRow{}, err
	case accepted.Created:
		r.job.RowsStored++
		return models.ImportRow{}, nil
	}
	r.job.RowsUnchanged++
	return models.ImportRow{Outcome: models.RowUnchanged, OrderID: &accepted.Order.ID}, nil
}

// fieldsOf are a refusal's fields; one without any concerns the whole order.
func fieldsOf(e *rules.Error) []rules.FieldError {
	if len(e.Fields) > 0 {
		return e.Fields
	}
	return []rules.FieldError{{Code: e.Code, Message: e.Message, Remedy: e.Remedy}}
}

// each walks the file, and reports after every batch. A row without an outcome
// has its report already.
func (r *importRun) each(ctx context.Context, do func(orderfile.Row) (models.ImportRow, error)) error {
	r.batch = r.batch[:0]
	walked := 0
	for row, err := range orderfile.Read(bytes.NewReader(r.job.Content), r.job.Format) {
		if err != nil {
			return errors.Join(err, r.flush(ctx))
		}
		report, err := do(row)
		if err != nil {
			return err
		}
		if report.Outcome != "" {
			report.JobID, report.RowNo = r.job.ID, row.No
			r.batch = append(r.batch, report)
		}
		if walked++; walked%importBatch == 0 {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
	}
	return r.flush(ctx)
}

func (r *importRun) flush(ctx context.Context) error {
	r.beat()
	if err := r.store.PutImportRows(ctx, r.batch); err != nil {
		return err
	}
	r.batch = r.batch[:0]
	return r.store.ImportProgress(ctx, r.job)
}
