package portal

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	// The tests are about pages, not about the cost of argon2id.
	web.PasswordCost = web.Cost{Memory: 64, Passes: 1, Lanes: 1}
	storetest.Main(m, closeBrowsers)
}

// world is a portal on a real database, reachable by HTTP.
type world struct {
	storetest.Env
	t   *testing.T
	url string
	log *safeBuffer
	// portal is what is tested; what it waits for can be shortened.
	portal *site
	// sync is the Sync that customers connect with.
	sync *toldRooms
	// transport is how guests reach it; nil: as anybody does.
	transport http.RoundTripper
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

func newWorld(t *testing.T) *world { return worldOn(t, storetest.SQLite(t)) }

// eachWorld runs a test of pages on one database, in a long run on both. That every page and every
// form does what it shall on PostgreSQL too, under its row-level security, is shown by the walk
// through all links and by two clicks at once on every form.
func eachWorld(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.OneOf(t, func(t *testing.T, env storetest.Env) { test(t, worldOn(t, env)) })
}

// onBothDatabases is for what a database decides: what is foreign, and which of two at once wins.
func onBothDatabases(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) { test(t, worldOn(t, env)) })
}

func worldOn(t *testing.T, env storetest.Env) *world {
	w := &world{Env: env, t: t, log: &safeBuffer{}, sync: &toldRooms{}}
	server := httptest.NewServer(w.portalAt("http://localhost:8080"))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// portalAt is the portal of the world, which people reach at an address.
func (w *world) portalAt(publicURL string) http.Handler {
	t := w.t
	engine := gin.New()
	o := Options{
		Domains:   w.Domains,
		Log:       slog.New(slog.NewTextHandler(w.log, nil)),
		PublicURL: publicURL,
		Insecure:  strings.HasPrefix(publicURL, "http://"),
	}
	if w.sync != nil {
		o.Sync = w.sync
	}
	s, err := newSite(o)
	require.NoError(t, err)
	s.evenTime = 0
	w.portal = s
	s.mount(engine)
	engine.GET(web.AssetPath+"*file", gin.WrapH(web.Assets(false)))
	notFound, err := NotFound(o)
	require.NoError(t, err)
	engine.NoRoute(notFound)
	return engine
}

// invited fulfils an order, which opens the account and invites its contact.
func (w *world) invited() identity.Invitation {
	w.t.Helper()
	w.Fulfilled(w.t, w.Reseller(w.t, "Revenda Sul"), storetest.Form("PO-1"))
	return w.latestInvitation("ana.souza@acme.example")
}

func (w *world) latestInvitation(email string) identity.Invitation {
	w.t.Helper()
	all, _, err := w.ListInvitations(w.Context, "", "", db.Page{Limit: 200})
	require.NoError(w.t, err)
	for _, inv := range all {
		if inv.Email == email {
			return inv
		}
	}
	require.Fail(w.t, "no invitation for that address")
	return identity.Invitation{}
}

func (w *world) link(inv identity.Invitation) string {
	return "/invitation?token=" + w.Secrets().InvitationToken(inv.ID)
}

// noBreak is the blank at which no line ends.
const noBreak = "\u00a0"

const goodPassword = "três cavalos azuis"

// guest is one browser: a cookie jar that follows redirects.
type guest struct {
	*world
	client *http.Client
	agent  string
	lang   string
}

// reply is a page with its status and final path.
type reply struct {
	status int
	path   string
	body   string
	header http.Header
}

func (w *world) guest() *guest {
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	return &guest{
		world:  w,
		client: &http.Client{Jar: jar, Transport: w.transport},
		lang:   "en",
		agent:  "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
	}
}

func (g *guest) do(req *http.Request) reply {
	g.t.Helper()
	req.Header.Set("User-Agent", g.agent)
	req.Header.Set("Accept-Language", g.lang)
	res, err := g.client.Do(req)
	require.NoError(g.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(g.t, err)
	// A reader does not see that a blank keeps a date on its line.
	return reply{res.StatusCode, res.Request.URL.Path, strings.ReplaceAll(string(body), noBreak, " "), res.Header}
}

func (g *guest) get(path string) reply {
	g.t.Helper()
	req, err := http.NewRequest(http.MethodGet, g.url+path, nil)
	require.NoError(g.t, err)
	return g.do(req)
}

func (g *guest) post(path string, pairs ...string) reply {
	g.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequest(http.MethodPost, g.url+path, strings.NewReader(form.Encode()))
	require.NoError(g.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return g.do(req)
}

func (g *guest) cookie(name string) string {
	u, _ := url.Parse(g.url)
	for _, c := range g.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (g *guest) setCookie(name, value string) {
	u, _ := url.Parse(g.url)
	g.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value}})
}

// code is the code of the latest mail with one.
func (w *world) code() string { return w.Secrets().OneTimeCode(w.mails("one_time_code")[0].SubjectID) }

// mails lists the mails of a template, newest first.
func (w *world) mails(template string) []notification.Notification {
	w.t.Helper()
	all, _, err := w.ListNotifications(w.Context, notification.NotificationFilter{Page: db.Page{Limit: 200}})
	require.NoError(w.t, err)
	var out []notification.Notification
	for _, n := range all {
		if n.Template == template {
			out = append(out, n)
		}
	}
	return out
}

// accept walks from the link to the home page.
func (g *guest) accept(inv identity.Invitation, name string) reply {
	g.t.Helper()
	require.Equal(g.t, 200, g.get(g.link(inv)).status)
	require.Equal(g.t, "/invitation/code", g.post("/invitation").path)
	require.Equal(g.t, "/invitation/person", g.post("/invitation/code", "code", g.code()).path)
	return g.post("/invitation/person", "name", name, "password", goodPassword)
}

// member adds a person to the account of the first invitation and signs in.
func (w *world) member(accountID, email string, role identity.MemberRole) *guest {
	w.t.Helper()
	inv, err := w.Invite(w.Context, identity.NewInvite{
		AccountID:   accountID,
		Email:       email,
		ContactName: "Colleague",
		Role:        role,
		Kind:        identity.InvitationForColleague,
	})
	require.NoError(w.t, err)
	g := w.guest()
	require.Equal(w.t, "/", g.accept(inv, "Colleague").path)
	return g
}

// admin accepts the order's invitation: the account's administrator.
func (w *world) admin() (*guest, identity.Invitation) {
	w.t.Helper()
	inv := w.invited()
	g := w.guest()
	require.Equal(w.t, "/", g.accept(inv, "Ana Souza").path)
	return g, inv
}

// as is the context of an operator.
func (w *world) as(role rules.Role) context.Context {
	return db.WithScope(w.Context, db.Scope{System: true, Actor: db.Actor{ID: "tok_test", Role: role}})
}

// state reads the invitation's state now.
func (w *world) state(id string) rules.InvitationState {
	w.t.Helper()
	inv, err := w.GetInvitation(w.Context, id)
	require.NoError(w.t, err)
	return inv.State
}

func (w *world) verbs(objectID string) []string {
	w.t.Helper()
	events, err := w.Timeline(context.WithoutCancel(w.Context), objectID)
	require.NoError(w.t, err)
	var out []string
	for _, e := range events {
		out = append(out, e.Verb)
	}
	return out
}

func (w *world) tasks(kind db.TaskKind) []db.OperatorTask {
	w.t.Helper()
	tasks, _, err := w.ListTasks(w.Context, db.TaskFilter{Kind: kind, State: db.TaskOpen})
	require.NoError(w.t, err)
	return tasks
}
