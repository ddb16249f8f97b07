package worker

import (
	"sync"
	"testing"

	"go.temporal.io/sdk/worker"
)

// slowWorker is a worker whose steps end only once every worker was told to stop.
type slowWorker struct {
	worker.Worker
	told *sync.WaitGroup
}

func (w slowWorker) Stop() {
	w.told.Done()
	w.told.Wait()
}

// A stop takes as long as the slowest queue, not as all of them one after the other: each is
// told before any of them has to end. One after the other, this test would never end.
func TestEveryQueueIsToldToStopAtOnce(t *testing.T) {
	var told sync.WaitGroup
	workers := make([]worker.Worker, 4)
	told.Add(len(workers))
	for i := range workers {
		workers[i] = slowWorker{told: &told}
	}

	stop(workers)
}
