package activities

import (
	"context"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
)

// Tasks hands to an operator what a workflow cannot do by itself.
type Tasks struct {
	DB         *db.DB
	Operations *operations.Operations
}

// SettleStuck closes the task of a subject whose step went on by itself.
func (a *Tasks) SettleStuck(ctx context.Context, subjectID string) error {
	ctx = system(ctx)
	if err := a.Operations.RecordFailure(ctx, subjectID, ""); err != nil {
		return failed(err)
	}

	return failed(a.DB.Write(ctx, func(tx *db.Tx) error {
		return tx.Settle(db.TaskProcessStuck, subjectID, "the step went on by itself")
	}))
}

// RaiseStuck raises a task for a step that failed for good, and keeps the
// reason where people look.
func (a *Tasks) RaiseStuck(ctx context.Context, in Stuck) error {
	ctx = system(ctx)
	if err := a.Operations.RecordFailure(ctx, in.SubjectID, in.Reason); err != nil {
		return failed(err)
	}

	return failed(a.DB.RaiseTask(ctx, db.OperatorTask{
		Kind:      db.TaskProcessStuck,
		SubjectID: in.SubjectID,
		What:      "Mend the cause, then retry.",
		Why:       "The step \"" + in.Step + "\" failed for good: " + in.Reason,
	}))
}
