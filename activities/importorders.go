package activities

import (
	"context"
	"errors"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/orderfile"
	"roomcover.dev/roomcover/rules"
)

// orders is an import of orders: each is stored in its own transaction, as at the
// API's door.
type orders struct {
	*importProgress
	sender account.Org
	done   map[int]importjob.ImportOutcome // rows that need nothing more
	mails  *order.FileMails                // to whom the rows that were checked would write
}

func orderImport(p *importProgress, sender account.Org) importKind[orderfile.Row] {
	o := &orders{importProgress: p, sender: sender, mails: order.NewFileMails()}
	return importKind[orderfile.Row]{
		read:  orderfile.Read,
		batch: 100,
		size:  func(orderfile.Row) int { return 1 },
		check: func(ctx context.Context, batch []orderfile.Row) error {
			return o.each(ctx, batch, o.check)
		},
		store: func(ctx context.Context, batch []orderfile.Row) error {
			return o.each(ctx, batch, o.storeOne)
		},
		begin: o.recount,
		end:   o.recount,
	}
}

// recount reads from the reports which rows are done, and counts them; another run
// of the same job may have stored some.
func (o *orders) recount(ctx context.Context) (err error) {
	if o.done == nil {
		o.job.RowsRefused = 0
	}
	o.done, err = o.jobs.ImportedRows(ctx, o.job.ID)

	o.job.RowsStored, o.job.RowsUnchanged = 0, 0
	for _, outcome := range o.done {
		if outcome == importjob.RowStored {
			o.job.RowsStored++
		} else {
			o.job.RowsUnchanged++
		}
	}

	return err
}

// each reports what do makes of the rows. A row without an outcome has its report
// already.
func (o *orders) each(ctx context.Context, batch []orderfile.Row, do func(
	context.Context, orderfile.Row,
) (importjob.ImportRow, error)) error {
	reports := make([]importjob.ImportRow, 0, len(batch))
	for _, row := range batch {
		report, err := do(ctx, row)
		if err != nil {
			return err
		}

		if report.Outcome != "" {
			report.JobID, report.RowNo = o.job.ID, row.No
			reports = append(reports, report)
		}
	}

	return o.putReports(ctx, reports)
}

// check runs the very same checks as the API's intake.
func (o *orders) check(ctx context.Context, row orderfile.Row) (importjob.ImportRow, error) {
	fields, err := o.faults(ctx, row)
	if err != nil || len(fields) == 0 {
		return importjob.ImportRow{Outcome: importjob.RowValid}, err
	}
	return importjob.ImportRow{Outcome: importjob.RowRefused, Errors: fields}, nil
}

// faults are everything that the intake would refuse about a row.
func (o *orders) faults(ctx context.Context, row orderfile.Row) ([]rules.FieldError, error) {
	if len(row.Err) == 0 {
		return o.orders.CheckOrder(ctx, order.Intake{
			Sender: o.sender,
			Form:   row.Form,
			File:   o.mails,
		})
	}
	ref, err := o.programs.Reference(ctx)
	return row.Validate(ref.Catalogue, civil.DateOf(o.db.Clock().Now())), err
}

// storeOne stores a row's order. The report of one that is new was committed with
// it.
func (o *orders) storeOne(ctx context.Context, row orderfile.Row) (importjob.ImportRow, error) {
	switch {
	case o.done[row.No] != "":
		return importjob.ImportRow{}, nil
	case len(row.Err) > 0:
		return o.check(ctx, row)
	}

	accepted, err := o.orders.AcceptOrder(ctx, order.Intake{
		Sender: o.sender,
		Form:   row.Form,
		JobID:  o.job.ID,
		RowNo:  row.No,
	})

	var refusal *rules.Error
	switch {
	case errors.As(err, &refusal):
		if refusal.Code == rules.RateLimited {
			o.refusedWhy = limitedMeanwhile
		}
		return importjob.ImportRow{Outcome: importjob.RowRefused, Errors: fieldsOf(refusal)}, nil
	case err != nil:
		return importjob.ImportRow{}, err
	case accepted.Created:
		o.job.RowsStored++
		return importjob.ImportRow{}, nil
	}

	o.job.RowsUnchanged++
	return importjob.ImportRow{Outcome: importjob.RowUnchanged, OrderID: &accepted.Order.ID}, nil
}
