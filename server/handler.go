// Package server assembles what people and machines reach by HTTP: the API,
// the portal, the console, and the answers about the process's own health; and
// serves it until it is told to stop.
package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/console"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/sso"
	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/portal"
	"roomcover.dev/roomcover/scim"
	"roomcover.dev/roomcover/web"
)

// Options are what the parts are told.
type Options struct {
	Domains *domains.Domains
	Log     *slog.Logger
	Version string
	// PublicURL is the address under which people reach the portal.
	PublicURL string
	// Insecure is for plain http, in development only: cookies without Secure.
	Insecure bool
	// Temporal is asked for its health alone; nil asks nothing.
	Temporal client.Client
	// TemporalUI is the address of Temporal's web UI, for links; may be empty.
	TemporalUI string
	Namespace  string
	// RatePerSecond and Burst bound the requests of one token.
	RatePerSecond float64
	Burst         int
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []string
	// Carrier is whose webhooks come in, signed with one of CarrierKeys.
	Carrier     string
	CarrierKeys [][]byte
	// MailKeys sign the mails that come in by HTTP; MaxMail is how many bytes one has at most.
	MailKeys [][]byte
	MaxMail  int64
	// Issuer signs operators in to the console; without a URL they have passwords.
	Issuer console.Issuer
	// DeskTimeZone is the IANA name of the clock that the operators work by.
	DeskTimeZone string
	// Kit shows all parts of the console's pages on one page; in development only.
	Kit bool
	// Records looks up what proves a company's mail domains; nil: the machine's name service.
	Records sso.Records
	// Sync is asked when a customer connects; nil: no region of it is known.
	Sync rooms.Vendor
	// Metrics is where requests are counted, see NewRegistry; nil: nowhere. The handler
	// does not serve it.
	Metrics *prometheus.Registry
}

// Handler is the API, the portal, the console and the health answers on one router.
func Handler(o Options) (http.Handler, error) {
	settings := api.Options{
		Domains:        o.Domains,
		Log:            o.Log,
		Version:        o.Version,
		TemporalUI:     o.TemporalUI,
		Namespace:      o.Namespace,
		PublicURL:      o.PublicURL,
		RatePerSecond:  o.RatePerSecond,
		Burst:          o.Burst,
		TrustedProxies: o.TrustedProxies,
		Carrier:        o.Carrier,
		CarrierKeys:    o.CarrierKeys,
		MailKeys:       o.MailKeys,
		MaxMail:        o.MaxMail,
		TemporalCheck:  o.temporalCheck(),
		Metrics:        o.Metrics,
	}

	pages := portal.Options{
		Domains:   o.Domains,
		Log:       o.Log,
		PublicURL: o.PublicURL,
		Insecure:  o.Insecure,
		Records:   o.Records,
		Sync:      o.Sync,
	}

	desk := console.Options{
		Domains:    o.Domains,
		Log:        o.Log,
		PublicURL:  o.PublicURL,
		Insecure:   o.Insecure,
		Issuer:     o.Issuer,
		TimeZone:   o.DeskTimeZone,
		TemporalUI: o.TemporalUI,
		Namespace:  o.Namespace,
		Kit:        o.Kit,
	}

	if err := pagesFor(&settings, pages, desk); err != nil {
		return nil, fmt.Errorf("assemble the pages: %w", err)
	}

	router := api.NewRouter(settings)
	if _, err := api.Register(router, settings); err != nil {
		return nil, fmt.Errorf("assemble the API: %w", err)
	}
	directories := scim.Options{
		Provisioning: o.Domains.Provisioning,
		Log:          o.Log,
		PublicURL:    o.PublicURL,
		RequestID:    api.RequestID,
	}
	if err := scim.Register(router, directories); err != nil {
		return nil, fmt.Errorf("assemble SCIM: %w", err)
	}
	router.GET(web.AssetPath+"*file", gin.WrapH(web.Assets(!o.Insecure)))
	if err := portal.Register(router, pages); err != nil {
		return nil, fmt.Errorf("assemble the portal: %w", err)
	}
	if err := console.Register(router, desk); err != nil {
		return nil, fmt.Errorf("assemble the console: %w", err)
	}

	return router, nil
}

// pagesFor has the portal and the console answer what nobody serves and what failed, outside
// the API: each what is under its path.
func pagesFor(settings *api.Options, pages portal.Options, desk console.Options) (err error) {
	settings.NotFound, err = either(pages, desk, portal.NotFound, console.NotFound)
	if err != nil {
		return err
	}
	settings.MethodNotAllowed, err = either(pages, desk,
		portal.MethodNotAllowed, console.MethodNotAllowed)
	if err != nil {
		return err
	}

	settings.Failed, err = either(pages, desk, portal.Failed, console.Failed)
	return err
}

// either is one of two answers, by whose path was asked for.
func either(
	pages portal.Options, desk console.Options,
	portals func(portal.Options) (gin.HandlerFunc, error),
	consoles func(console.Options) (gin.HandlerFunc, error),
) (gin.HandlerFunc, error) {
	ofPortal, err := portals(pages)
	if err != nil {
		return nil, err
	}
	ofConsole, err := consoles(desk)
	if err != nil {
		return nil, err
	}

	return func(c *gin.Context) {
		if console.Owns(c.Request.URL.Path) {
			ofConsole(c)
			return
		}
		ofPortal(c)
	}, nil
}

func (o Options) temporalCheck() func(context.Context) error {
	if o.Temporal == nil {
		return nil
	}
	return func(ctx context.Context) error {
		_, err := o.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
		return err
	}
}
