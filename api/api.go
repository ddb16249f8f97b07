package api

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"roomcover.dev/roomcover/models"
)

// Options configure the API.
type Options struct {
	Store *models.Store
	Log   *slog.Logger // nil: slog.Default
	// Version of this program, told by /healthz.
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
	// Metrics is where requests are counted and what /metrics serves. Nil: neither.
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

// service holds what the handlers need.
type service struct {
	Options
	store     *models.Store
	api       huma.API
	limits    *limiters // by token
	strangers *limiters // by address: requests without a good token
	public    *limiters // by address: routes that need none
}

// strangersPerSecond and strangersBurst bound what an address may ask without
// a good token.
const (
	strangersPerSecond = 1
	strangersBurst     = 30
)

// Register mounts the API, its reference page, /healthz, /readyz and /metrics
// on an engine made by NewRouter.
func Register(router *gin.Engine, o Options) (huma.API, error) {
	o = o.withDefaults()
	installErrors()
	s := &service{Options: o, store: o.Store, limits: newLimiters(o.RatePerSecond, o.Burst), strangers: newLimiters(strangersPerSecond, strangersBurst),
		public: newLimiters(o.RatePerSecond, o.Burst)}
	s.api = humagin.New(router, config())
	s.api.UseMiddleware(s.observe, s.authenticate, s.permit, s.readBody, s.once)
	s.routes()
	if err := s.document(router); err != nil {
		return nil, err
	}
	s.health(router)
	return s.api, nil
}

func (s *service) routes() {
	s.orderRoutes()
	s.orderActionRoutes()
	s.importRoutes()
	s.refusalRoutes()
	s.programRoutes()
	s.orgRoutes()
	s.parentRoutes()
	s.spareRoutes()
	s.spareAidRoutes()
	s.tokenRoutes()
	s.accountRoutes()
	s.csmRoutes()
	s.contractRoutes()
	s.warrantyRoutes()
	s.invitationRoutes()
	s.mailRoutes()
	s.taskRoutes()
	s.processRoutes()
	s.agendaRoutes()
	s.eventRoutes()
	s.roomRoutes()
	s.deviceRoutes()
	s.assignmentRoutes()
	s.coverageRoutes()
	s.siteRoutes()
	s.rmaRoutes()
	s.spareUnitRoutes()
	s.countryRoutes()
	s.calendarRoutes()
	s.carrierRoutes()
	s.shipmentRoutes()
	s.stockRoutes()
}

// mount registers a route's handler with its documentation.
func mount[I, O any](s *service, r route, handle func(context.Context, *I) (*O, error)) {
	op := huma.Operation{
		OperationID: r.ID, Method: r.Method, Path: r.Path, Summary: r.Summary, Description: r.describe(), Tags: []string{r.Tag},
		DefaultStatus: r.Status, Errors: r.statuses(), Metadata: map[string]any{"route": r},
	}
	if !r.Public {
		op.Security = []map[string][]string{{"token": {r.Scope}}}
	}
	if r.Idempotent {
		op.Parameters = append(op.Parameters, idempotencyParameter())
	}
	huma.Register(s.api, op, handle)
	if r.Body == nil {
		return
	}
	// Only now: huma would read and check a body that it knows of.
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(r.Body), true, "")
	for _, documented := range operations(s.api.OpenAPI()) {
		if documented.OperationID == r.ID {
			documented.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{mediaJSON: {Schema: schema}}}
		}
	}
}

// ListInput is how every list is paged. Like the other shared inputs it is
// exported because huma sees only exported embedded structs.
type ListInput struct {
	Cursor string `query:"cursor" pattern:"^[a-z]{2,8}_[0-9a-z]{1,40}$" doc:"next_cursor of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most"`
}

func (l ListInput) page() models.Page { return models.Page{After: l.Cursor, Limit: l.Limit} }

// sorted reads the order of a list; newest first is what a list is without one.
func sorted(name string) models.Sort {
	if name == "newest" {
		return models.SortNewest
	}
	return models.Sort(name)
}

// IDInput names one object.
type IDInput struct {
	ID string `path:"id" maxLength:"64" doc:"Id of the object"`
}

type pageOf[T any] struct {
	Body struct {
		Items      []T    `json:"items" nullable:"false"`
		NextCursor string `json:"next_cursor,omitempty" doc:"Cursor of the next page; missing on the last"`
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

var get, post, put = http.MethodGet, http.MethodPost, http.MethodPut
