package portal

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/sso/saml"
	"roomcover.dev/roomcover/sso/saml/testprovider"
)

// samlWorld is a company whose administrator has set its sign-in by SAML up.
type samlWorld struct {
	*world
	admin    *guest
	provider *testprovider.Provider
	con      sso.Connection
}

var anaThere = testprovider.Person{
	Subject: "subject-17", Email: "ana.souza@acme.example", Name: "Ana Souza",
}

// foundRecords is a name service that has what is looked for.
type foundRecords []string

func (r foundRecords) TXT(context.Context, string) ([]string, error) { return r, nil }

// location is where a page leads to, without going there.
func (g *guest) location(path string) string {
	g.t.Helper()
	stays := *g.client
	stays.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	req, err := http.NewRequest(http.MethodGet, g.url+path, nil)
	require.NoError(g.t, err)
	res, err := stays.Do(req)
	require.NoError(g.t, err)
	defer res.Body.Close()
	require.Equal(g.t, http.StatusSeeOther, res.StatusCode, path)
	return res.Header.Get("Location")
}

// posted is what the provider's page posts: from another site, so that no cookie comes along.
func (w *samlWorld) posted(connectionID, answer, state string) (reply, string) {
	w.t.Helper()
	form := url.Values{"SAMLResponse": {answer}, "RelayState": {state}}
	req, err := http.NewRequest(http.MethodPost, w.url+samlPath+connectionID+"/acs",
		strings.NewReader(form.Encode()))
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	req.Header.Set("Origin", "https://idp.acme.example")
	req.Header.Set("Accept-Language", "en")
	res, err := (&http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}).Do(req)
	require.NoError(w.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	require.Empty(w.t, res.Header.Values("Set-Cookie"), "it would take the place of the browser's")
	return reply{status: res.StatusCode, body: string(body)}, res.Header.Get("Location")
}

// answered goes to the provider by a page and signs in there; what the provider posts comes back.
func (w *samlWorld) answered(g *guest, page string) (answer, state string) {
	w.t.Helper()
	form, err := w.provider.SignIn(g.location(page), anaThere)
	require.NoError(w.t, err)
	return form.SAMLResponse, form.RelayState
}

// setUp walks through the wizard up to a draft that is complete.
func setUpSAML(t *testing.T, w *world) *samlWorld {
	t.Helper()
	s := &samlWorld{world: w}
	admin, inv := w.admin()
	s.admin = admin

	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		s.provider.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	var err error
	s.provider, err = testprovider.New(testprovider.Options{
		URL:      server.URL,
		Services: "http://localhost:8080" + samlPath,
		People:   []testprovider.Person{anaThere},
	})
	require.NoError(t, err)

	ctx := db.WithScope(context.Background(), db.Scope{
		AccountIDs: []string{inv.AccountID},
		Actor:      db.Actor{ID: w.userID(anaThere.Email), Role: rules.CustomerAdmin},
	})
	d, err := w.SSO.AddDomain(ctx, inv.AccountID, "acme.example")
	require.NoError(t, err)
	_, err = w.SSO.CheckDomain(ctx, inv.AccountID, d.ID, foundRecords{d.Record()})
	require.NoError(t, err)

	page := admin.post("/own-sign-in", "act", "saml")
	require.Equal(t, 200, page.status)
	id := regexp.MustCompile(`http://localhost:8080/sso/saml/(ssc_[0-9a-z]+)/acs`).
		FindStringSubmatch(page.body)
	require.Len(t, id, 2, "our values are there to copy before those of the provider are known")
	require.Equal(t, 200, admin.post("/own-sign-in",
		"act", "metadata", "url", s.provider.MetadataURL()).status)
	s.con, err = w.SSO.SAMLByID(w.Context, id[1])
	require.NoError(t, err)
	require.Equal(t, s.provider.EntityID(), s.con.Issuer)
	return s
}

func (w *world) userID(email string) string {
	w.t.Helper()
	u, err := w.UserByEmail(w.Context, email)
	require.NoError(w.t, err)
	return u.ID
}

// tried rehearses and enables the connection.
func (w *samlWorld) tried() {
	w.t.Helper()
	answer, state := w.answered(w.admin, "/own-sign-in/"+w.con.ID+"/try")
	_, to := w.posted(w.con.ID, answer, state)
	page := w.admin.get(to)
	require.Equal(w.t, 200, page.status)
	require.Contains(w.t, page.body, "urn:oid:0.9.2342.19200300.100.1.3", "what came is shown")
	require.Contains(w.t, page.body, anaThere.Subject)
	require.Contains(w.t, page.body, anaThere.Name)
	require.Equal(w.t, 200,
		w.admin.post("/own-sign-in", "act", "enable", "connection", w.con.ID).status)
	c, err := w.SSO.LiveByID(w.Context, w.con.ID)
	require.NoError(w.t, err)
	require.Equal(w.t, sso.Enabled, c.State)
}

// From the wizard over a rehearsal to the sign-in of a person in a browser of their own.
func TestR53a_S48_ACompanySignsInBySAML(t *testing.T) {
	eachWorld(t, func(t *testing.T, plain *world) {
		w := setUpSAML(t, plain)

		// Our metadata is there for the provider before anybody may sign in.
		ours := w.guest().get(samlPath + w.con.ID + "/metadata")
		require.Equal(t, 200, ours.status)
		require.Contains(t, ours.body, `Location="http://localhost:8080/sso/saml/`+w.con.ID+`/acs"`)
		require.Equal(t, 404, w.guest().get(samlPath+"ssc_0/metadata").status)
		require.Equal(t, 404, w.guest().get("/sso/"+w.con.Slug).status, "it is a draft")

		w.tried()
		g := w.guest()
		answer, state := w.answered(g, "/sso/"+w.con.Slug+"?next=/contracts")
		shown, to := w.posted(w.con.ID, answer, state)
		require.Equal(t, http.StatusSeeOther, shown.status)

		// Another browser gains nothing by the address, and takes nothing away.
		other := w.guest().get(to)
		require.Equal(t, 403, other.status)
		require.Contains(t, other.body, sso.UnknownState)

		in := g.get(to)
		require.Equal(t, 200, in.status)
		require.Equal(t, "/contracts", in.path)
		require.Contains(t, in.body, "Ana Souza")
		require.Equal(t, 403, w.guest().get(to).status, "it is used up")

		// The same answer again is that of a state which has its answer, and to another request
		// it is none.
		again, _ := w.posted(w.con.ID, answer, state)
		require.Contains(t, again.body, sso.UnknownState)
		_, fresh := w.answered(w.guest(), "/sso/"+w.con.Slug)
		again, _ = w.posted(w.con.ID, answer, fresh)
		require.Equal(t, 403, again.status)
		require.Contains(t, again.body, string(saml.NotAskedFor))

		require.NotContains(t, w.log.String(), anaThere.Email)
		require.NotContains(t, w.log.String(), anaThere.Subject)
	})
}

// A rehearsal that is refused where the provider posts to, without the browser's cookie, leads back
// to the settings: there is no sign-in yet to try again.
func TestS48_ARefusedRehearsalBySAMLLeadsToTheSettings(t *testing.T) {
	w := setUpSAML(t, newWorld(t))
	_, state := w.answered(w.admin, "/own-sign-in/"+w.con.ID+"/try")
	shown, _ := w.posted(w.con.ID, base64.StdEncoding.EncodeToString([]byte("<Response/>")), state)
	require.Equal(t, 403, shown.status)
	require.Contains(t, shown.body, "MALFORMED")
	require.Contains(t, shown.body, `href="/own-sign-in"`)
	require.NotContains(t, shown.body, "/sso/"+w.con.Slug)
	w.tried()
}

// What is not to be believed is refused at the door, with its reason and a way on.
func TestS48_AForgedSAMLAnswerSignsNobodyIn(t *testing.T) {
	w := setUpSAML(t, newWorld(t))
	w.tried()
	begin := "/sso/" + w.con.Slug

	edited := func(from, to string) (answer, state string) {
		answer, state = w.answered(w.guest(), begin)
		plain, err := base64.StdEncoding.DecodeString(answer)
		require.NoError(t, err)
		changed := strings.ReplaceAll(string(plain), from, to)
		require.NotEqual(t, string(plain), changed)
		return base64.StdEncoding.EncodeToString([]byte(changed)), state
	}

	answer, state := edited(anaThere.Subject, "subject-1")
	shown, to := w.posted(w.con.ID, answer, state)
	require.Equal(t, 403, shown.status)
	require.Empty(t, to)
	require.Contains(t, shown.body, string(saml.Signature))
	require.Contains(t, shown.body, `href="`+begin+`"`, "the way to begin again")

	// The refused answer has not used up the sign-in that it came for, nor opened it.
	require.Equal(t, 403, w.guest().get(finishPath+"?state="+url.QueryEscape(state)).status)

	// Begun at the provider, by a tile of its pages: nothing was asked here.
	answer, _ = w.answered(w.guest(), begin)
	shown, _ = w.posted(w.con.ID, answer, "")
	require.Equal(t, 403, shown.status)
	require.Contains(t, shown.body, sso.UnknownState)
	require.Contains(t, shown.body, `href="`+begin+`"`)

	// At another connection's address.
	answer, state = w.answered(w.guest(), begin)
	shown, _ = w.posted("ssc_0", answer, state)
	require.Equal(t, 403, shown.status)
	require.Contains(t, shown.body, sso.UnknownState)

	// Too large to be read.
	shown, _ = w.posted(w.con.ID, strings.Repeat("A", saml.MaxAnswer), state)
	require.Equal(t, 400, shown.status)

	// A person of another company's domain, however well signed.
	person := testprovider.Person{Subject: "x", Email: "boss@beta.example", Name: "Boss"}
	g := w.guest()
	form, err := w.provider.SignIn(g.location(begin), person)
	require.NoError(t, err)
	_, to = w.posted(w.con.ID, form.SAMLResponse, form.RelayState)
	refused := g.get(to)
	require.Equal(t, 403, refused.status)
	require.Contains(t, refused.body, sso.DomainUnproved)
	require.Equal(t, "/sign-in", g.get("/contracts").path)

	// Without an address.
	w.provider.Alter(func(a *testprovider.Answer) { a.Assertion.AttributeStatements = nil })
	g = w.guest()
	answer, state = w.answered(g, begin)
	_, to = w.posted(w.con.ID, answer, state)
	require.Contains(t, g.get(to).body, "NO_EMAIL")
}

// Who came by SAML proves again by it who they are, where that is asked for.
func TestS52_AStepUpBySAMLAsksTheProvider(t *testing.T) {
	w := setUpSAML(t, newWorld(t))
	w.tried()
	g := w.guest()
	answer, state := w.answered(g, "/sso/"+w.con.Slug)
	_, to := w.posted(w.con.ID, answer, state)
	require.Equal(t, 200, g.get(to).status)

	answer, state = w.answered(g, againPath+"?next=/tokens")
	_, to = w.posted(w.con.ID, answer, state)
	require.Equal(t, "/tokens", g.get(to).path)

	// Another person at the provider is not who is signed in here.
	form, err := w.provider.SignIn(g.location(againPath),
		testprovider.Person{Subject: "x", Email: "rui@acme.example", Name: "Rui"})
	require.NoError(t, err)
	_, to = w.posted(w.con.ID, form.SAMLResponse, form.RelayState)
	require.Equal(t, 403, g.get(to).status)
}

// The wizard says what is wrong with metadata, and takes what is pasted.
func TestS48_TheWizardSaysWhatIsWrongWithMetadata(t *testing.T) {
	w := setUpSAML(t, newWorld(t))
	for typed, want := range map[string]saml.Reason{
		"https://127.0.0.1:1/metadata":            saml.Unreachable,
		"http://idp.example/metadata":             saml.Unreachable,
		strings.TrimSuffix(w.provider.URL, "/"):   saml.Unreachable, // there is no page
		w.provider.URL + "/sso?SAMLRequest=wrong": saml.Malformed,
	} {
		page := w.admin.post("/own-sign-in", "act", "metadata", "url", typed)
		require.Equal(t, 422, page.status, typed)
		require.Contains(t, page.body, messages.In("en").Say("saml.wrong."+string(want)), typed)
		require.Contains(t, page.body, typed, "what was typed stays")
	}

	metadata, err := w.provider.Metadata()
	require.NoError(t, err)
	require.Equal(t, 422, w.admin.post("/own-sign-in", "act", "metadata", "xml", "<a/>").status)
	require.Equal(t, 200,
		w.admin.post("/own-sign-in", "act", "metadata", "xml", string(metadata)).status)
	c, err := w.SSO.SAMLByID(w.Context, w.con.ID)
	require.NoError(t, err)
	require.Empty(t, c.MetadataURL)
}
