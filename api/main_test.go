package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// house is a server on a database, with one token per role.
type house struct {
	storetest.Env
	URL      string
	Log      *lockedBuffer
	Reseller account.Org
	Lead     client
	Seller   client
	Stands   map[string]string // ids of the examples' requests, and whose place they take
	t        *testing.T
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func open(t *testing.T, env storetest.Env, change ...func(*api.Options)) *house {
	t.Helper()
	log := &lockedBuffer{}
	o := api.Options{
		Domains:       env.Domains,
		Log:           slog.New(slog.NewJSONHandler(log, nil)),
		Version:       "test",
		TemporalUI:    "http://temporal.example/",
		Namespace:     "roomcover",
		PublicURL:     "https://roomcover.example",
		RatePerSecond: 1e6,
		Burst:         1e6,
		Metrics:       prometheus.NewRegistry(),
		Carrier:       "sim",
		CarrierKeys:   [][]byte{carrierKey},
		MailKeys:      [][]byte{mailKey},
	}
	for _, c := range change {
		c(&o)
	}
	router := api.NewRouter(o)
	_, err := api.Register(router, o)
	require.NoError(t, err)
	server := httptest.NewServer(router)
	t.Cleanup(server.Close)
	h := &house{Env: env, URL: server.URL, Log: log, Stands: map[string]string{}, t: t}
	h.Reseller = env.Reseller(t, "Revenda Sul")
	h.Seller = h.client(h.Reseller.ID, rules.Reseller)
	h.Lead = h.client(account.OperatorOrgID, rules.OperatorLead)
	return h
}

func sqlite(t *testing.T, change ...func(*api.Options)) *house {
	t.Helper()
	return open(t, storetest.SQLite(t), change...)
}

// client calls the API with one token.
type client struct {
	house   *house
	token   string
	tokenID string
}

func (h *house) client(orgID string, role rules.Role, scopes ...string) client {
	h.t.Helper()
	if scopes == nil {
		scopes = api.ScopesFor(role)
	}
	t, secret, err := h.CreateToken(h.Context, identity.NewToken{
		OrgID:     orgID,
		Role:      role,
		Label:     "test",
		Scopes:    scopes,
		ExpiresAt: time.Now().Add(time.Hour),
	})
	require.NoError(h.t, err)
	return client{h, secret, t.ID}
}

// answer is what came back.
type answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Header lines of a request, as name, value, name, value.
func (c client) send(method, path string, body any, headers ...string) answer {
	c.house.t.Helper()
	a, err := c.try(method, path, body, headers...)
	require.NoError(c.house.t, err)
	return a
}

func (c client) try(method, path string, body any, headers ...string) (answer, error) {
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(b)
	case []byte:
		content = bytes.NewReader(b)
	default:
		encoded, err := json.Marshal(b)
		if err != nil {
			return answer{}, err
		}
		content = bytes.NewReader(encoded)
	}
	r, err := http.NewRequestWithContext(context.Background(), method, c.house.URL+path, content)
	if err != nil {
		return answer{}, err
	}
	if content != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if res.StatusCode == 500 {
		lines := strings.Split(strings.TrimSpace(c.house.Log.String()), "\n")
		c.house.t.Logf("the server's log:\n%s", strings.Join(lines[max(0, len(lines)-3):], "\n"))
	}
	return answer{res.StatusCode, res.Header, got}, err
}

func (c client) get(path string) answer            { return c.send("GET", path, nil) }
func (c client) post(path string, body any) answer { return c.send("POST", path, body) }

// decide decides on version 1 of an order, which it has until somebody changes it.
func (c client) decide(orderID string, body any) answer {
	return c.send("POST", "/v1/orders/"+orderID+"/decision", body, "If-Match", `"1"`)
}

func (c client) order(form ordering.OrderForm) answer { return c.post("/v1/orders", form) }
func (c client) accepted(form ordering.OrderForm) orderRef {
	return as[orderRef](c.house.t, c.order(form), 201)
}

type orderRef struct {
	ID            string             `json:"id"`
	State         string             `json:"state"`
	VendorOrderNo string             `json:"vendor_order_no"`
	Warnings      []rules.FieldError `json:"warnings"`
	ReviewReasons []string           `json:"review_reasons"`
	Version       int64              `json:"version"`
}

// as decodes an answer of the wanted status.
func as[T any](t testing.TB, a answer, status int) T {
	t.Helper()
	var v T
	require.Equal(t, status, a.Status, string(a.Body))
	require.NoError(t, json.Unmarshal(a.Body, &v), string(a.Body))
	return v
}

// problem decodes a refusal and holds it to its form.
func problem(t testing.TB, a answer, status int, code string) api.Problem {
	t.Helper()
	p := as[api.Problem](t, a, status)
	require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
	require.Equal(t, code, p.Code, string(a.Body))
	require.Equal(t, status, p.Status)
	require.NotEmpty(t, p.Detail)
	require.NotEmpty(t, p.Remedy)
	require.Equal(t, a.Header.Get("X-Request-Id"), p.RequestID)
	require.Equal(t, "/v1/docs#error-"+strings.ToLower(strings.ReplaceAll(code, "_", "-")), p.Type)
	return p
}

func codes(fields []rules.FieldError) []string {
	out := []string{}
	for _, f := range fields {
		out = append(out, f.Pointer+" "+f.Code)
	}
	return out
}

// fulfil runs what the order's workflow would.
func (h *house) fulfil(id string) {
	h.t.Helper()
	_, err := h.FulfilOrder(h.Context, id)
	require.NoError(h.t, err)
}

func logger(w io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(w, nil)) }

type apiOptions = api.Options
