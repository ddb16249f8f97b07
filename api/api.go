package api

import (
	"cmp"
	"context"
	"log/slog"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/mailbox"
)

// Options configure the API.
type Options struct {
	Domains *domains.Domains
	Log     *slog.Logger // nil: slog.Default
	// Version of this program, shown by /healthz.
	Version string
	// TemporalUI is the base URL for links to workflows, such as
	// http://localhost:8233; empty for no links. Namespace is Temporal's.
	TemporalUI string
	Namespace  string
	// PublicURL is where clients reach this API; https switches HSTS on.
	PublicURL string
	// RatePerSecond and Burst bound each token; 0 means 50 and 100.
	RatePerSecond float64
	Burst         int
	// TrustedProxies are the addresses or networks (CIDR) whose X-Forwarded-For
	// is believed; none by default.
	TrustedProxies []string
	// TemporalCheck is asked by /readyz; its failure is a warning. Nil: not asked.
	TemporalCheck func(ctx context.Context) error
	// Carrier is whose webhooks come in, and CarrierKeys sign them: one key, two
	// while they are changed, none to refuse them all.
	Carrier     string
	CarrierKeys [][]byte
	// MailKeys sign the mails that come in by HTTP, likewise. MaxMail is how many bytes one has at
	// most; 0: 25 MiB.
	MailKeys [][]byte
	MaxMail  int64
	// Metrics is where requests are counted; nil: nowhere. It is served elsewhere.
	Metrics *prometheus.Registry
	// NotFound, MethodNotAllowed and Failed answer outside /v1; nil: a line of text.
	NotFound, MethodNotAllowed, Failed gin.HandlerFunc
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.RatePerSecond <= 0 {
		o.RatePerSecond = 50
	}
	if o.Burst <= 0 {
		o.Burst = 100
	}
	if o.Namespace == "" {
		o.Namespace = "default"
	}

	return o
}

// service takes each request to its handler: it knows the caller, bounds how often
// they ask, reads the body and keeps answers that may be asked for again.
type service struct {
	Options
	domains   *domains.Domains
	api       huma.API
	intake    intake
	limits    *limiters       // by token
	strangers networkLimiters // requests without a good token
	public    networkLimiters // routes that need none
}

// strangersPerSecond and strangersBurst bound what an address may ask without
// a good token.
const (
	strangersPerSecond = 1
	strangersBurst     = 30
)

// Register mounts the API, its reference page, /healthz and /readyz on an engine made by NewRouter.
func Register(router *gin.Engine, o Options) (huma.API, error) {
	o = o.withDefaults()
	installErrors()
	s := &service{
		Options: o,
		domains: o.Domains,
		intake: intake{
			accounts: o.Domains.Accounts,
			orders:   o.Domains.Orders,
			secrets:  o.Domains.DB.Secrets(),
		},
		limits:    newLimiters(o.RatePerSecond, o.Burst),
		strangers: newNetworkLimiters(strangersPerSecond, strangersBurst),
		public:    newNetworkLimiters(o.RatePerSecond, o.Burst),
	}

	described, err := config()
	if err != nil {
		return nil, err
	}

	described.Transformers = append(described.Transformers, s.signCursors, sayUnchanged)
	s.api = humagin.New(router, described)
	s.api.UseMiddleware(
		s.observe, s.authenticate, s.permit, s.openCursors, s.readBody, s.verifySigned,
		s.answerOnce,
	)
	s.routes()
	if err := s.document(router); err != nil {
		return nil, err
	}

	s.health(router)
	return s.api, nil
}

// routes gives each resource what it needs and mounts its routes.
func (s *service) routes() {
	links := workflowLinks{ui: s.TemporalUI, namespace: s.Namespace}

	orderHandlers{
		db:       s.domains.DB,
		programs: s.domains.Programs,
		people:   s.domains.People,
		orders:   s.domains.Orders,
		intake:   s.intake,
	}.routes(s.api)

	refusalHandlers{orders: s.domains.Orders}.routes(s.api)
	importHandlers{jobs: s.domains.Jobs, intake: s.intake}.routes(s.api)
	programHandlers{db: s.domains.DB, programs: s.domains.Programs}.routes(s.api)
	countryHandlers{db: s.domains.DB, programs: s.domains.Programs}.routes(s.api)
	mailInHandlers{
		box:   s.domains.Mailbox,
		keys:  s.MailKeys,
		most:  cmp.Or(s.MaxMail, mailbox.MaxMail),
		slots: make(chan struct{}, mailsAtOnce),
		log:   s.Log,
	}.routes(s.api)
	slaHandlers{programs: s.domains.Programs}.routes(s.api)
	calendarHandlers{programs: s.domains.Programs}.routes(s.api)

	orgHandlers{
		db:         s.domains.DB,
		accounts:   s.domains.Accounts,
		operations: s.domains.Operations,
	}.routes(s.api)

	tokenHandlers{accounts: s.domains.Accounts, people: s.domains.People}.routes(s.api)

	accountHandlers{
		accounts:     s.domains.Accounts,
		people:       s.domains.People,
		entitlements: s.domains.Entitlements,
	}.routes(s.api)

	csmHandlers{accounts: s.domains.Accounts}.routes(s.api)
	privacyHandlers{privacy: s.domains.Privacy}.routes(s.api)
	mailboxHandlers{mailbox: s.domains.Mailbox}.routes(s.api)
	invitationHandlers{accounts: s.domains.Accounts, people: s.domains.People}.routes(s.api)
	siteHandlers{
		accounts:     s.domains.Accounts,
		replacements: s.domains.Replacements,
	}.routes(s.api)

	contractHandlers{db: s.domains.DB, entitlements: s.domains.Entitlements}.routes(s.api)
	warrantyHandlers{warranties: s.domains.Warranties}.routes(s.api)
	roomHandlers{db: s.domains.DB, entitlements: s.domains.Entitlements}.routes(s.api)
	deviceHandlers{entitlements: s.domains.Entitlements}.routes(s.api)
	assignmentHandlers{entitlements: s.domains.Entitlements}.routes(s.api)
	coverageHandlers{db: s.domains.DB, entitlements: s.domains.Entitlements}.routes(s.api)

	rmaHandlers{db: s.domains.DB, replacements: s.domains.Replacements}.routes(s.api)
	files := ticketFileHandlers{
		tickets:     s.domains.Tickets,
		notes:       s.domains.Notes,
		attachments: s.domains.Attachments,
	}
	files.routes(s.api)
	tickets := ticketHandlers{
		db:         s.domains.DB,
		tickets:    s.domains.Tickets,
		notes:      s.domains.Notes,
		files:      files,
		operations: s.domains.Operations,
	}
	tickets.routes(s.api)
	syncHelpHandlers{tickets: tickets}.routes(s.api)
	sessionHandlers{tickets: s.domains.Tickets}.routes(s.api)
	spareUnitHandlers{db: s.domains.DB, replacements: s.domains.Replacements}.routes(s.api)
	spareHandlers{replacements: s.domains.Replacements}.routes(s.api)
	shipmentHandlers{logistics: s.domains.Logistics}.routes(s.api)

	carrierHandlers{
		logistics: s.domains.Logistics,
		carrier:   s.Carrier,
		keys:      s.CarrierKeys,
	}.routes(s.api)

	stockHandlers{logistics: s.domains.Logistics}.routes(s.api)

	taskHandlers{db: s.domains.DB, operations: s.domains.Operations}.routes(s.api)
	processHandlers{db: s.domains.DB, operations: s.domains.Operations, links: links}.routes(s.api)
	nameHandlers{db: s.domains.DB, operations: s.domains.Operations}.routes(s.api)
	agendaHandlers{operations: s.domains.Operations, links: links}.routes(s.api)
	numbersHandlers{operations: s.domains.Operations}.routes(s.api)
	searchHandlers{operations: s.domains.Operations}.routes(s.api)
	eventHandlers{operations: s.domains.Operations}.routes(s.api)
	auditHandlers{db: s.domains.DB, operations: s.domains.Operations}.routes(s.api)
	mailHandlers{notifications: s.domains.Notifications}.routes(s.api)
}

// ListInput is how every list is paged. Like the other shared inputs it is
// exported because huma sees only exported embedded structs.
type ListInput struct {
	Cursor string `query:"cursor" doc:"The next_cursor of the page before, with the same filters; missing: the first page"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most"`
}

func (l ListInput) page() db.Page { return db.Page{After: l.Cursor, Limit: l.Limit} }

// sorted reads the order of a list; newest first is what a list is without one.
func sorted(name string) db.Sort {
	if name == "newest" {
		return db.SortNewest
	}
	return db.Sort(name)
}

// IDInput names one object.
type IDInput struct {
	ID string `path:"id" maxLength:"64" doc:"Id of the object"`
}

type pageOf[T any] struct {
	Body struct {
		Items      []T    `json:"items" nullable:"false" doc:"The objects of this page, in the order of the list; empty when there are none"`
		NextCursor string `json:"next_cursor,omitempty" doc:"Send it as cursor to get the next page; missing on the last"`
	}
}

// listed maps a page of rows to their views.
func listed[R, V any](rows []R, next string, err error, view func(R) V) (*pageOf[V], error) {
	if err != nil {
		return nil, err
	}
	out := &pageOf[V]{}
	out.Body.NextCursor = next
	out.Body.Items = viewed(rows, view)
	return out, nil
}

func viewed[R, V any](rows []R, view func(R) V) []V {
	out := make([]V, len(rows))
	for i, r := range rows {
		out[i] = view(r)
	}
	return out
}

type one[T any] struct{ Body T }

func single[R, V any](row R, err error, view func(R) V) (*one[V], error) {
	if err != nil {
		return nil, err
	}
	return &one[V]{Body: view(row)}, nil
}
