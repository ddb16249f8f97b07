package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	rooms "roomcover.dev/roomcover/models/sync"
	cloud "roomcover.dev/roomcover/sync"
	"roomcover.dev/roomcover/sync/simulator"
)

// SyncOptions say what is measured of customers' Sync, on a throw-away PostgreSQL server with fsync
// on, against a simulated Sync that is asked over mutual TLS.
type SyncOptions struct {
	// Places of one connection, and how many of them are added as rooms.
	Places, Adds int
	// Polls of each kind.
	Polls int
	// Connections of PlacesEach places that a worker of its own process asks each minute for
	// Watched; 0 leaves that out. It needs Program, the released program roomcover.
	Connections, PlacesEach int
	Watched                 time.Duration
	Program                 string
	// Progress is told what is going on; nil for nobody.
	Progress io.Writer
}

// RunSync measures and reports. It leaves nothing behind.
func RunSync(ctx context.Context, o SyncOptions) (SyncReport, error) {
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	report := newSyncReport(o)
	dir, err := os.MkdirTemp("", "roomcover-bench-")
	if err != nil {
		return report, err
	}
	defer os.RemoveAll(dir)

	b := &syncBench{o: o, report: &report}
	b.bench = &bench{
		Options: Options{
			Database: "postgres",
			Program:  o.Program,
			Progress: o.Progress,
		},
		began: time.Now(),
	}
	b.say("starting PostgreSQL, Temporal, the API and a simulated Sync of %d places", o.Places)
	if b.parts, err = startParts(ctx, b.Options, dir); err != nil {
		return report, err
	}
	defer func() { _ = b.parts.stop() }()
	if err := b.startSync(dir); err != nil {
		return report, err
	}
	defer func() { _ = b.cloud.Close() }()

	// Its own worker would take part.
	for _, step := range []func(context.Context) error{
		func(context.Context) error { return b.parts.stack.StopWorker() },
		b.connectOne, b.pollUnchanged, b.pollChanged, b.addRooms, b.watchConnections,
	} {
		if err := errors.Join(step(ctx), ctx.Err()); err != nil {
			return report, err
		}
	}
	report.Load.After = loadAverage()
	return report, nil
}

// syncRegion is the region of the simulated Sync.
const syncRegion = "Simulated"

// syncBench is the measure with its simulated Sync.
type syncBench struct {
	*bench
	o      SyncOptions
	report *SyncReport
	cloud  *simulator.Simulator
	roots  string // file with who is believed about it

	seller  account.Org
	account string // of the connection with many places
}

// syncOrg is the organisation of the n-th connection; the first has many places.
func syncOrg(n int) string { return fmt.Sprintf("bench%d", n) }

func (b *syncBench) startSync(dir string) (err error) {
	b.cloud, err = simulator.Start(simulator.Options{Unthrottled: true})
	if err != nil {
		return err
	}
	b.roots = filepath.Join(dir, "sync-roots.pem")
	return os.WriteFile(b.roots, b.cloud.RootPEM(), 0o600)
}

// client is a new one, which may ask as much at once as a connection may that was idle.
func (b *syncBench) client() (*cloud.Client, error) {
	return cloud.NewClient(cloud.Options{
		Regions: map[string]string{syncRegion: b.cloud.URL()},
		Roots:   b.cloud.Roots(),
	})
}

// connectOne connects the account whose Sync knows many places, and asks for them once.
func (b *syncBench) connectOne(ctx context.Context) (err error) {
	ctx = db.WithSystem(ctx)
	if b.seller, err = b.parts.seller(ctx); err != nil {
		return err
	}
	b.cloud.Put(syncOrg(0), simulator.Rooms(b.o.Places)...)
	if b.account, err = b.connect(ctx, 0); err != nil {
		return err
	}
	for range 2 { // a state is believed when it was read twice
		if _, _, err := b.poll(ctx); err != nil {
			return err
		}
	}
	b.say("connected, and %d places are known", b.o.Places)
	return nil
}

// connect opens an account and connects it with its organisation's Sync.
func (b *syncBench) connect(ctx context.Context, n int) (string, error) {
	_, acc, err := b.parts.openAccount(ctx, b.seller, fmt.Sprintf("s%d", n), 1)
	if err != nil {
		return "", err
	}
	certificate, key, err := b.cloud.Certificate(syncOrg(n), time.Now().AddDate(1, 0, 0))
	if err != nil {
		return "", err
	}
	client, err := b.client()
	if err != nil {
		return "", err
	}
	_, err = b.parts.stack.Domains.Sync.Connect(ctx, client, acc.ID, rooms.Upload{
		Region:      syncRegion,
		Certificate: certificate,
		Key:         key,
		Reason:      "bench",
	})
	return acc.ID, err
}

// poll has the one connection be due, asks for it as a worker does, and returns how long that took
// and how many statements.
func (b *syncBench) poll(ctx context.Context) (took time.Duration, statements float64, err error) {
	ctx = db.WithSystem(ctx)
	client, err := b.client()
	if err != nil {
		return 0, 0, err
	}
	pool, err := b.parts.stack.Domains.DB.Pool()
	if err != nil {
		return 0, 0, err
	}
	_, err = pool.ExecContext(ctx,
		"UPDATE sync_connections SET next_poll_at = now() WHERE account_id = $1", b.account)
	if err != nil {
		return 0, 0, err
	}

	b.parts.statements.start()
	began := time.Now()
	polled, err := b.parts.stack.Domains.Sync.PollDue(ctx, client)
	took = time.Since(began)
	statements = total(b.parts.statements.stop(1))
	if err != nil {
		return took, statements, err
	}

	c, err := b.parts.stack.Domains.Sync.ConnectionOf(ctx, b.account)
	if err == nil && (polled != 1 || c.Trouble != "" || c.Places != b.o.Places) {
		err = fmt.Errorf("%d connections were asked, %d places known, trouble %q",
			polled, c.Places, c.Trouble)
	}
	return took, statements, err
}
