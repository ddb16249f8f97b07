package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"roomcover.dev/roomcover/dev/stack"
	"roomcover.dev/roomcover/dev/temporalserver"
	"roomcover.dev/roomcover/freeport"
	"roomcover.dev/roomcover/mail/smtptest"
	"roomcover.dev/roomcover/models/storetest/pgserver"
)

// parts are everything that runs during a benchmark.
type parts struct {
	dir        string
	log        *slog.Logger
	temporal   *temporalserver.Server
	options    temporalserver.Options
	client     client.Client // the floor's, and for reading histories
	postgres   *pgserver.Server
	database   string // PostgreSQL's address, empty for SQLite
	owner      string // the same for who migrates, where that is somebody else
	smtp       *smtptest.Server
	stack      *stack.Stack
	http       *http.Client
	token      string
	tracker    *tracker
	statements *statements
}

func startParts(ctx context.Context, o Options, dir string) (*parts, error) {
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}

	p := &parts{
		dir:        dir,
		tracker:    newTracker(),
		statements: newStatements(),
		log: slog.New(
			slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelError}),
		),
		http: &http.Client{
			Timeout:   time.Minute,
			Transport: &http.Transport{MaxIdleConns: 1000, MaxIdleConnsPerHost: 1000},
		},
	}

	for _, start := range []func(context.Context, Options) error{
		p.startTemporal, p.startDatabase, p.startMail, p.startStack,
	} {
		if err := start(ctx, o); err != nil {
			return nil, errors.Join(err, p.stop())
		}
	}

	return p, nil
}

func (p *parts) startTemporal(ctx context.Context, _ Options) error {
	free, err := freeport.Find(temporalserver.DefaultHost, 1)
	if err != nil {
		return err
	}

	p.options = temporalserver.Options{
		Dir:          filepath.Join(p.dir, "temporal"),
		FrontendPort: free[0],
		LogLevel:     slog.LevelError,
	}

	if p.temporal, err = temporalserver.Start(ctx, p.options); err != nil {
		return err
	}

	p.client, err = client.Dial(client.Options{
		HostPort:  p.temporal.Address(),
		Namespace: p.temporal.Namespace(),
		Logger:    sdklog.NewStructuredLogger(p.log),
	})
	return err
}

func (p *parts) startDatabase(_ context.Context, o Options) (err error) {
	switch {
	case o.DatabaseURL != "":
		p.database = o.DatabaseURL
	case o.Database == "postgres":
		if p.postgres, err = pgserver.Start(true); err != nil {
			return fmt.Errorf("start PostgreSQL: %w", err)
		}
		_, p.database, err = p.postgres.Database("")
		p.owner = pgserver.Owner(p.database)
	}

	return err
}

func (p *parts) startMail(_ context.Context, o Options) (err error) {
	var options []smtptest.Option
	if !o.keepMails {
		options = append(options, smtptest.Discard(func(recipient string) {
			p.tracker.step(keyOf(recipient))
		}))
	}
	p.smtp, err = smtptest.Start("127.0.0.1:0", options...)
	return err
}

func (p *parts) startStack(ctx context.Context, _ Options) (err error) {
	p.stack, err = stack.Start(ctx, stack.Options{
		Dir:             p.dir,
		DatabaseURL:     p.database,
		OwnerURL:        p.owner,
		Listen:          "127.0.0.1:0",
		TemporalAddress: p.temporal.Address(),
		Namespace:       p.temporal.Namespace(),
		SMTPHost:        "127.0.0.1",
		SMTPPort:        p.smtp.Port(),
		Log:             p.log,
		SQL:             p.statements,
		RatePerSecond:   100_000,
		Carrier:         carrierName,
		CarrierKeys:     [][]byte{carrierKey},
	})
	if err == nil {
		p.token = p.stack.Access.Token("reseller")
	}

	return err
}

// stop ends everything that was started.
func (p *parts) stop() error {
	var errs []error
	if p.stack != nil {
		errs = append(errs, p.stack.Stop())
	}
	if p.client != nil {
		p.client.Close()
	}
	if p.temporal != nil {
		errs = append(errs, p.temporal.Stop())
	}
	if p.smtp != nil {
		errs = append(errs, p.smtp.Close())
	}

	if p.postgres != nil {
		p.postgres.Stop()
	}

	return errors.Join(errs...)
}
