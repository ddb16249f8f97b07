package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Kind is what a fault does.
type Kind string

// The kinds of fault. Every one that the seed takes happens at least once in a run that is long
// enough.
const (
	KillWorker        Kind = "worker killed"
	KillWorkers       Kind = "both workers killed"
	KillWorkerMidData Kind = "worker killed in the middle of a mail"
	KillWorkerDot     Kind = "worker killed after a mail, before the answer"
	PauseWorker       Kind = "worker paused"
	KillAPI           Kind = "API killed"
	KillAPIMidRequest Kind = "API killed after a request was sent"
	KillSMTP          Kind = "SMTP server killed"
	KillSMTPMidData   Kind = "SMTP server killed in the middle of a mail"
	KillSMTPDot       Kind = "SMTP server killed after a mail, before the answer"
	KillTemporal      Kind = "Temporal server killed"
	KillPostgres      Kind = "PostgreSQL killed"
	KillCarrier       Kind = "carrier killed"
	CarrierDown       Kind = "carrier down for an hour of the calendar or more"
	KillMailin        Kind = "listener for mails killed"
	KillMailinMidData Kind = "listener killed in the middle of a mail that comes in"
	KillMailinDot     Kind = "listener killed after a mail that came in, before the answer"
	Greylisting       Kind = "SMTP server greylists"
	SlowDatabase      Kind = "two seconds to the database"
	TemporalLost      Kind = "Temporal server's data lost"
	DiskFull          Kind = "PostgreSQL's disk full"
)

// Plan breaks a stack by a seed: one hand kills what is of the service and its
// mail server, one the two servers that it stands on, one the carrier, one what takes the
// mails that come in, and one does what is wrong without being dead, so that faults overlap.
type Plan struct {
	Stack  *Stack
	Client *Client
	Seed   uint64
	Hands  [][]Kind // who does what
	Once   bool     // each hand stops when every kind of its has happened
	Log    func(format string, args ...any)

	mu     sync.Mutex
	counts map[Kind]int
	errs   []error
}

// hands are who does what. What leaves a mail half sent comes first, because
// its lease is what the quiet phase waits for.
var hands = [][]Kind{
	{
		KillWorkerMidData, KillWorkerDot, KillSMTPDot, KillSMTPMidData, KillWorker,
		KillAPIMidRequest, KillAPIMidRequest, KillAPI, KillSMTP, PauseWorker, KillWorkers,
		KillAPIMidRequest,
	},
	{KillPostgres, KillTemporal},
	{CarrierDown, KillCarrier},
	{KillMailinDot, KillMailinMidData, KillMailin},
}

// rare are the faults of which a seed takes two, as each of them lasts for a while: the first seed
// the first two, the next one the second and the third, and so on; a round later others meet.
var rare = []Kind{Greylisting, SlowDatabase, TemporalLost, DiskFull}

// onServers are those of them that the hand which kills the servers does, so that nobody else
// starts at the same time what they have stopped.
var onServers = []Kind{TemporalLost, DiskFull}

// rareOf are the rare faults of a seed.
func rareOf(seed uint64) []Kind {
	n := uint64(len(rare))
	first, round := (seed-1)%n, (seed-1)/n
	return []Kind{rare[first], rare[(first+1+round%(n-1))%n]}
}

// handsOf are who does what where these rare faults are taken.
func handsOf(rare []Kind) [][]Kind {
	out := slices.Clone(hands)
	servers, own := slices.Clone(hands[1]), []Kind(nil)
	for _, kind := range rare {
		if slices.Contains(onServers, kind) {
			servers = append(servers, kind)
		} else {
			own = append(own, kind)
		}
	}

	out[1] = servers
	if own != nil {
		out = append(out, own)
	}
	return out
}

// breathe is how long each hand rests at most between two faults.
var breathe = []time.Duration{
	1200 * time.Millisecond, 5 * time.Second, 4 * time.Second, 3 * time.Second, 4 * time.Second,
}

// Run breaks until the context ends, and returns when everything runs again.
func (p *Plan) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for i, kinds := range p.Hands {
		all.Go(func() {
			p.hand(ctx, kinds, breathe[i], rand.New(rand.NewPCG(p.Seed, uint64(200+i))))
		})
	}

	all.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.errs) > 0 {
		return p.errs[0]
	}

	return nil
}

// Counts are the faults that happened.
func (p *Plan) Counts() map[Kind]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts
}

// hand does every kind, tries those again that waited in vain for their moment, and then does any
// of them again and again, unless once is enough.
func (p *Plan) hand(ctx context.Context, kinds []Kind, breath time.Duration, r *rand.Rand) {
	for n := 0; ctx.Err() == nil; n++ {
		pause(ctx, upTo(r, breath))
		kind := kinds[r.IntN(len(kinds))]
		missing := p.missingOf(kinds)
		switch {
		case n < len(kinds):
			kind = kinds[n]
		case len(missing) > 0:
			kind = missing[r.IntN(len(missing))]
		case p.Once:
			return
		}
		if ctx.Err() == nil {
			p.strike(ctx, kind, r)
		}
	}
}

// Missing are the kinds that should have happened and have not.
func (p *Plan) Missing() []Kind { return p.missingOf(slices.Concat(p.Hands...)) }

func (p *Plan) missingOf(kinds []Kind) (out []Kind) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, kind := range kinds {
		if p.counts[kind] == 0 && !slices.Contains(out, kind) {
			out = append(out, kind)
		}
	}
	return out
}

func (p *Plan) strike(ctx context.Context, kind Kind, r *rand.Rand) {
	i, down := r.IntN(replicas), upTo(r, 1500*time.Millisecond)
	worker := p.Stack.Workers[i]
	api := p.Stack.APIs[i]
	proxy := p.Stack.Proxies[i]

	switch kind {
	case KillWorker:
		p.fell(kind, worker, down)
	case KillWorkers:
		p.killed(kind)
		worker.Kill()
		p.Stack.Workers[1-i].Kill()
		time.Sleep(down)
		p.revive(worker)
		p.revive(p.Stack.Workers[1-i])
	case KillWorkerMidData:
		p.armed(ctx, kind, proxy, MidData, worker, down)
	case KillWorkerDot:
		p.armed(ctx, kind, proxy, AfterDot, worker, down)
	case KillSMTPMidData:
		p.armed(ctx, kind, proxy, MidData, p.Stack.SMTP, down)
	case KillSMTPDot:
		p.armed(ctx, kind, proxy, AfterDot, p.Stack.SMTP, down)
	case PauseWorker:
		p.killed(kind)
		worker.Pause()
		time.Sleep(2 * down)
		worker.Continue()
	case KillAPI:
		p.fell(kind, api, down)
	case KillAPIMidRequest:
		p.midRequest(ctx, i, api, upTo(r, 12*time.Millisecond), down)
	case KillSMTP:
		p.fell(kind, p.Stack.SMTP, down)
	case KillTemporal:
		p.fell(kind, p.Stack.Temporal, down)
	case KillPostgres:
		p.postgres(down)
	case KillCarrier:
		p.fell(kind, p.Stack.Carrier, down/10)
	case CarrierDown:
		p.fell(kind, p.Stack.Carrier, Day/24+2*down)
	case KillMailin:
		p.fell(kind, p.Stack.Mailin, down)
	case KillMailinMidData:
		p.armed(ctx, kind, p.Stack.MailinProxy, MidData, p.Stack.Mailin, down)
	case KillMailinDot:
		p.armed(ctx, kind, p.Stack.MailinProxy, AfterDot, p.Stack.Mailin, down)
	case Greylisting:
		p.greylist(ctx, kind, 6*time.Second+2*down)
	case SlowDatabase:
		p.slowDatabase(ctx, kind, 5*time.Second+2*down)
	case TemporalLost:
		p.loseTemporal(kind, down)
	case DiskFull:
		p.fillDisk(ctx, kind, 4*time.Second+2*down)
	}
}

// fell kills a process and starts it again after a while.
func (p *Plan) fell(kind Kind, victim *Process, down time.Duration) {
	p.killed(kind)
	victim.Kill()
	time.Sleep(down)
	p.revive(victim)
}

// armed kills the victim when a mail of the proxy reaches the moment. Without
// a mail in time it does nothing.
func (p *Plan) armed(
	ctx context.Context, kind Kind, proxy *SMTPProxy, m Moment, victim *Process, down time.Duration,
) {
	struck := make(chan struct{})
	var once atomic.Bool
	proxy.Arm(m, func() {
		if once.CompareAndSwap(false, true) {
			victim.Kill()
			close(struck)
		}
	})

	select {
	case <-struck:
	case <-after(ctx, 4*time.Second):
		proxy.Disarm()
		if once.CompareAndSwap(false, true) {
			return
		}
		<-struck // it is being struck just now
	}

	p.killed(kind)
	time.Sleep(down)
	p.revive(victim)
}

// midRequest kills an API shortly after a request was written to it: before,
// during or after its commit, mostly before its answer.
func (p *Plan) midRequest(ctx context.Context, i int, api *Process, delay, down time.Duration) {
	struck := make(chan struct{})
	var once atomic.Bool
	p.Client.Arm(i, func() {
		if !once.CompareAndSwap(false, true) {
			return
		}
		time.Sleep(delay)
		api.Kill()
		close(struck)
	})

	select {
	case <-struck:
	case <-after(ctx, 4*time.Second):
		p.Client.Disarm()
		if once.CompareAndSwap(false, true) {
			return
		}
		<-struck
	}

	p.killed(KillAPIMidRequest)
	time.Sleep(down)
	p.revive(api)
}

func (p *Plan) postgres(down time.Duration) {
	p.killed(KillPostgres)
	p.Stack.Postgres.Kill()
	time.Sleep(down)
	if err := p.Stack.Postgres.Start(true); err != nil {
		p.failed(fmt.Errorf("PostgreSQL did not start again: %w", err))
	}
}

// revive starts a process until it stays up: what it stands on may be down.
func (p *Plan) revive(victim *Process) {
	deadline := time.Now().Add(startPatience)
	for {
		victim.Kill()
		err := victim.Start()
		if err == nil {
			return
		}

		if time.Now().After(deadline) {
			p.failed(err)
			return
		}

		time.Sleep(200 * time.Millisecond)
	}
}

func (p *Plan) killed(kind Kind) {
	p.mu.Lock()
	p.counts[kind]++
	p.mu.Unlock()
	p.Log("%s", kind)
}

func (p *Plan) failed(err error) {
	p.mu.Lock()
	p.errs = append(p.errs, err)
	p.mu.Unlock()
}

func upTo(r *rand.Rand, d time.Duration) time.Duration { return time.Duration(r.Int64N(int64(d))) }

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// after ends with the context or the time, whichever is first.
func after(ctx context.Context, d time.Duration) <-chan struct{} {
	ctx, cancel := context.WithTimeout(ctx, d)
	context.AfterFunc(ctx, cancel)
	return ctx.Done()
}
