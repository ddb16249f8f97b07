package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/tracing"
)

const (
	requestIDHeader = "X-Request-Id"
	tokenForLog     = "roomcover.token"
	// pathPrefix is where the JSON API lives; everything else is the portal's.
	pathPrefix = "/v1/"
)

// NewRouter makes the engine that API and portal share: request ids, access
// log, recovery, security headers, and answers for what is not there.
func NewRouter(o Options) *gin.Engine {
	o = o.withDefaults()
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false // a redirect would repeat the path, and turn a POST into a GET

	if err := r.SetTrustedProxies(o.TrustedProxies); err != nil {
		o.Log.Error("the trusted proxies cannot be read; none is trusted", "error", err)
		_ = r.SetTrustedProxies(nil) // with nil it cannot fail
	}

	r.Use(nameRequest(o.Log), traceRequest, logAccess(o.Log))
	if o.Metrics != nil {
		r.Use(countRequests(o.Metrics))
	}

	notFound := fallback(o.NotFound,
		rules.Refuse(rules.NotFound, "There is nothing at this address.",
			"See /v1/docs for what there is."))
	r.Use(recoverPanic(o), secure(o), readable(notFound))
	r.NoRoute(notFound)
	r.NoMethod(fallback(o.MethodNotAllowed,
		rules.Refuse(codeMethod, "This address does not support this method.",
			"See the Allow header, and /v1/docs.")))

	return r
}

var soundRequestID = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// nameRequest takes a sound X-Request-Id from the caller or makes one.
func nameRequest(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		id := c.GetHeader(requestIDHeader)
		if !soundRequestID.MatchString(id) {
			id = "req-" + strings.ToLower(rand.Text())
		}

		c.Header(requestIDHeader, id)
		ctx := context.WithValue(c.Request.Context(), requestKey{}, id)
		c.Request = c.Request.WithContext(context.WithValue(ctx, logKey{}, log))
		c.Next()
	}
}

// traceRequest makes a request the root of a trace, named by the route's template. What the caller
// says of a trace of its own is not gone by: it could have every request of its kept.
func traceRequest(c *gin.Context) {
	ctx, span := tracing.Span(c.Request.Context(), trace.SpanKindServer,
		c.Request.Method+" "+routeTemplate(c),
		attribute.String("http.request.method", c.Request.Method),
		attribute.String("http.route", routeTemplate(c)),
		attribute.String("roomcover.request_id", requestID(c.Request.Context())))
	c.Request = c.Request.WithContext(ctx)
	var failed error
	defer func() { tracing.End(span, failed) }()

	c.Next()
	span.SetAttributes(attribute.Int("http.response.status_code", c.Writer.Status()))
	if c.Writer.Status() >= http.StatusInternalServerError {
		failed = errFailed
	}
}

// RequestID is the id of the request that the context belongs to; empty for none.
func RequestID(ctx context.Context) string { return requestID(ctx) }

// logAccess writes one line per request: the route's template, never the path
// itself, the query, an address or a header, which may hold personal data.
func logAccess(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		start := time.Now()
		c.Next()
		level := slog.LevelInfo
		if c.Writer.Status() >= 500 {
			level = slog.LevelError
		}

		log.LogAttrs(c.Request.Context(), level, "request",
			slog.String("request_id", requestID(c.Request.Context())),
			slog.String("method", c.Request.Method),
			slog.String("route", routeTemplate(c)),
			slog.Int("status", c.Writer.Status()),
			slog.Int("bytes", c.Writer.Size()),
			slog.Duration("took", time.Since(start)),
			slog.String("token", c.GetString(tokenForLog)))
	}
}

func routeTemplate(c *gin.Context) string {
	if path := c.FullPath(); path != "" {
		return path
	}
	return "none"
}

// recoverPanic answers a panic with 500 and logs it with its stack.
func recoverPanic(o Options) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			fault := recover()
			if fault == nil {
				return
			}

			if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(fault)
			}

			ctx := c.Request.Context()
			o.Log.ErrorContext(ctx, "panic", "request_id", requestID(ctx), "panic",
				fmt.Sprint(fault), "stack", string(debug.Stack()))
			c.Abort()
			if !c.Writer.Written() {
				fallback(o.Failed, errPanic)(c)
			}
		}()

		c.Next()
	}
}

// errFailed ends the span of a request whose answer says what failed.
var errFailed = errors.New("answered with a fault of the service")

var errPanic = errors.New("a handler panicked")

// readable turns away addresses that hold the character NUL or damaged UTF-8:
// no object has such an id, and PostgreSQL refuses to compare it. A parameter
// that stands twice is turned away too: which one counts would be a guess.
func readable(notFound gin.HandlerFunc) gin.HandlerFunc {
	return func(c *gin.Context) {
		if !rules.Storable(c.Request.URL.Path) {
			notFound(c)
			c.Abort()
			return
		}

		if !strings.HasPrefix(c.Request.URL.Path, pathPrefix) {
			return // the portal reads no query that it compares
		}

		for name, values := range c.Request.URL.Query() {
			if !rules.Storable(name) ||
				slices.ContainsFunc(values, func(v string) bool { return !rules.Storable(v) }) {
				writeProblem(c,
					problemFor(c.Request.Context(),
						invalidParameter("/query",
							"A parameter holds the character NUL or damaged UTF-8.")))
				return
			}

			if len(values) > 1 {
				writeProblem(c,
					problemFor(c.Request.Context(),
						invalidParameter(parameterPointer("query."+name),
							"A parameter is given more than once.")))
				return
			}
		}
	}
}

// secure sets headers that hold for everything; pages set a content security
// policy of their own.
func secure(o Options) gin.HandlerFunc {
	https := strings.HasPrefix(o.PublicURL, "https://")
	return func(c *gin.Context) {
		c.Header("X-Content-Type-Options", "nosniff")
		c.Header("X-Frame-Options", "DENY")
		c.Header("Referrer-Policy", "no-referrer")
		c.Header("Cross-Origin-Resource-Policy", "same-origin")
		c.Header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		c.Header("Cache-Control", "no-store")
		if https {
			c.Header("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}

		c.Next()
	}
}

// fallback answers in the API's form under /v1 and by the portal's handler
// elsewhere.
func fallback(page gin.HandlerFunc, err error) gin.HandlerFunc {
	return func(c *gin.Context) {
		p := problemFor(c.Request.Context(), err)
		switch {
		case strings.HasPrefix(c.Request.URL.Path, pathPrefix):
			writeProblem(c, p)
		case page != nil:
			page(c)
		default:
			c.String(p.Status, p.Detail)
		}
	}
}

func writeProblem(c *gin.Context, p *Problem) {
	retryHeader(p, c.Header)
	body, _ := json.Marshal(p) // strings and numbers cannot fail
	c.Data(p.Status, mediaProblem, body)
	c.Abort()
}

// Server makes the HTTP server for a handler, with every limit set: headers
// within 5 s and 16 KiB, a request within 60 s (an import of 32 MiB over a slow
// line), an answer within 90 s, idle connections for 2 minutes.
func Server(addr string, h http.Handler) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      90 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
}
