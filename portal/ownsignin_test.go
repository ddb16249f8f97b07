package portal

import (
	"context"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/console/testissuer"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/sso/oidc"
)

// zone is a name service: the records of domains.
type zone map[string][]string

func (z zone) TXT(_ context.Context, domain string) ([]string, error) { return z[domain], nil }

// company is a customer whose administrator is ana, with an identity provider.
type company struct {
	*world
	ana     *guest
	account string
	issuer  *testissuer.Issuer
	down    func() // takes the identity provider away
	zone    zone
}

func newCompany(w *world) *company {
	c := &company{world: w, zone: zone{}}
	w.portal.providers = oidc.New(w.url+callbackPath, true)
	w.portal.records = c.zone

	server := httptest.NewUnstartedServer(nil)
	address := "http://" + server.Listener.Addr().String()
	var err error
	c.issuer, err = testissuer.New(testissuer.Options{
		URL:          address,
		ClientID:     "roomcover",
		ClientSecret: "hush",
		RedirectURI:  w.url + callbackPath,
		People: []testissuer.Person{
			{Subject: "1", Email: "ana.souza@acme.example", Name: "Ana at Acme"},
			{Subject: "2", Email: "rui@acme.example", Name: "Rui Lima"},
			{Subject: "3", Email: "eva@acme.example", Name: "Eva Dias"},
			{Subject: "4", Email: "mia@elsewhere.example", Name: "Mia"},
		},
	})
	require.NoError(w.t, err)
	server.Config.Handler = c.issuer
	server.Start()
	w.t.Cleanup(server.Close)
	c.down = func() {
		server.CloseClientConnections()
		server.Close()
		w.portal.providers = oidc.New(w.url+callbackPath, true) // which remembers nothing
	}

	ana, inv := w.admin()
	c.ana, c.account = ana, inv.AccountID
	return c
}

var (
	recordShown = regexp.MustCompile(`roomcover-verify=[a-z0-9]+`)
)

// act sends one of the page's forms.
func (c *company) act(act string, pairs ...string) reply {
	c.t.Helper()
	return c.ana.post(ownSignInPath, append([]string{"act", act}, pairs...)...)
}

// enables goes through the page from nothing to a sign-in that works, and returns its slug.
func (c *company) enables() (slug string) {
	c.t.Helper()
	require.Equal(c.t, ownSignInPath, c.act("domain", "domain", "acme.example").path)
	page := c.ana.get(ownSignInPath).body
	c.zone["acme.example"] = []string{recordShown.FindString(page)}
	require.Contains(c.t, c.act("check", "domain", regexp.MustCompile(`ssd_[0-9a-z]+`).FindString(page)).body,
		"The domain is proved.")
	require.Contains(c.t,
		c.act("provider", "issuer", c.issuer.URL, "client", "roomcover", "secret", "hush").body, "Now try it.")
	id := regexp.MustCompile(`ssc_[0-9a-z]+`).FindString(c.ana.get(ownSignInPath).body)
	require.Contains(c.t, c.ana.get(ownSignInPath+"/"+id+"/try").body, "Ana Souza would be signed in")
	body := c.act("enable", "connection", id).body
	require.Contains(c.t, body, "The connection is on: your colleagues can sign in with it.")
	return regexp.MustCompile(`/sso/([a-z0-9-]+)</code>`).FindStringSubmatch(body)[1]
}

// asPerson goes on at the provider's page as one of its people.
func (g *guest) asPerson(page reply, email string) reply {
	g.t.Helper()
	return g.follow(personLink(g.t, page, email))
}

// personLink is the link of a person on the provider's page.
func personLink(t *testing.T, page reply, email string) string {
	t.Helper()
	for _, m := range regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(page.body, -1) {
		link := html.UnescapeString(m[1])
		if strings.Contains(link, "login_hint="+url.QueryEscape(email)) {
			return page.header.Get("X-Test-Origin") + link
		}
	}
	require.Fail(t, "the provider does not offer the person", email)
	return ""
}

// follow opens a full address.
func (g *guest) follow(address string) reply {
	g.t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	require.NoError(g.t, err)
	return g.do(req)
}

// back is the address with which the provider sends a browser back, which nobody has opened.
func (g *guest) back(address string) string {
	g.t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	require.NoError(g.t, err)
	client := *g.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	require.NoError(g.t, err)
	defer res.Body.Close()
	return res.Header.Get("Location")
}

func TestS48_AnAdministratorSetsTheCompanysSignInUp(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := newCompany(w)

		// The password is asked again, after ten minutes.
		w.portal.freshFor = 0
		require.Contains(t, c.ana.get(ownSignInPath).body, "First prove who you are")
		require.NotContains(t, c.ana.get(ownSignInPath).body, "Redirect URI")
		require.Equal(t, 422, c.act("domain", "domain", "acme.example").status)
		require.Zero(t, w.Count(t, "SELECT count(*) FROM sso_domains"))
		require.Equal(t, 422, c.act("prove", "password", "wrong").status)
		w.portal.freshFor = freshFor
		proved := c.act("prove", "password", goodPassword)
		require.Equal(t, ownSignInPath, proved.path)
		require.Contains(t, proved.body, `value="acme.example"`, "what was typed waited for it")

		// Domains.
		for _, typed := range []string{"", "gmail.com", "acme"} {
			r := c.act("domain", "domain", typed)
			require.Equal(t, 422, r.status)
			require.Contains(t, r.body, "cannot be the mail domain of one company")
		}
		require.Contains(t, c.act("domain", "domain", "ACME.example").body, "The domain was added")
		page := c.ana.get(ownSignInPath).body
		require.Contains(t, page, "Next: add the TXT record")
		domain := regexp.MustCompile(`ssd_[0-9a-z]+`).FindString(page)
		r := c.act("check", "domain", domain)
		require.Equal(t, 422, r.status)
		require.Contains(t, r.body, "The TXT record is not there yet")
		c.zone["acme.example"] = []string{"v=spf1 -all", recordShown.FindString(page)}
		r = c.act("check", "domain", domain)
		require.Contains(t, r.body, "The domain is proved")
		require.Contains(t, r.body, "Next: register us at your identity provider")
		require.Equal(t, 404, c.act("check", "domain", "ssd_none").status)

		// The provider.
		for issuer, says := range map[string]string{
			"":                   "no public address",
			"acme.okta.com":      "no public address",
			"https://10.0.0.1":   "no public address",
			"http://192.168.0.1": "no public address",
			"https://login.microsoftonline.com/common/v2.0": "people of many companies",
			c.issuer.URL + "/":   "calls itself something else",
			"http://127.0.0.1:1": "does not answer",
		} {
			r := c.act("provider", "issuer", issuer, "client", "roomcover", "secret", "hush")
			require.Equal(t, 422, r.status, issuer)
			require.Contains(t, r.body, says, issuer)
		}
		require.Contains(t, c.act("provider", "issuer", c.issuer.URL, "client", "roomcover").body,
			"The client secret is missing")
		r = c.act("provider", "issuer", c.issuer.URL, "client", "roomcover", "secret", "wrong")
		require.Equal(t, ownSignInPath, r.path)
		require.NotContains(t, r.body, "wrong\"")
		id := regexp.MustCompile(`ssc_[0-9a-z]+`).FindString(r.body)

		// Nobody enables what nobody has tried, and a rehearsal shows what is wrong.
		r = c.act("enable", "connection", id)
		require.Equal(t, 422, r.status)
		require.Contains(t, r.body, "Try it first")
		require.Contains(t, r.body, "Next: try the connection")
		require.Contains(t, c.ana.get(ownSignInPath+"/"+id+"/remove").body, "Discard this draft?")
		r = c.ana.get(ownSignInPath + "/" + id + "/try")
		require.Contains(t, r.body, "make a new secret")
		require.Contains(t, r.body, "CLIENT_REFUSED")
		require.Equal(t, 422, c.act("enable", "connection", id).status)
		require.Equal(t, ownSignInPath,
			c.act("provider", "issuer", c.issuer.URL, "client", "roomcover", "secret", "hush").path)
		c.issuer.Alter(func(claims map[string]any) { claims["email_verified"] = false })
		r = c.ana.get(ownSignInPath + "/" + id + "/try")
		require.Contains(t, r.body, "SSO_EMAIL_UNVERIFIED")
		require.Contains(t, r.body, "Ana at Acme", "the claims are shown")
		require.Equal(t, 422, c.act("enable", "connection", id).status)
		c.issuer.Alter(func(claims map[string]any) { delete(claims, "email_verified") })
		r = c.ana.get(ownSignInPath + "/" + id + "/try")
		require.Contains(t, r.body, "Ana Souza would be signed in")
		require.Contains(t, r.body, "You can switch it on now.")
		require.Contains(t, r.body, `name="connection" value="`+id+`"`)
		require.Contains(t, c.ana.get(ownSignInPath).body, "Next: switch the connection on")
		require.Regexp(t, `<code>iat</code></dt><dd>\d+ \(\d+ \w+ 20\d\d, `, r.body)
		require.Contains(t, r.body, "ana.souza@acme.example")
		require.Zero(t, w.Count(t, "SELECT count(*) FROM identities"), "nobody was signed in")
		r = c.act("enable", "connection", id)
		require.Contains(t, r.body, "The connection is on: your colleagues can sign in with it.")
		require.NotContains(t, r.body, "Next: ")

		// Switched off, with a question before.
		require.Contains(t, c.ana.get(ownSignInPath+"/"+id+"/remove").body, "Switch this connection off?")
		require.Contains(t, c.ana.post(ownSignInPath+"/"+id+"/remove", "confirmed", "yes").body,
			"The connection is off")
		require.Contains(t, c.ana.post(ownSignInPath+"/"+domain+"/remove", "confirmed", "yes").body,
			"The domain was removed")
		require.Equal(t, 404, c.ana.get(ownSignInPath+"/"+id+"/remove").status)
		require.NotContains(t, w.log.String(), "acme.example")
		require.NotContains(t, w.log.String(), "hush")
		w.AuditHolds(t)
	})
}

func TestS48_TheSignInAsksTheAddressFirstAndLeadsToTheCompany(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := newCompany(w)
		require.Contains(t, w.guest().get("/sign-in").body, `name="password"`, "nobody has an own sign-in")
		slug := c.enables()

		g := w.guest()
		require.NotContains(t, g.get("/sign-in?next=/rooms").body, `name="password"`)
		require.Equal(t, 422, g.post("/sign-in", "email", "ana").status)
		other := g.post("/sign-in", "email", "gil@globex.example")
		require.Equal(t, 200, other.status)
		require.Contains(t, other.body, `name="password"`)
		require.NotContains(t, other.body, "/sso/")

		// A page with a link, since no form may lead to another site.
		page := g.post("/sign-in", "email", "Ana.Souza@acme.example", "next", "/rooms")
		require.Equal(t, 200, page.status)
		require.Equal(t, "/sign-in", page.path)
		require.Contains(t, page.body, `href="/sso/`+slug+`?next=%2Frooms"`)
		require.Equal(t, page.status, g.post("/sign-in", "email", "nobody@acme.example").status)
		page = g.post("/sign-in", "email", "ana.souza@acme.example")
		in := g.get("/sso/" + slug + "?next=%2Frooms")
		require.Equal(t, "/rooms", in.path)
		require.Equal(t, 200, g.get("/me").status)
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM sessions WHERE connection_id IS NOT NULL"))
		require.Contains(t, g.get("/sessions").body, "Company’s own sign-in")

		// The direct link, without an address: the provider asks who it is. Who is not invited does
		// not come in, nor who is of no proved domain.
		for email, code := range map[string]string{
			"eva@acme.example": "SSO_NOT_INVITED", "mia@elsewhere.example": "SSO_DOMAIN_UNPROVED",
		} {
			g := w.guest()
			r := g.asPerson(c.at(g.get("/sso/"+slug)), email)
			require.Equal(t, 403, r.status)
			require.Contains(t, r.body, code)
			require.Equal(t, "/sign-in", g.get("/").path)
		}
		require.Equal(t, 404, w.guest().get("/sso/unknown").status)

		// What came back is taken once, and by the browser that went there.
		a, b := w.guest(), w.guest()
		b.get("/sso/" + slug)
		address := a.back(personLink(t, c.at(a.get("/sso/"+slug)), "ana.souza@acme.example"))
		require.Contains(t, b.follow(address).body, "SSO_STATE_UNKNOWN")
		require.Equal(t, "/", a.follow(address).path)
		require.Contains(t, a.follow(address).body, "SSO_STATE_UNKNOWN")
		require.Contains(t, w.guest().get(callbackPath).body, "SSO_STATE_UNKNOWN")

		// Passwords work on, and the switch ends what began by the connection alone.
		byPassword := w.guest()
		require.Equal(t, "/", byPassword.post("/sign-in", "email", "ana.souza@acme.example",
			"password", goodPassword).path)
		id := regexp.MustCompile(`ssc_[0-9a-z]+`).FindString(c.ana.get(ownSignInPath).body)
		c.ana.post(ownSignInPath+"/"+id+"/remove", "confirmed", "yes")
		require.Equal(t, "/sign-in", a.get("/").path)
		require.Equal(t, "/", byPassword.get("/").path)
		require.Equal(t, 404, w.guest().get("/sso/"+slug).status)
		require.NotContains(t, w.log.String(), "@acme.example")
	})
}

// at keeps where the provider's page came from.
func (c *company) at(page reply) reply {
	page.header.Set("X-Test-Origin", c.issuer.URL)
	return page
}

func TestR53b_AnInvitationIsAcceptedByTheCompanysSignInWithoutAPassword(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := newCompany(w)
		slug := c.enables()
		inv := w.pending(c.account, "rui@acme.example")

		g := w.guest()
		page := g.get(w.link(inv))
		require.Contains(t, page.body, `href="/sso/`+slug+`"`)
		require.NotContains(t, page.body, "rui@acme.example", "the mailbox stays masked")

		// Somebody else of the company: refused, audited, and the invitation stays (R47a).
		r := g.asPerson(c.at(g.get("/sso/"+slug)), "eva@acme.example")
		require.Equal(t, 403, r.status)
		require.Contains(t, r.body, "This invitation is for someone else")
		require.Contains(t, w.verbs(inv.ID), "invitation.wrong_person")
		require.True(t, w.state(inv.ID).Live())
		r = g.asPerson(c.at(g.get("/sso/"+slug)), "ana.souza@acme.example")
		require.Equal(t, "/invitation", r.path)
		require.Equal(t, 403, r.status)
		require.True(t, w.state(inv.ID).Live())

		// The person who was invited.
		g = w.guest()
		g.get(w.link(inv))
		r = g.asPerson(c.at(g.get("/sso/"+slug)), "rui@acme.example")
		require.Equal(t, "/", r.path)
		require.Equal(t, 200, r.status)
		require.Equal(t, rules.InvitationAccepted, w.state(inv.ID))
		u, err := w.UserByEmail(w.Context, "rui@acme.example")
		require.NoError(t, err)
		require.Equal(t, "Rui Lima", u.Name)
		require.Empty(t, u.PasswordHash)
		require.Equal(t, identity.RoleReadOnly, w.roleOf(c.account, u.ID))

		// Again, by the direct link, as another session.
		again := w.guest()
		require.Equal(t, "/", again.asPerson(c.at(again.get("/sso/"+slug)), "rui@acme.example").path)
		w.AuditHolds(t)
	})
}

// roleOf reads a member's role.
func (w *world) roleOf(accountID, userID string) identity.MemberRole {
	w.t.Helper()
	_, roles, _, err := w.PersonOf(w.Context, userID)
	require.NoError(w.t, err)
	return roles[accountID]
}

func TestS52_WhoCameByTheCompanyProvesThemselvesThere(t *testing.T) {
	w := newWorld(t)
	c := newCompany(w)
	slug := c.enables()
	g := w.guest()
	g.post("/sign-in", "email", "ana.souza@acme.example")
	require.Equal(t, "/", g.get("/sso/"+slug).path)

	// Ten minutes later, no password helps: the provider asks again.
	w.portal.freshFor = 0
	page := g.get("/tokens").body
	require.Contains(t, page, againPath+"?next=%2Ftokens")
	require.NotContains(t, page, `name="password"`)
	require.Equal(t, 422, g.post("/tokens", "label", "Booking", "role", "CUSTOMER_READ_ONLY",
		"password", goodPassword).status)
	w.portal.freshFor = freshFor
	require.Equal(t, "/tokens", g.get(againPath+"?next=%2Ftokens").path)
	require.Contains(t, g.post("/tokens", "label", "Booking", "role", "CUSTOMER_READ_ONLY").body, "rct_")

	// One's own export tells of every company: where another one knows the person too, this one's
	// provider proves nothing for it.
	const elsewhere = "This file tells of other companies"
	require.NotContains(t, g.post(privacyPath).body, elsewhere)
	file := privacyPath + "/" + w.Strings(t, "SELECT id FROM privacy_requests")[0] + "/file"
	_, other := w.site("gil@globex.example")
	require.NoError(t, w.Exec("INSERT INTO memberships (id, account_id, user_id, role, state, created_at) "+
		"SELECT 'mem_other', '"+other.ID+"', user_id, 'READ_ONLY', 'REMOVED', created_at FROM memberships "+
		"WHERE account_id = '"+c.account+"'"))
	require.Contains(t, g.post(privacyPath).body, elsewhere)
	require.Contains(t, g.post(file).body, elsewhere)

	// Somebody else who comes back proves nothing.
	rui := w.pending(c.account, "rui@acme.example")
	stranger := w.guest()
	stranger.get(w.link(rui))
	require.Equal(t, "/", stranger.asPerson(c.at(stranger.get("/sso/"+slug)), "rui@acme.example").path)
	c.issuer.Alter(func(claims map[string]any) {
		claims["sub"] = "2"
		claims["email"] = "rui@acme.example"
	})
	require.Contains(t, g.get(againPath).body, "OTHER_PERSON_CAME")
}
