package console

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/console/testissuer"
	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	// The tests are about pages, not about the cost of argon2id.
	web.PasswordCost = web.Cost{Memory: 64, Passes: 1, Lanes: 1}
	storetest.Main(m)
}

// world is a console on a real database, reachable by HTTP; with an issuer beside it, or
// without one.
type world struct {
	storetest.Env
	t      *testing.T
	url    string
	log    *safeBuffer
	site   *site
	issuer *testissuer.Issuer // nil: there is none
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// The people of the issuer, one for each role, and one without any.
var staff = []testissuer.Person{
	{Subject: "1", Email: "lena@desk.example", Name: "Lena Costa", Roles: []string{"desk-lead"}},
	{Subject: "2", Email: "ari@desk.example", Name: "Ari Prado", Roles: []string{"desk-agent"}},
	{Subject: "3", Email: "clara@desk.example", Name: "Clara Reis", Roles: []string{"desk-csm"}},
	{Subject: "4", Email: "mauro@desk.example", Name: "Mauro Lima", Roles: []string{"desk-manager"}},
	{Subject: "5", Email: "nina@desk.example", Name: "Nina Sem", Roles: []string{"canteen"}},
}

// byRole are the staff by their role.
var byRole = map[rules.Role]testissuer.Person{
	rules.OperatorLead:    staff[0],
	rules.OperatorAgent:   staff[1],
	rules.OperatorCSM:     staff[2],
	rules.OperatorManager: staff[3],
}

func issuerWorld(t *testing.T) *world { return worldOn(t, storetest.SQLite(t), true) }

// eachIssuerWorld runs a test of screens on one database, in a long run on both. That every screen
// does what it shall on PostgreSQL too is shown by the walk through all links and by the routes
// for each role.
func eachIssuerWorld(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.OneOf(t, func(t *testing.T, env storetest.Env) { test(t, worldOn(t, env, true)) })
}

// onBothDatabases is for what a database decides: which of several at once wins.
func onBothDatabases(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) { test(t, worldOn(t, env, true)) })
}

func passwordWorld(t *testing.T) *world { return worldOn(t, storetest.SQLite(t), false) }

func worldOn(t *testing.T, env storetest.Env, withIssuer bool) *world {
	t.Helper()
	w := &world{Env: env, t: t, log: &safeBuffer{}}
	engine := gin.New()
	server := httptest.NewServer(engine)
	t.Cleanup(server.Close)
	// Browsers know passkeys of a name alone.
	w.url = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	o := Options{
		Domains:   env.Domains,
		Log:       slog.New(slog.NewTextHandler(w.log, nil)),
		PublicURL: w.url,
		Insecure:  true,
		Kit:       true,
	}
	if withIssuer {
		var handler http.Handler
		ours := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			handler.ServeHTTP(rw, r)
		}))
		t.Cleanup(ours.Close)
		issuer, err := testissuer.New(testissuer.Options{
			URL:          ours.URL,
			ClientID:     "roomcover",
			ClientSecret: "a secret",
			RedirectURI:  w.url + CallbackPath,
			People:       append([]testissuer.Person{}, staff...),
		})
		require.NoError(t, err)
		handler = issuer
		w.issuer = issuer
		o.Issuer = Issuer{
			URL:          ours.URL,
			ClientID:     "roomcover",
			ClientSecret: "a secret",
			RoleClaim:    "roles",
			Roles: map[string]rules.Role{
				"desk-lead":    rules.OperatorLead,
				"desk-agent":   rules.OperatorAgent,
				"desk-csm":     rules.OperatorCSM,
				"desk-manager": rules.OperatorManager,
			},
		}
	}

	s, err := newSite(o)
	require.NoError(t, err)
	s.evenTime = 0
	s.holds = false // undo_test.go is about that
	w.site = s
	s.mount(engine)
	engine.GET(web.AssetPath+"*file", gin.WrapH(web.Assets(false)))
	notFound, err := NotFound(o)
	require.NoError(t, err)
	engine.NoRoute(notFound)
	return w
}

// browser is one browser: a cookie jar that follows redirects.
type browser struct {
	*world
	client *http.Client
	lang   string
}

// reply is a page with its status and final address.
type reply struct {
	status int
	path   string
	host   string
	query  url.Values
	body   string
	header http.Header
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	return &browser{world: w, client: &http.Client{Jar: jar}, lang: "en"}
}

func (b *browser) do(req *http.Request) reply {
	b.t.Helper()
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
	req.Header.Set("Accept-Language", b.lang)
	res, err := b.client.Do(req)
	require.NoError(b.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(b.t, err)
	said := string(body)
	if res.Header.Get("Content-Type") != "application/zip" { // its octets are no letters
		said = strings.ReplaceAll(said, "\u00a0", " ")
	}
	return reply{
		status: res.StatusCode,
		path:   res.Request.URL.Path,
		host:   res.Request.URL.Host,
		query:  res.Request.URL.Query(),
		body:   said,
		header: res.Header,
	}
}

func (b *browser) get(path string) reply {
	b.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = b.url + path
	}
	req, err := http.NewRequest(http.MethodGet, path, nil)
	require.NoError(b.t, err)
	return b.do(req)
}

func (b *browser) post(path string, pairs ...string) reply {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequest(http.MethodPost, b.url+path, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

// signedIn is a browser in which somebody has signed in at the issuer, by one click.
func (w *world) signedIn(p testissuer.Person) *browser {
	w.t.Helper()
	b := w.browser()
	r := b.get(StartPath + "?as=" + url.QueryEscape(p.Email))
	require.Equal(w.t, http.StatusOK, r.status, w.log.String())
	require.Equal(w.t, Root, r.path)
	return b
}

// hidden is the value of a form's hidden field.
func hiddenIn(body, name string) string {
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(body)
	if m == nil {
		return ""
	}
	return m[1]
}

// operatorOf reads the operator with that address.
func (w *world) operatorOf(email string) identity.Operator {
	w.t.Helper()
	all, err := w.Domains.Operators.ListOperators(w.system())
	require.NoError(w.t, err)
	for _, o := range all {
		if o.Email == email {
			return o
		}
	}
	require.Fail(w.t, "there is no operator "+email)
	return identity.Operator{}
}

func (w *world) system() context.Context { return db.WithSystem(w.Context) }

// verbs are what the audit says of something, oldest first.
func (w *world) verbs(id string) []string {
	w.t.Helper()
	events, err := w.Domains.DB.Timeline(w.system(), id)
	require.NoError(w.t, err)
	var out []string
	for _, e := range events {
		out = append(out, e.Verb)
	}
	return out
}

func languageOf(locale string) *messages.Language { return messages.In(locale) }
