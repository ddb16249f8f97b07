package activities

import (
	"context"
	"slices"
	"sync"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/importjob"
)

// importsAtOnce is how many batches of files a worker checks or stores at the same time.
const importsAtOnce = 2

// turnBeat is how often a file that waits for its turn says that it still lives.
const turnBeat = 10 * time.Second

// importTurns serves the files that a worker has in hand batch by batch, so that a large
// file, or many, of one customer keep nobody waiting for longer than a batch or two: of
// those that wait, the one whose customer had its last turn the longest ago is next, and of
// one customer's the one that came first. The zero value is ready.
type importTurns struct {
	mu      sync.Mutex
	running int
	waiting []*importTurn
	last    map[string]int // of each customer: the number of its last turn
	given   int            // how many turns there were
}

// importTurn is one file's turn, once ready is closed.
type importTurn struct {
	customer string
	ready    chan struct{}
}

// customerOf is whose turn a file takes: the account whose rooms it holds, or the seller.
func customerOf(job importjob.ImportJob) string {
	if job.AccountID != nil {
		return db.Text(job.AccountID)
	}
	return job.OrgID
}

// take waits for a turn of the customer, and calls beat now and then meanwhile. The caller
// gives the turn back by done.
func (t *importTurns) take(ctx context.Context, customer string, beat func()) error {
	turn := t.queue(customer)
	tick := time.NewTicker(turnBeat)
	defer tick.Stop()

	for {
		select {
		case <-turn.ready:
			return nil
		case <-tick.C:
			beat()
		case <-ctx.Done():
			t.leave(turn)
			return ctx.Err()
		}
	}
}

func (t *importTurns) queue(customer string) *importTurn {
	t.mu.Lock()
	defer t.mu.Unlock()

	turn := &importTurn{customer: customer, ready: make(chan struct{})}
	t.waiting = append(t.waiting, turn)
	t.serve()
	return turn
}

// leave takes back a turn that is waited for no more, or gives one back that came as the
// wait ended.
func (t *importTurns) leave(turn *importTurn) {
	t.mu.Lock()
	defer t.mu.Unlock()

	at := slices.Index(t.waiting, turn)
	if at >= 0 {
		t.waiting = slices.Delete(t.waiting, at, at+1)
		return
	}
	t.running--
	t.serve()
}

// done ends a turn.
func (t *importTurns) done() {
	t.mu.Lock()
	defer t.mu.Unlock()

	t.running--
	t.serve()
}

// serve gives turns to those that wait, as long as there are any to give.
func (t *importTurns) serve() {
	for t.running < importsAtOnce && len(t.waiting) > 0 {
		next := 0
		for i, turn := range t.waiting {
			if t.last[turn.customer] < t.last[t.waiting[next].customer] {
				next = i
			}
		}

		turn := t.waiting[next]
		t.waiting = slices.Delete(t.waiting, next, next+1)
		t.running++
		t.given++
		if t.last == nil {
			t.last = map[string]int{}
		}
		t.last[turn.customer] = t.given
		close(turn.ready)
	}

	if t.running == 0 { // nobody waits: who was served when does not matter any more
		t.last = nil
		t.given = 0
	}
}
