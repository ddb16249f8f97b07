package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/activity"

	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
)

// SweepName is the name under which the daily sweep records its end.
const SweepName = "contracts"

// Sweeps are the steps of the daily sweep.
type Sweeps struct {
	Programs     *program.Programs
	Replacements *replacement.Replacements
	Operations   *operations.Operations
}

// SweepContracts starts, expires and reminds contracts (S1, S3, S5), and then
// brings spare units in line with what is earned where they are not, whatever the first met.
func (a *Sweeps) SweepContracts(ctx context.Context) (Sweep, error) {
	defer beat(ctx)()
	progress := func(s operations.Sweep) { activity.RecordHeartbeat(ctx, s) }
	done, err := a.Operations.SweepContracts(system(ctx), progress)
	_, unsettled := a.Replacements.SettleSpareUnits(system(ctx), func() { progress(done) })
	if err := errors.Join(err, unsettled); err != nil {
		return Sweep{}, failed(err)
	}

	return Sweep(done), failed(a.Operations.SweepFinished(system(ctx), SweepName, done))
}

// SweepCalendars loads the holidays of the current and the next two years, and
// raises a task for each calendar that lacks something (C3).
func (a *Sweeps) SweepCalendars(ctx context.Context) error {
	if _, err := a.Programs.LoadCalendars(system(ctx)); err != nil {
		return failed(err)
	}
	_, err := a.Programs.WatchCalendars(system(ctx))
	return failed(err)
}
