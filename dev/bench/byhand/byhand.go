// Package byhand is the second floor of the benchmark: an ordinary order and an ordinary
// replacement as an expert would write them by hand. It runs the service's own workflows and
// writes the very rows that the service writes, in as few round trips as it can, hands the same
// mails to the same SMTP server, and is asked by plain handlers of net/http that check the same.
//
// It shares the rules, the workflows with their inputs, and the words of mails, and no code
// with the domains under models: no gorm, no relay, no API. It knows the ordinary course alone
// (an order of a new customer, sent by a reseller; a replacement of a device that is in stock)
// and refuses any other aloud. Nobody tells a workflow later that was not told at once. A test
// compares its rows and its mails with the service's.
//
// The tables, by the step that writes them; all of them write audit_events, and the database
// keeps audit_heads:
//
//	an order       orders, order_lines, outbox_events, throttles
//	Fulfil         orgs, accounts, service_contracts, licences, select_counts, operator_tasks,
//	               invitations, outbox_events, notifications, orders
//	SendMails      notifications, outbox_events
//	a request      rmas, operator_tasks, throttles, notifications, outbox_events
//	approve        rmas, stock_levels, stock_entries, operator_tasks, notifications,
//	               outbox_events
//	ship           rmas, devices, shipments, shipment_scans, stock_levels, stock_entries,
//	               notifications, outbox_events
//	the webhook    carrier_events, shipment_scans, shipments, device_placements, devices, rmas,
//	               notifications, outbox_events
//	tell, receive  rmas
//	inspect        rmas, devices, notifications, outbox_events
package byhand

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"cloud.google.com/go/civil"
	"github.com/oklog/ulid/v2"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/worker"
	"roomcover.dev/roomcover/workflows"
)

// Options say what a Program works with.
type Options struct {
	DatabaseURL string // PostgreSQL; empty for SQLite
	SQLite      string // the file
	Temporal    client.Client
	SMTPPort    int    // on this machine
	PortalURL   string // in the mails' links
	Key         []byte // the service's, from which it derives what is secret
	Carrier     string // whose webhooks come, signed with one of the keys
	CarrierKeys [][]byte
}

// Program is what runs.
type Program struct {
	URL       string // of the handler
	options   Options
	db        database
	audit     *audit
	mailer    *mailer
	program   catalogue.Program
	skus      catalogue.Catalogue
	models    []catalogue.ProductModel
	terms     []catalogue.CountryTerms
	policies  []cover.SLAPolicy
	calendars map[string]calendar.Calendar // by code and version
	http      *http.Server
	workers   []sdkworker.Worker
}

// Start opens the database, takes orders over HTTP and works on both task queues, with as many
// slots and pollers as the service.
func Start(ctx context.Context, o Options) (*Program, error) {
	p := &Program{
		options:   o,
		audit:     newAudit(o.Key),
		program:   catalogue.DefaultProgram(),
		skus:      catalogue.NewCatalogue(catalogue.DefaultCatalogue()),
		models:    catalogue.DefaultModels(),
		terms:     catalogue.DefaultCountryTerms(),
		policies:  cover.DefaultPolicies(),
		calendars: map[string]calendar.Calendar{},
		http:      &http.Server{ReadHeaderTimeout: 10 * time.Second},
	}
	p.mailer = newMailer(o.SMTPPort, o.PortalURL, p.program)

	var err error
	if o.DatabaseURL != "" {
		p.db, err = openPostgres(ctx, o.DatabaseURL)
	} else {
		p.db, err = openSQLite(ctx, o.SQLite)
	}
	if err != nil {
		return nil, err
	}
	if err := p.readCalendars(ctx); err != nil {
		return nil, errors.Join(err, p.Stop())
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	p.URL = "http://" + listener.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/orders", p.takeOrder)
	mux.HandleFunc("POST /v1/rmas", p.takeRequest)
	mux.HandleFunc("POST /v1/rmas/{id}/{command}", p.takeCommand)
	mux.HandleFunc("POST /v1/carrier/events", p.takeCarrierEvent)
	p.http.Handler = mux
	go func() { _ = p.http.Serve(listener) }()

	if err := p.work(); err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return p, nil
}

// work starts the workers: the service's workflows, and our activities under their names.
func (p *Program) work() error {
	tuning := worker.DefaultTuning()
	main := sdkworker.New(p.options.Temporal, workflows.QueueMain,
		tuning.Options(tuning.MainSlots, false))
	mails := sdkworker.New(p.options.Temporal, workflows.QueueMail,
		tuning.Options(tuning.MailSlots, true))

	worker.RegisterWorkflows(main, clock.Clock{})
	main.RegisterActivityWithOptions(p.fulfil,
		activity.RegisterOptions{Name: activities.NameFulfil})
	mails.RegisterActivityWithOptions(p.sendMails,
		activity.RegisterOptions{Name: activities.NameSendMails})

	for _, w := range []sdkworker.Worker{main, mails} {
		if err := w.Start(); err != nil {
			return fmt.Errorf("start the workers by hand: %w", err)
		}
		p.workers = append(p.workers, w)
	}
	return nil
}

// readCalendars reads every calendar once, as the service keeps those that it has read.
func (p *Program) readCalendars(ctx context.Context) error {
	byCode := map[string]calendar.Calendar{}
	var b batch
	b.ask(`SELECT code, version, CAST(weekend AS text), CAST(hours AS text) FROM calendars`,
		func(r rows) error {
			var c calendar.Calendar
			var weekend, hours string
			err := r.Scan(&c.Code, &c.Version, &weekend, &hours)
			c.Holidays = map[civil.Date]string{}
			byCode[c.Code] = c
			if err != nil {
				return err
			}
			err = errors.Join(json.Unmarshal([]byte(weekend), &c.Weekend),
				json.Unmarshal([]byte(hours), &c.Hours))
			byCode[c.Code] = c
			return err
		})
	b.ask(`SELECT calendar, on_day, name FROM calendar_holidays WHERE NOT removed`,
		func(r rows) error {
			var code, day, name string
			if err := r.Scan(&code, &day, &name); err != nil {
				return err
			}
			on, err := civil.ParseDate(day)
			byCode[code].Holidays[on] = name
			return err
		})
	err := p.db.do(ctx, &b)
	for _, c := range byCode {
		p.calendars[fmt.Sprintf("%s@%d", c.Code, c.Version)] = c
	}
	return err
}

// Stop ends everything that Start began.
func (p *Program) Stop() error {
	err := p.http.Close()
	for _, w := range p.workers {
		w.Stop()
	}
	p.mailer.close()
	return errors.Join(err, p.db.close())
}

// startWorkflow starts the workflow of something that was committed, with the options with
// which the relay starts it. The outbox keeps what could not be started.
func (p *Program) startWorkflow(id, summary, name string, in any) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, _ = p.options.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       id,
		TaskQueue:                workflows.QueueMain,
		StaticSummary:            summary,
		EnableEagerStart:         true,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,

		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, name, in)
}

// newID returns a new id with the prefix of its kind.
func newID(kind string) string { return kind + "_" + strings.ToLower(ulid.Make().String()) }

// now is the present instant, as exact as PostgreSQL stores it.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// errNotOrdinary says that an order needs what this program does not do.
var errNotOrdinary = errors.New("this order is not an ordinary one, and by hand there is no other")
