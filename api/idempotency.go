package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"regexp"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

const (
	keyHeader    = "Idempotency-Key"
	replayHeader = "Idempotent-Replayed"
)

var soundKey = regexp.MustCompile(`^[!-~]{1,128}$`)

func idempotencyParameter() *huma.Param {
	return &huma.Param{
		Name:        keyHeader,
		In:          "header",
		Description: "The same key with the same request gives the same answer, for 48 hours.",
		Schema:      &huma.Schema{Type: "string", Pattern: soundKey.String()},
	}
}

// answer is what a key answers again.
type answer struct {
	ContentType string          `json:"content_type"`
	Location    string          `json:"location,omitempty"`
	Body        json.RawMessage `json:"body"`
}

// answerOnce lets a request with an Idempotency-Key, or with the id that it was signed with, happen
// once: the same request
// again gets the first one's answer. Refused requests had no effect and are
// forgotten.
func (s *service) answerOnce(ctx huma.Context, next func(huma.Context)) {
	c := callOf(ctx.Context())
	key := cmp.Or(c.once, ctx.Header(keyHeader))
	r := routeOf(ctx)
	if key == "" || !r.Idempotent {
		next(ctx)
		return
	}

	if !soundKey.MatchString(key) {
		s.refuse(ctx,
			rules.Refuse(codeKeyInvalid, "The idempotency key is not valid.",
				"Send 1 to 128 visible ASCII characters, such as a UUID."))
		return
	}

	url := ctx.URL()
	row, done, err := s.domains.DB.ClaimKey(ctx.Context(), c.token.ID, key,
		db.HashSecret(ctx.Method()+"\n"+url.RequestURI()+"\n"+string(c.body.content)))
	switch {
	case err != nil:
		s.refuse(ctx, err)
	case done:
		replay(humagin.Unwrap(ctx), row)
	default:
		s.keepAnswer(huma.WithValue(ctx, onceKey{}, c.token.ID+"/"+key), next, key)
	}
}

type onceKey struct{}

// onceName names the request by its key; it is empty without one. A request
// whose process died between commit and answer may come again after its lease:
// what must not happen twice then is stored under this name.
func onceName(ctx context.Context) string {
	name, _ := ctx.Value(onceKey{}).(string)
	return name
}

// keepAnswer runs the request and keeps its answer before it is sent; a panic
// releases the key.
func (s *service) keepAnswer(ctx huma.Context, next func(huma.Context), key string) {
	g := humagin.Unwrap(ctx)
	c := callOf(ctx.Context())

	// The caller may be gone by now; the key must be settled all the same.
	settle := context.WithoutCancel(ctx.Context())
	w := &heldWriter{ResponseWriter: g.Writer}

	settled := false
	defer func() {
		g.Writer = w.ResponseWriter
		if !settled {
			_ = s.domains.DB.ReleaseKey(settle, c.token.ID, key)
		}
	}()

	g.Writer = w
	next(ctx)
	if status := w.status(); status < 300 {
		stored, err := json.Marshal(answer{
			ContentType: w.Header().Get("Content-Type"),
			Location:    w.Header().Get("Location"),
			Body:        w.kept(routeOf(ctx).Secret),
		})
		if err == nil {
			err = s.domains.DB.FinishKey(settle, c.token.ID, key, status, stored)
		}
		if settled = err == nil; !settled {
			s.Log.ErrorContext(settle, "idempotency key not kept", "request_id", requestID(settle),
				"error", err)
			settled = true // it happened: better the lease runs out than it happens again
		}
	}

	w.release()
}

func replay(g *gin.Context, row db.IdempotencyKey) {
	var a answer
	_ = json.Unmarshal(row.Response, &a)
	if a.Location != "" {
		g.Header("Location", a.Location)
	}
	g.Header(replayHeader, "true")
	g.Data(row.Status, a.ContentType, a.Body)
}

// heldWriter holds an answer back until it is kept.
type heldWriter struct {
	gin.ResponseWriter
	code int
	body bytes.Buffer
}

func (w *heldWriter) WriteHeader(code int)              { w.code = code }
func (w *heldWriter) WriteHeaderNow()                   {}
func (w *heldWriter) Write(b []byte) (int, error)       { return w.body.Write(b) }
func (w *heldWriter) WriteString(s string) (int, error) { return w.body.WriteString(s) }
func (w *heldWriter) Status() int                       { return w.status() }

func (w *heldWriter) status() int {
	if w.code == 0 {
		return http.StatusOK
	}
	return w.code
}

func (w *heldWriter) release() {
	w.ResponseWriter.WriteHeader(w.status())
	_, _ = w.ResponseWriter.Write(w.body.Bytes())
}

// kept is the body without the secret, which is shown once and stored nowhere.
func (w *heldWriter) kept(secret string) json.RawMessage {
	body := bytes.TrimSpace(w.body.Bytes())
	if len(body) == 0 {
		return json.RawMessage("null")
	}

	if secret == "" {
		return body
	}

	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return json.RawMessage("null")
	}

	delete(fields, secret)
	out, _ := json.Marshal(fields)
	return out
}
