package main

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"roomcover.dev/roomcover/config"
	"roomcover.dev/roomcover/console"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/server"
	"roomcover.dev/roomcover/tracing/export"
)

// serveCommand serves the API and the portal.
type serveCommand struct{}

// Help is shown by --help.
func (serveCommand) Help() string {
	return `Serves the JSON API under /v1, its reference under /v1/docs, the portal, the
operators' console under /console, and /healthz and /readyz. With
ROOMCOVER_SERVE_METRICS_LISTEN it serves /metrics too, on an address of its own,
which stays inside your network. Everything it needs to know comes from the
environment; see docs/operations.md. Several may run at once. It serves with
Temporal down: accepting an order needs the database alone. It does not start with
dangerous settings (roomcover config check names them). On SIGTERM it takes no new
connection, finishes the requests under way and exits with 0.

Examples:
  roomcover serve
  ROOMCOVER_SERVE_METRICS_LISTEN=127.0.0.1:9091 roomcover serve`
}

// Run serves until ctx ends.
func (serveCommand) Run(ctx context.Context, a *app) error {
	c, log, err := safeSettings(a)
	if err != nil {
		return err
	}

	stopTracing, err := startTracing(ctx, "serve", log)
	if err != nil {
		return err
	}
	defer stopTracing()

	statement := c.Timeouts.ServeStatement
	run := func(_ context.Context, d *domains.Domains) error {
		return serve(ctx, c, d, log)
	}
	return a.onTimedDatabase(ctx, c, log, statement, run)
}

// safeSettings reads the environment for a process that runs for ever: dangerous settings
// are a usage error, and what is allowed or only risky is logged.
func safeSettings(a *app) (config.Config, *slog.Logger, error) {
	c, err := settings()
	if err != nil {
		return c, nil, err
	}

	log, err := logger(a.errs, c.LogLevel)
	if err != nil {
		return c, nil, err
	}
	if err := c.Refuse(); err != nil {
		return c, log, settingsError{err}
	}

	for _, d := range c.Dangers() {
		log.Warn("a setting is dangerous", "setting", d.Setting, "what", d.What,
			"remedy", d.Remedy, "allowed", d.Allowed)
	}

	return c, log, nil
}

// startTracing has the process send its traces, where the environment says so. What it returns
// sends the last ones, and gives up soon: the process has to end.
func startTracing(ctx context.Context, process string, log *slog.Logger) (func(), error) {
	stop, err := export.Start(ctx, process, versionText())
	if err != nil {
		return nil, settingsError{err}
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tracesLeft)
		defer cancel()
		if err := stop(ctx); err != nil {
			log.Warn("the last traces could not be sent", "error", err)
		}
	}, nil
}

// tracesLeft is how long a process that ends waits for its last traces to be taken.
const tracesLeft = 2 * time.Second

func serve(ctx context.Context, c config.Config, d *domains.Domains, log *slog.Logger) error {
	registry := server.NewRegistry(d, log)
	temporal, err := newTemporal(c, log, server.TemporalMetrics(registry))
	if err != nil {
		return err
	}
	defer temporal.Close()

	vendor, err := newSync(c)
	if err != nil {
		return settingsError{err}
	}

	d.Operations.KeepCounts(operations.CountsAge, operations.NumbersAge)
	o := serverOptions(c)
	o.Domains = d
	o.Sync = vendor
	o.Log = log
	o.Temporal = temporal
	o.Metrics = registry

	handler, err := server.Handler(o)
	if err != nil {
		return err
	}

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return listen(ctx, c, c.Listen, handler, log) })
	if c.Metrics.Serve != "" {
		group.Go(func() error {
			return listen(ctx, c, c.Metrics.Serve, server.Metrics(d, o.Metrics, log), log)
		})
	}

	return group.Wait()
}

// listen serves a handler on an address until ctx ends.
func listen(
	ctx context.Context, c config.Config, address string, h http.Handler, log *slog.Logger,
) error {
	return server.Serve(ctx, server.Listen{
		Address:     address,
		Handler:     h,
		Log:         log,
		StopTimeout: c.StopTimeout,
	})
}

func serverOptions(c config.Config) server.Options {
	keys, _ := c.Carrier.Keys() // checked when the environment was read
	mailKeys, _ := c.MailIn.Webhooks()
	return server.Options{
		Version:        versionText(),
		PublicURL:      c.PublicURL,
		Insecure:       !c.Secure(),
		TemporalUI:     c.Temporal.UI,
		Namespace:      c.Temporal.Namespace,
		RatePerSecond:  c.Rate.PerSecond,
		Burst:          c.Rate.Burst,
		TrustedProxies: c.TrustedProxies,
		Carrier:        c.Carrier.Name,
		CarrierKeys:    keys,
		MailKeys:       mailKeys,
		MaxMail:        c.MailIn.MaxBytes,
		DeskTimeZone:   c.Operators.TimeZone,
		Issuer: console.Issuer{
			URL:          c.Operators.Issuer,
			ClientID:     c.Operators.ClientID,
			ClientSecret: c.Operators.ClientSecret,
			RoleClaim:    c.Operators.RoleClaim,
			Roles:        operatorRoles(c.Operators.Roles),
		},
	}
}

// operatorRoles are the roles that the environment gives to the values of the issuer's claim.
func operatorRoles(words map[string]string) map[string]rules.Role {
	roles := map[string]rules.Role{}
	for value, word := range words {
		roles[value] = rules.Role("OPERATOR_" + strings.ToUpper(word))
	}
	return roles
}
