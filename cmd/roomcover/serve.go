package main

import (
	"context"

	"roomcover.dev/roomcover/config"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/server"
)

// serveCommand serves the API and the portal.
type serveCommand struct{}

// Help is shown by --help.
func (serveCommand) Help() string {
	return `Serves the JSON API under /v1, its reference under /v1/docs, the portal, and
/healthz, /readyz and /metrics. Everything it needs to know comes from the
environment; see docs/operations.md. Several may run at once. It serves with
Temporal down: accepting an order needs the database alone. On SIGTERM it takes
no new connection, finishes the requests under way and exits with 0.

Example:
  roomcover serve`
}

// Run serves until ctx ends.
func (serveCommand) Run(ctx context.Context, a *app) error {
	c, err := settings()
	if err != nil {
		return err
	}

	log, err := logger(a.errs, c.LogLevel)
	if err != nil {
		return err
	}

	return a.onReadyDatabase(ctx, func(_ context.Context, d *domains.Domains) error {
		temporal, err := newTemporal(c, log)
		if err != nil {
			return err
		}
		defer temporal.Close()

		o := serverOptions(c)
		o.Domains = d
		o.Log = log
		o.Temporal = temporal

		handler, err := server.Handler(o)
		if err != nil {
			return err
		}

		return server.Serve(ctx, server.Listen{
			Address:     c.Listen,
			Handler:     handler,
			Log:         log,
			StopTimeout: c.StopTimeout,
		})
	})
}

func serverOptions(c config.Config) server.Options {
	keys, _ := c.Carrier.Keys() // checked when the environment was read
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
	}
}
