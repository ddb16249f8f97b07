// Package scim is SCIM 2.0 (RFC 7643, 7644) as Okta and Entra ID speak it: a customer's directory
// says who may come in (S50). What that means is decided in models/provisioning; here its language
// is read and written, and each request is told to the organisation's administrators.
package scim

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/provisioning"
	"roomcover.dev/roomcover/rules"
)

// Path is where directories find us.
const Path = provisioning.Path

const mediaType = "application/scim+json"

// Options configure the door for directories.
type Options struct {
	Provisioning *provisioning.Provisioning
	Log          *slog.Logger // nil: slog.Default
	// PublicURL is where directories reach the service.
	PublicURL string
	// RatePerSecond and Burst bound each organisation; 0 means 50 and 200: Entra ID asks for 25.
	RatePerSecond float64
	Burst         int
	// RequestID names the request of a context; nil: nobody does.
	RequestID func(context.Context) string
}

// The bounds of what an address may ask without a good token, and of a body.
const (
	strangersPerSecond = 1
	strangersBurst     = 30
	mostBody           = 1 << 20
)

type server struct {
	provisioning *provisioning.Provisioning
	log          *slog.Logger
	base         string
	requestID    func(context.Context) string
	limits       *limiters // by organisation
	strangers    *limiters // by network
}

// Register mounts SCIM on the router.
func Register(router gin.IRouter, o Options) error {
	if o.Provisioning == nil {
		return errors.New("scim: Provisioning is needed")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.RatePerSecond <= 0 {
		o.RatePerSecond = 50
	}
	if o.Burst <= 0 {
		o.Burst = 200
	}
	if o.RequestID == nil {
		o.RequestID = func(context.Context) string { return "" }
	}
	s := &server{
		provisioning: o.Provisioning,
		log:          o.Log,
		base:         strings.TrimSuffix(o.PublicURL, "/") + Path,
		requestID:    o.RequestID,
		limits:       newLimiters(o.RatePerSecond, o.Burst),
		strangers:    newLimiters(strangersPerSecond, strangersBurst),
	}
	router.Any(Path, s.serve)
	router.Any(Path+"/*path", s.serve)
	return nil
}

// request is one that a directory sent with a good token.
type request struct {
	*server
	ctx       context.Context
	directory provisioning.Directory
	method    string
	parts     []string // of the path, such as Users and an id
	query     url.Values
	version   int64 // If-Match
	raw       []byte
	body      map[string]any
}

// answer is what is answered, and what is told about it.
type answer struct {
	status  int
	body    any // nil: none
	etag    string
	place   string // Location
	retry   int    // seconds
	outcome string
	person  string
	detail  string
	ignored []string
}

// serve answers one request.
func (s *server) serve(c *gin.Context) {
	ctx := c.Request.Context()
	secret, ok := bearer(c.GetHeader("Authorization"))
	directory, err := provisioning.Directory{}, error(identity.ErrBadToken)
	if ok {
		directory, err = s.provisioning.DirectoryBySecret(ctx, secret)
	}
	switch {
	case errors.Is(err, identity.ErrBadToken):
		s.write(c, s.stranger(c))
		return
	case err != nil:
		s.write(c, s.failed(ctx, err))
		return
	}

	r := &request{
		server:    s,
		directory: directory,
		method:    c.Request.Method,
		parts:     strings.Split(strings.Trim(c.Param("path"), "/"), "/"),
		query:     c.Request.URL.Query(),
	}
	r.ctx = db.WithScope(ctx, db.Scope{
		System: true,
		Actor: db.Actor{
			ID:        directory.TokenID,
			Role:      "SYSTEM",
			OrgID:     directory.OrgID,
			IP:        c.ClientIP(),
			RequestID: s.requestID(ctx),
		},
	})

	var a answer
	if wait, ok := s.limits.count(directory.OrgID); !ok {
		a = refuse(http.StatusTooManyRequests, "", "RATE",
			"Too many requests. Wait as long as Retry-After says.")
		a.retry = wait
	} else {
		a = r.readAndAnswer(c)
	}
	s.tell(r, c, a)
	s.write(c, a)
}

func bearer(header string) (string, bool) {
	scheme, secret, _ := strings.Cut(header, " ")
	return strings.TrimSpace(secret), strings.EqualFold(scheme, "Bearer")
}

// stranger answers somebody without a good token.
func (s *server) stranger(c *gin.Context) answer {
	if wait, ok := s.strangers.count(rules.Network(c.ClientIP())); !ok {
		a := refuse(http.StatusTooManyRequests, "", "RATE",
			"Too many requests without a good token come from this address.")
		a.retry = wait
		return a
	}
	c.Header("WWW-Authenticate", `Bearer realm="roomcover"`)
	return refuse(http.StatusUnauthorized, "", "TOKEN",
		"The token is missing, unknown or revoked. Make one in the portal's settings.")
}

// readAndAnswer reads the body and hands the request to whom it concerns.
func (r *request) readAndAnswer(c *gin.Context) answer {
	raw, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, mostBody))
	var tooMuch *http.MaxBytesError
	switch {
	case errors.As(err, &tooMuch):
		return refuse(http.StatusRequestEntityTooLarge, "", "SYNTAX",
			"A request has 1 MiB at most.")
	case err != nil:
		return refuse(http.StatusBadRequest, "invalidSyntax", "SYNTAX", "The body breaks off.")
	}

	r.raw = raw
	for _, values := range r.query {
		for _, v := range values {
			if !rules.Storable(v) {
				return refuse(http.StatusBadRequest, "invalidValue", "SYNTAX",
					"A parameter holds the character NUL or damaged UTF-8.")
			}
		}
	}
	for _, part := range r.parts {
		if !rules.Storable(part) {
			return r.answerError(db.NotFound())
		}
	}
	if r.method == http.MethodPost || r.method == http.MethodPut || r.method == http.MethodPatch {
		if !readable(raw, &r.body) {
			return refuse(http.StatusBadRequest, "invalidSyntax", "SYNTAX",
				"The body has to be a JSON object in UTF-8 without the character NUL.")
		}
	}
	if r.version, err = versionIn(c.GetHeader("If-Match")); err != nil {
		return r.answerError(err)
	}
	return r.dispatch()
}

func readable(raw []byte, into *map[string]any) bool {
	return utf8.Valid(raw) && !strings.Contains(string(raw), `\u0000`) &&
		json.Unmarshal(raw, into) == nil && *into != nil
}

// dispatch finds who answers.
func (r *request) dispatch() answer {
	id := ""
	if len(r.parts) == 2 {
		id = r.parts[1]
	}
	kind := strings.ToLower(r.parts[0])
	switch {
	case len(r.parts) > 2:
	case kind == "users":
		return r.users(id)
	case kind == "groups":
		return r.groups(id)
	case kind == "serviceproviderconfig", kind == "resourcetypes", kind == "schemas":
		return r.setUp(kind, id)
	}
	return r.answerError(db.NotFound())
}

// versionIn reads If-Match; AnyVersion where none is asked for.
func versionIn(header string) (int64, error) {
	header = strings.TrimSpace(header)
	if header == "" || header == "*" {
		return provisioning.AnyVersion, nil
	}
	said := strings.Trim(strings.TrimPrefix(header, "W/"), `"`)
	n, err := strconv.ParseInt(said, 10, 64)
	if err != nil || n < 0 {
		return 0, rules.Refuse(rules.VersionMismatch, "This has changed since you read it.",
			"Read it again.")
	}
	return n, nil
}

func etagOf(version int64) string { return `W/"` + strconv.FormatInt(version, 10) + `"` }

// tell keeps the request for the organisation's administrators. A request that cannot be kept is
// answered all the same: what was asked for is done by then.
func (s *server) tell(r *request, c *gin.Context, a answer) {
	address := c.Request.URL.Path
	if asked, err := url.QueryUnescape(c.Request.URL.RawQuery); err == nil && asked != "" {
		address += "?" + asked
	}
	if !rules.Storable(address) {
		address = Path
	}
	kept := provisioning.Request{
		Method:  r.method,
		Address: address,
		Status:  a.status,
		Outcome: a.outcome,
		Detail:  a.detail,
		Ignored: strings.Join(a.ignored, ", "),
		Body:    withoutPassword(r.raw),
	}
	if a.person != "" {
		kept.PersonID = &a.person
	}
	if !rules.Storable(kept.Body) || !rules.Storable(kept.Ignored) {
		kept.Body, kept.Ignored = "", ""
	}
	if err := s.provisioning.Record(r.ctx, r.directory, kept); err != nil {
		s.log.ErrorContext(r.ctx, "a directory's request was not kept",
			slog.String("request_id", s.requestID(r.ctx)), slog.Any("error", err))
	}
	if len(a.ignored) > 0 {
		s.log.InfoContext(r.ctx, "paths of a directory's request were ignored",
			slog.String("request_id", s.requestID(r.ctx)), slog.Int("paths", len(a.ignored)))
	}
}

// write sends an answer.
func (s *server) write(c *gin.Context, a answer) {
	if a.etag != "" {
		c.Header("ETag", a.etag)
	}
	if a.place != "" {
		c.Header("Location", a.place)
	}
	if a.retry > 0 {
		c.Header("Retry-After", strconv.Itoa(a.retry))
	}
	if a.body == nil {
		c.Status(a.status)
		c.Writer.WriteHeaderNow()
		return
	}
	body, err := json.Marshal(a.body)
	if err != nil {
		s.log.ErrorContext(c.Request.Context(), "a SCIM answer cannot be written",
			slog.Any("error", err))
		c.Status(http.StatusInternalServerError)
		return
	}
	c.Data(a.status, mediaType+"; charset=utf-8", body)
}

// problem is an error in SCIM's own form.
type problem struct {
	Schemas []string `json:"schemas"`
	Status  string   `json:"status"`
	Type    string   `json:"scimType,omitempty"`
	Detail  string   `json:"detail"`
}

func refuse(status int, kind, why, detail string) answer {
	return answer{
		status:  status,
		outcome: "REFUSED_" + why,
		detail:  detail,
		body: problem{
			Schemas: []string{"urn:ietf:params:scim:api:messages:2.0:Error"},
			Status:  strconv.Itoa(status),
			Type:    kind,
			Detail:  detail,
		},
	}
}

// answerError answers what was refused, or has failed.
func (r *request) answerError(err error) answer {
	if wrong := provisioning.RefusalOf(err); wrong != nil {
		switch wrong.Why {
		case provisioning.NotUnique:
			return refuse(http.StatusConflict, "uniqueness", string(wrong.Why), wrong.Detail)
		case provisioning.TooMany:
			return refuse(http.StatusBadRequest, "tooMany", string(wrong.Why), wrong.Detail)
		}
		return refuse(http.StatusBadRequest, "invalidValue", string(wrong.Why), wrong.Detail)
	}
	if errors.Is(err, errFilter) {
		return refuse(http.StatusBadRequest, "invalidFilter", "FILTER",
			`A filter compares attributes with eq, joined by and, `+
				`such as userName eq "ana@x.example".`)
	}
	switch rules.CodeOf(err) {
	case rules.NotFound:
		return refuse(http.StatusNotFound, "", "NOT_FOUND", "There is nothing under this id.")
	case rules.VersionMismatch:
		return refuse(http.StatusPreconditionFailed, "", "VERSION",
			"This has changed since you read it. Read it again.")
	case rules.UserLimit:
		return refuse(http.StatusBadRequest, "invalidValue", "LIMIT",
			"The account has as many people as it may have. Ask support for more.")
	}
	return r.failed(r.ctx, err)
}

// failed answers what nobody expected; why, the log says.
func (s *server) failed(ctx context.Context, err error) answer {
	s.log.ErrorContext(ctx, "a SCIM request failed",
		slog.String("request_id", s.requestID(ctx)), slog.Any("error", err))
	if !db.Unavailable(err) {
		return refuse(http.StatusInternalServerError, "", "FAILED",
			"Something went wrong here. Ask support, with the time of this request.")
	}
	a := refuse(http.StatusServiceUnavailable, "", "FAILED",
		"The service cannot answer at the moment. Try again.")
	a.retry = 5
	return a
}

func notAllowed() answer {
	return refuse(http.StatusMethodNotAllowed, "", "METHOD",
		"This address does not support this method.")
}

// limiters bound how often somebody may ask. Who was quiet for longest is forgotten first.
type limiters struct {
	mu    sync.Mutex
	rate  rate.Limit
	burst int
	byID  *simplelru.LRU[string, *rate.Limiter]
}

func newLimiters(perSecond float64, burst int) *limiters {
	byID, err := simplelru.NewLRU[string, *rate.Limiter](10_000, nil)
	if err != nil {
		panic(err) // refused is only a size that is not positive
	}
	return &limiters{
		rate:  rate.Limit(perSecond),
		burst: burst,
		byID:  byID,
	}
}

// count counts one request; when it is one too many, it gives the seconds to wait.
func (l *limiters) count(id string) (wait int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()

	limiter, known := l.byID.Get(id)
	if !known {
		limiter = rate.NewLimiter(l.rate, l.burst)
		l.byID.Add(id, limiter)
	}
	now := time.Now()
	reservation := limiter.ReserveN(now, 1)
	delay := reservation.DelayFrom(now)
	if delay == 0 {
		return 0, true
	}
	reservation.CancelAt(now)
	return int(math.Ceil(delay.Seconds())), false
}
