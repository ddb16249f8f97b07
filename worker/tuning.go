package worker

import (
	"cmp"
	"time"

	"go.temporal.io/sdk/worker"
)

// Tuning is how much a worker does at once. A slot is a step under way; a poller is a call
// that waits at Temporal for the next one.
type Tuning struct {
	WorkflowSlots   int // workflow tasks
	MainSlots       int // database steps
	MailSlots       int
	CarrierSlots    int
	Pollers         int // of a kind and queue, at most: as many as the load asks for
	CachedWorkflows int // in memory, of the whole process
}

// The defaults are those of a small machine. The cache keeps few workflows: one that waits
// for days costs a replay when it wakes, not memory until then.
var defaultTuning = Tuning{
	WorkflowSlots:   20,
	MainSlots:       20,
	MailSlots:       10,
	CarrierSlots:    4,
	Pollers:         8,
	CachedWorkflows: 200,
}

// importSlots are files in hand; how many work at once, activities.Imports decides.
const importSlots = 100

// deadlockTimeout is how long workflow code may run without a rest before the
// SDK calls it a deadlock and logs a panic. Ours never blocks, but a process that
// is paused or starved for a second while it replays looks the same to the SDK's
// default of one second.
const deadlockTimeout = 15 * time.Second

// DefaultTuning is how much a worker does at once where nothing says otherwise.
func DefaultTuning() Tuning { return defaultTuning }

func (t Tuning) withDefaults() Tuning {
	return Tuning{
		WorkflowSlots:   cmp.Or(t.WorkflowSlots, defaultTuning.WorkflowSlots),
		MainSlots:       cmp.Or(t.MainSlots, defaultTuning.MainSlots),
		MailSlots:       cmp.Or(t.MailSlots, defaultTuning.MailSlots),
		CarrierSlots:    cmp.Or(t.CarrierSlots, defaultTuning.CarrierSlots),
		Pollers:         cmp.Or(t.Pollers, defaultTuning.Pollers),
		CachedWorkflows: cmp.Or(t.CachedWorkflows, defaultTuning.CachedWorkflows),
	}
}

// Options are those of a queue's worker with as many slots for activities; the benchmark's
// floor works with the same. Pollers begin with two, as one of workflow tasks asks for what
// is cached and the other for what is not, and follow the load.
func (t Tuning) Options(slots int, activitiesOnly bool) worker.Options {
	pollers := worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{
		InitialNumberOfPollers: min(2, t.Pollers),
		MinimumNumberOfPollers: 1,
		MaximumNumberOfPollers: t.Pollers,
	})
	return worker.Options{
		MaxConcurrentActivityExecutionSize:     slots,
		MaxConcurrentWorkflowTaskExecutionSize: t.WorkflowSlots,
		ActivityTaskPollerBehavior:             pollers,
		WorkflowTaskPollerBehavior:             pollers,
		DisableWorkflowWorker:                  activitiesOnly,
		DeadlockDetectionTimeout:               deadlockTimeout,
	}
}
