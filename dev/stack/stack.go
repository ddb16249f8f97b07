// Package stack runs Roomcover's own parts in one process: domains, API, portal,
// worker and relay, on SQLite or PostgreSQL. Temporal and the SMTP server are
// the caller's.
package stack

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/console"
	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/mail/thread"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/sqlitedb"
	"roomcover.dev/roomcover/models/sso"
	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/server"
	"roomcover.dev/roomcover/worker"
)

// Options say what a Stack works with.
type Options struct {
	// Dir holds the SQLite file and the file of tokens.
	Dir string
	// DatabaseURL is a PostgreSQL address; empty for SQLite in Dir.
	DatabaseURL string
	// OwnerURL is the same database for the role that owns the tables and migrates; empty:
	// DatabaseURL.
	OwnerURL string
	// Listen is the address of API and portal, such as 127.0.0.1:8080; port 0
	// takes a free one.
	Listen string
	// TemporalAddress and Namespace name the Temporal server; TemporalUI is its
	// web UI, empty for none.
	TemporalAddress, Namespace, TemporalUI string
	// SMTPHost and SMTPPort name the SMTP server, spoken to without TLS.
	SMTPHost string
	SMTPPort int
	// Carrier is whose webhooks come in, signed with one of CarrierKeys.
	Carrier     string
	CarrierKeys [][]byte
	// CarrierURL is where parcels are booked with CarrierAPIKey; empty: nowhere, people
	// hand them in.
	CarrierURL, CarrierAPIKey string
	// Issuer signs operators in to the console; without a URL they have passwords.
	Issuer console.Issuer
	// Records looks up what proves companies' mail domains; nil: the machine's name service.
	Records sso.Records
	// Sync is asked how customers' rooms are; nil: nobody is.
	Sync  rooms.Vendor
	Clock clock.Clock
	Log   *slog.Logger
	// SQL sees every statement; nil for none.
	SQL logger.Interface
	// RatePerSecond bounds the requests of a token; 0 means 1000.
	RatePerSecond float64
}

// Stack is what runs.
type Stack struct {
	Domains *domains.Domains
	Access  Access
	// URL is the address of portal and API.
	URL     string
	options Options
	client  client.Client
	sender  *mail.Sender
	parcels carrier.Carrier // nil: none
	http    *http.Server
	stop    context.CancelFunc
	worker  chan error
}

// Start opens and migrates the database, serves API and portal, and starts the
// worker.
func Start(ctx context.Context, o Options) (*Stack, error) {
	access, err := readAccess(o.Dir)
	if err != nil {
		return nil, err
	}

	s := &Stack{Access: access, options: o}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	if err := s.serve(); err != nil {
		return nil, errors.Join(err, s.Stop())
	}

	s.StartWorker()
	return s, nil
}

func (s *Stack) open(ctx context.Context) (err error) {
	o := s.options
	if s.Domains, err = OpenStore(o, s.Access.Key); err != nil {
		return err
	}
	if err = s.migrate(ctx); err != nil {
		return err
	}
	if err = seedAccess(ctx, s.Domains, &s.Access, o.Dir); err != nil {
		return err
	}

	if o.CarrierURL != "" {
		if s.parcels, err = carrier.NewClient(carrier.Options{
			URL:    o.CarrierURL,
			APIKey: o.CarrierAPIKey,
		}); err != nil {
			return err
		}
	}

	s.client, err = client.NewLazyClient(client.Options{
		HostPort:  o.TemporalAddress,
		Namespace: o.Namespace,
		Logger:    sdklog.NewStructuredLogger(o.Log),
	})
	if err != nil {
		return err
	}

	s.sender, err = mail.NewSender(mail.Options{
		Host:            o.SMTPHost,
		Port:            o.SMTPPort,
		TLS:             "none",
		Timeout:         10 * time.Second,
		MessageIDDomain: "roomcover.localhost",
		HelloName:       "localhost",
	})
	return err
}

// migrate brings the schema up to date, as the owner of the tables.
func (s *Stack) migrate(ctx context.Context) error {
	o := s.options
	if o.OwnerURL == "" {
		_, err := s.Domains.DB.Migrate(ctx)
		return err
	}

	o.DatabaseURL = o.OwnerURL
	owner, err := OpenStore(o, s.Access.Key)
	if err != nil {
		return err
	}
	_, err = owner.DB.Migrate(ctx)
	return errors.Join(err, owner.DB.Close())
}

// OpenStore opens the database of the options; the key is hexadecimal.
func OpenStore(o Options, key string) (*domains.Domains, error) {
	secret, err := hex.DecodeString(key)
	if err != nil {
		return nil, fmt.Errorf("the key in %s cannot be read", accessFile(o.Dir))
	}

	var dialector gorm.Dialector = sqlitedb.Open(filepath.Join(o.Dir, "roomcover.db"))
	if o.DatabaseURL != "" {
		if dialector, err = db.Postgres(o.DatabaseURL); err != nil {
			return nil, err
		}
	}

	return domains.Open(dialector, domains.Options{
		Options: db.Options{Clock: o.Clock, Key: secret, Logger: o.SQL},
		Carrier: o.booking(),
		Mailbox: mailbox.Options{Options: inbound.Options{Keys: thread.KeysFrom(secret)}},
	})
}

// booking is the name of the carrier at which parcels are booked.
func (o Options) booking() string {
	if o.CarrierURL == "" {
		return ""
	}
	return o.Carrier
}

func (s *Stack) serve() error {
	listener, err := net.Listen("tcp", s.options.Listen)
	if err != nil {
		return err
	}

	s.URL = "http://" + PublicHost(listener.Addr().String())
	rate := s.options.RatePerSecond
	if rate == 0 {
		rate = 1000
	}

	handler, err := server.Handler(server.Options{
		Domains:       s.Domains,
		Log:           s.options.Log,
		Version:       "dev",
		PublicURL:     s.URL,
		Insecure:      true,
		Carrier:       s.options.Carrier,
		CarrierKeys:   s.options.CarrierKeys,
		Namespace:     s.options.Namespace,
		TemporalUI:    s.options.TemporalUI,
		RatePerSecond: rate,
		Burst:         int(rate) * 2,
		Temporal:      s.client,
		Issuer:        s.options.Issuer,
		Records:       s.options.Records,
		Sync:          s.options.Sync,
		Kit:           true,
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}

	s.http = api.Server(s.options.Listen, handler) // with the limits that serve has
	go func() { _ = s.http.Serve(listener) }()
	return nil
}

// PublicHost names loopback addresses as a browser likes them: cookies and
// links then agree.
func PublicHost(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}

	if ip := net.ParseIP(host); ip.IsLoopback() || ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// StartWorker starts the worker and the relay.
func (s *Stack) StartWorker() {
	ctx, stop := context.WithCancel(context.Background())
	s.stop, s.worker = stop, make(chan error, 1)
	o := worker.Options{
		Domains:     s.Domains,
		Temporal:    s.client,
		Sender:      s.sender,
		Namespace:   s.options.Namespace,
		PortalURL:   s.URL,
		Log:         s.options.Log,
		Carrier:     s.parcels,
		CarrierName: s.options.Carrier,

		Sync:           s.options.Sync,
		Records:        s.options.Records,
		LocalProviders: true,
	}

	go func() { s.worker <- worker.Run(ctx, o) }()
}

// StopWorker stops the worker and lets what runs finish.
func (s *Stack) StopWorker() error {
	if s.stop == nil {
		return nil
	}
	s.stop()
	s.stop = nil
	return <-s.worker
}

// Failed yields when the worker ends by itself.
func (s *Stack) Failed() <-chan error { return s.worker }

// Stop ends everything in the order that loses nothing.
func (s *Stack) Stop() error {
	var errs []error
	if s.http != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		errs = append(errs, s.http.Shutdown(ctx))
	}

	errs = append(errs, s.StopWorker())
	if s.client != nil {
		s.client.Close()
	}
	if s.sender != nil {
		errs = append(errs, s.sender.Close())
	}
	if s.Domains != nil {
		errs = append(errs, s.Domains.DB.Close())
	}

	return errors.Join(errs...)
}
