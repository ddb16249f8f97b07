package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/activity"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/program"
)

// errStopping says that this worker stops: another one goes on.
var errStopping = errors.New("this worker stops; another one goes on with the file")

// Imports are the steps of an import of a file.
type Imports struct {
	DB           *db.DB
	Programs     *program.Programs
	Jobs         *importjob.Jobs
	Accounts     *account.Accounts
	Entitlements *entitlement.Entitlements
	Orders       *order.Orders

	turns importTurns // of all files that this worker has in hand
}

// Run checks every row of a job's file and then stores them. A run that follows a
// kill stores nothing twice: natural keys decide (an order's number; a room's name
// and site, a device's serial). All or nothing means that one refused row keeps
// every other one out (S35).
//
// A worker that stops ends its files after no more than the batch that it is at: another one
// goes on with them.
func (a *Imports) Run(ctx context.Context, jobID string) (ImportCount, error) {
	beat := func() { activity.RecordHeartbeat(ctx) }
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-activity.GetWorkerStopChannel(ctx):
			cancel(errStopping)
		case <-running.Done():
		}
	}()

	count, err := a.runJob(running, jobID, beat)
	if err != nil && context.Cause(running) == errStopping {
		return count, errStopping
	}
	return count, err
}

// runJob calls beat between two batches.
func (a *Imports) runJob(ctx context.Context, jobID string, beat func()) (ImportCount, error) {
	sys := system(ctx)
	job, err := a.Jobs.GetImport(sys, jobID, false)
	if err != nil {
		return ImportCount{}, failed(err)
	}

	if job.FinishedAt != nil {
		return countOf(job), nil
	}

	progress := &importProgress{
		db:           a.DB,
		programs:     a.Programs,
		jobs:         a.Jobs,
		entitlements: a.Entitlements,
		orders:       a.Orders,
		job:          job,
		turns:        &a.turns,
		beat:         beat,
	}

	return a.outcome(sys, jobID, a.importRows(sys, progress))
}

func (a *Imports) importRows(ctx context.Context, p *importProgress) error {
	if p.job.Kind == importjob.ImportRooms {
		return runImport(ctx, p, roomImport(p))
	}

	sender, err := a.Accounts.GetOrg(ctx, p.job.OrgID)
	if err != nil {
		return err
	}
	return runImport(ctx, p, orderImport(p, sender))
}

// outcome returns what the job's row says, whatever this run met: another run that ended
// the job took the file away from under it.
func (a *Imports) outcome(ctx context.Context, jobID string, cause error) (ImportCount, error) {
	job, err := a.Jobs.GetImport(ctx, jobID, false)
	switch {
	case err == nil && job.FinishedAt != nil:
		return countOf(job), nil
	case cause != nil:
		return ImportCount{}, failed(cause)
	}

	return countOf(job), failed(err)
}

func countOf(job importjob.ImportJob) ImportCount {
	return ImportCount{
		Rows:      job.RowsTotal,
		Stored:    job.RowsStored,
		Unchanged: job.RowsUnchanged,
		Refused:   job.RowsRefused,
	}
}
