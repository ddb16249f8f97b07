package chaos

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"roomcover.dev/roomcover/carrier/simulator"
)

// Settings are how one seed is run.
type Settings struct {
	Seed     uint64
	Dir      string // for data and logs
	Binaries Binaries
	// Load is how long orders come and parts are killed, up to ten times as long where
	// something that the seed is to judge has not happened by then.
	Load time.Duration
	// Quiet bounds the wait for everything to settle.
	Quiet time.Duration
	// Settle bounds the wait for requests whose first sending was lost with an
	// API: their keys are free again after two minutes.
	Settle time.Duration
	// Finish bounds the wait for the replacements' ends, with the calendar running
	// on: a unit that never comes back is billed after a month.
	Finish time.Duration
	// Pause is the mean pause between a client's steps.
	Pause time.Duration
	// Faults are what goes wrong at the carrier.
	Faults simulator.Faults
	// Once has every kind of fault happen, and then no more, as each start of a part takes a
	// processor for a second or more; orders come slower, too.
	Once bool
	// Rare are the faults that last for a while and that happen beside the others.
	Rare []Kind
	// Break breaks the stack until the context ends; nil for the plan of the seed.
	Break func(ctx context.Context, s *Stack) error
	Log   func(format string, args ...any)
}

// slower is how many times as long those who order pause where each fault happens once: fewer
// orders and their mails, yet some under way whatever is killed.
const slower = 8

// pace is the mean pause between two steps of one who orders.
func (s Settings) pace() time.Duration {
	if s.Once {
		return slower * s.Pause
	}
	return s.Pause
}

// Result is what one seed came to.
type Result struct {
	Seed      uint64
	Faults    map[Kind]int
	Missing   []Kind // faults whose moment never came
	Counts    Counts
	Mails     map[string]int // rows by state
	Workflows int
	// Shared are the workflows whose tasks were done by several programs.
	Shared     int
	Settled    time.Duration // from the last fault to quiet
	Violations []Violation
}

// Run runs one seed: start, load and faults, quiet, judgement. The stack is
// stopped in any case; its folder is the caller's.
func Run(ctx context.Context, set Settings) (Result, error) {
	result := Result{Seed: set.Seed}
	stack, err := NewStack(ctx, set)
	if err != nil {
		return result, err
	}
	defer stack.Stop()

	ledger := NewLedger()
	load := &Load{
		Ledger:       ledger,
		DB:           stack.Domains.DB,
		Accounts:     stack.Domains.Accounts,
		People:       stack.Domains.People,
		Entitlements: stack.Domains.Entitlements,
		Logistics:    stack.Domains.Logistics,
		Orders:       stack.Domains.Orders,
		Programs:     stack.Domains.Programs,
		Tickets:      stack.Domains.Tickets,
		Line:         stack.Line,
		Sync:         stack.Domains.Sync,
		Cloud:        stack.Cloud,
		Seed:         set.Seed,
		Pause:        set.Pause,
		Pace:         set.pace(),
	}

	apis := []string{stack.APIURL(0), stack.APIURL(1)}
	load.Client = NewClient(apis, ledger)
	load.Post = NewPost(ledger, address(stack.MailinProxy.Port()), apis, mailKey)
	if err := load.Prepare(ctx); err != nil {
		return result, err
	}
	if err := load.MoveIn(ctx); err != nil {
		return result, err
	}
	if err := stack.Line.Order(ctx, set.Faults); err != nil {
		return result, err
	}

	hands := handsOf(set.Rare)
	if slices.Contains(set.Rare, DiskFull) && stack.Disk == nil {
		set.Log("SKIPPED: %s: only root may mount a small one", DiskFull)
		hands[1] = slices.DeleteFunc(hands[1], func(kind Kind) bool { return kind == DiskFull })
	}

	plan := &Plan{
		Stack:  stack,
		Client: load.Client,
		Seed:   set.Seed,
		Hands:  hands,
		Once:   set.Once,
		Log:    set.Log,
		counts: map[Kind]int{},
	}

	breakIt := plan.Run
	if set.Break != nil {
		plan.Hands = nil
		breakIt = func(ctx context.Context) error { return set.Break(ctx, stack) }
	}
	if err := storm(ctx, set, load, plan, breakIt); err != nil {
		return result, err
	}

	result.Faults = plan.Counts()
	result.Missing = plan.Missing()
	began := time.Now()
	db, err := OpenDB(stack.DSN)
	if err != nil {
		return result, err
	}
	defer db.Close()

	evidence, err := settle(ctx, set, stack, load, db)
	defer evidence.end()
	if err != nil {
		return result, err
	}

	result.Settled = time.Since(began)
	result.Counts = ledger.Counts
	result.Workflows = len(evidence.Runs)
	if result.Mails, err = mailStates(ctx, evidence); err != nil {
		return result, err
	}

	result.Violations, err = Judge(ctx, evidence)
	for _, r := range evidence.Runs {
		if len(r.Programs) > 1 {
			result.Shared++
		}
	}

	if len(result.Violations) > 0 {
		if err := stack.KeepFacts(); err != nil {
			set.Log("the database could not be kept: %v", err)
		}
	}

	return result, err
}

// storm runs load and faults together; when it returns, everything is up and
// every request was answered. On a slow machine it goes on until something of each kind was
// acknowledged, as a seed without a replacement would judge none, and until every fault that is
// planned has happened; never more than ten times as long as it should.
func storm(
	ctx context.Context, set Settings, load *Load, plan *Plan,
	breakIt func(context.Context) error,
) error {
	ctx, cancel := context.WithTimeout(ctx, 10*set.Load)
	defer cancel()
	go func() {
		pause(ctx, set.Load)
		for ctx.Err() == nil && !(load.Ledger.hasEach() && len(plan.Missing()) == 0) {
			pause(ctx, time.Second)
		}
		cancel()
	}()
	broken := make(chan error, 1)
	go func() { broken <- breakIt(ctx) }()
	load.Run(ctx)
	return <-broken
}

// settle waits for quiet and gathers the evidence. What does not come to rest
// in time is not an error here: the oracle names it.
func settle(
	ctx context.Context, set Settings, stack *Stack, load *Load, db *sql.DB,
) (Evidence, error) {
	quiet, cancel := context.WithTimeout(ctx, set.Quiet)
	defer cancel()
	ending, end := context.WithTimeout(quiet, set.Finish)
	defer end()
	if err := stack.Line.Order(ending, parcelsOnly(set.Faults)); err != nil {
		return Evidence{}, err
	}
	if left := load.Finish(ending); left > 0 {
		set.Log("%d replacements, tickets and rooms were not brought to their end", left)
	}

	settling, stop := context.WithTimeout(quiet, set.Settle)
	defer stop()
	load.Settle(settling)
	if err := AwaitQuiet(quiet, db); err != nil {
		set.Log("%v", err)
	}

	e := Evidence{
		DSN:    stack.DSN,
		DB:     stack.Domains.DB,
		Logs:   stack.ProductLogs(),
		Ledger: load.Ledger,
	}
	e.TemporalLost = stack.TemporalLost.Load()

	if err := agree(ctx, stack, db, &e); err != nil {
		return e, fmt.Errorf("read the workflows: %w", err)
	}

	var err error
	if e.Mails, err = ReadMails(stack.Mails()); err != nil {
		return e, fmt.Errorf("read the mails: %w", err)
	}
	looking, stopLooking := context.WithTimeout(ctx, answerPatience)
	defer stopLooking()
	if e.Views, err = load.lookAsCustomers(looking); err != nil {
		return e, fmt.Errorf("look at the tickets as their customers: %w", err)
	}

	return e, nil
}

// closePatience is how long the last workflows may take to end after the last
// row has changed: the rows come first, the workflow's own end after them, and an
// attempt at a mail that a kill has cut off is made again after half of its age.
const closePatience = 2 * time.Minute

// agree looks for a moment at which nothing is left to do and the workflows agree
// with the rows, or until the patience is over; then the oracle says what does not
// agree. Windows close and timers fire while the oracle reads, so it reads the rows
// of that one moment: what the carrier says was read before it, mails after.
func agree(ctx context.Context, stack *Stack, db *sql.DB, e *Evidence) error {
	for deadline := time.Now().Add(closePatience); ; time.Sleep(time.Second) {
		agreed, err := moment(ctx, stack, db, e)
		over := time.Now().After(deadline)
		switch {
		case err == nil && (agreed || over):
			return ReadRuns(ctx, stack.Client, e.Runs)
		case over:
			return err
		}

		e.end()
	}
}

// moment takes the evidence of one moment.
func moment(ctx context.Context, stack *Stack, db *sql.DB, e *Evidence) (agreed bool, err error) {
	if e.Parcels, err = stack.Line.Parcels(ctx); err != nil {
		return false, err
	}
	if e.Webhooks, err = ReadWebhooks(filepath.Join(stack.Dir, "carrier.jsonl")); err != nil {
		return false, err
	}

	e.ReadAt = time.Now()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return false, err
	}

	e.Rows = tx
	left, err := unrest(ctx, tx)
	if err != nil {
		return false, err
	}
	if e.Runs, err = ListRuns(ctx, stack.Client); err != nil {
		return false, err
	}

	agreed = left == ""
	err = workflowRuns(ctx, *e, func(string, string, ...any) { agreed = false })
	return agreed, err
}

// end lets the moment go.
func (e *Evidence) end() {
	if tx, ok := e.Rows.(*sql.Tx); ok {
		_ = tx.Rollback()
	}
}

func mailStates(ctx context.Context, e Evidence) (map[string]int, error) {
	rows, err := e.Rows.QueryContext(
		ctx, `SELECT state, count(*) FROM notifications GROUP BY state`,
	)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	out := map[string]int{}
	for rows.Next() {
		var state string
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return nil, err
		}
		out[state] = n
	}

	return out, rows.Err()
}
