package console

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

func TestS53_OneClickSignsInWithTheRoleOfTheClaim(t *testing.T) {
	w := issuerWorld(t)
	for role, p := range byRole {
		b := w.signedIn(p)
		require.Contains(t, b.get(Root).body, p.Name)
		o := w.operatorOf(p.Email)
		require.Equal(t, role, o.Role)
		require.Equal(t, []string{"operator.signed_in"}, w.verbs(o.ID))
	}
}

func TestS53_ThePageToSignInLeadsToTheIssuerByALink(t *testing.T) {
	w := issuerWorld(t)
	b := w.browser()
	r := b.get(queuePath + "?kind=DECIDE_RMA")
	require.Equal(t, signInPath, r.path)
	require.NotContains(t, r.body, `type="password"`)
	require.Contains(t, r.body, `href="/console/sign-in/start?next=`)

	choose := b.get(StartPath + "?next=" + url.QueryEscape(queuePath+"?kind=DECIDE_RMA"))
	require.Contains(t, choose.body, "Who are you?")
	require.Equal(t, "query", choose.query.Get("response_mode"))
	require.Equal(t, "S256", choose.query.Get("code_challenge_method"))
	require.NotEmpty(t, choose.query.Get("nonce"))

	// and back where the person wanted to go
	link := choose.query
	link.Set("login_hint", staff[1].Email)
	back := b.get(w.issuer.URL + "/authorize?" + link.Encode())
	require.Equal(t, queuePath, back.path)
	require.Equal(t, "DECIDE_RMA", back.query.Get("kind"))
}

func TestS53_AClaimWithoutARoleGivesNoAccessAndSaysSoKindly(t *testing.T) {
	w := issuerWorld(t)
	b := w.browser()
	r := b.get(StartPath + "?as=" + staff[4].Email)
	require.Equal(t, http.StatusForbidden, r.status)
	require.Contains(t, r.body, "You have no role here yet")
	require.Equal(t, signInPath, b.get(queuePath).path)
	all, err := w.Domains.Operators.ListOperators(w.system())
	require.NoError(t, err)
	require.Empty(t, all, "nothing is kept of a stranger")
}

func TestS53_ARoleThatWasTakenEndsTheSessionsAtTheNextSignIn(t *testing.T) {
	w := issuerWorld(t)
	first := w.signedIn(staff[0])
	w.issuer.SetRoles("1", "canteen")
	require.Equal(t, http.StatusForbidden, w.browser().get(StartPath+"?as="+staff[0].Email).status)
	require.Equal(t, signInPath, first.get(Root).path)
	require.Equal(t, []string{"operator.signed_in", "operator.sign_in_refused"}, w.verbs(w.operatorOf(staff[0].Email).ID))

	w.issuer.SetRoles("1", "desk-agent")
	w.signedIn(staff[0])
	require.Equal(t, rules.OperatorAgent, w.operatorOf(staff[0].Email).Role)
}

func TestS53_WhoIsDisabledIsOutWithTheNextRequest(t *testing.T) {
	w := issuerWorld(t)
	lead, agent := w.signedIn(staff[0]), w.signedIn(staff[1])
	o := w.operatorOf(staff[1].Email)
	path := operatorsPath + "/" + o.ID + "/disable"
	require.Contains(t, lead.get(path).body, "Disable Ari Prado")
	require.Equal(t, http.StatusUnprocessableEntity, lead.post(path, "confirmed", "yes").status)
	require.Equal(t, operatorsPath, lead.post(path, "confirmed", "yes", "reason", "left").path)
	require.Equal(t, signInPath, agent.get(queuePath).path)
	r := agent.get(StartPath + "?as=" + staff[1].Email)
	require.Equal(t, http.StatusForbidden, r.status)
	require.Contains(t, r.body, "Your access was ended")
	require.Equal(t, operatorsPath, lead.post(operatorsPath+"/"+o.ID+"/enable", "confirmed", "yes", "reason", "back").path)
	w.signedIn(staff[1])

	own := w.operatorOf(staff[0].Email)
	r = lead.post(operatorsPath+"/"+own.ID+"/disable", "confirmed", "yes", "reason", "x")
	require.Equal(t, http.StatusConflict, r.status)
}

// The row decides with every request, however it came to say so.
func TestS53_TheRowDecidesWithEveryRequest(t *testing.T) {
	for _, change := range []string{"disabled_at = '2026-01-01 00:00:00+00:00'", "role = ''", "issuer = 'https://other.example'"} {
		w := issuerWorld(t)
		b := w.signedIn(staff[0])
		require.NoError(t, w.Exec("UPDATE operators SET "+change))
		require.Equal(t, signInPath, b.get(operatorsPath).path, change)
	}
}

// A forged or foreign answer of the issuer signs nobody in.
func TestS53_OnlyTheIssuersOwnAnswerIsBelieved(t *testing.T) {
	for name, alter := range map[string]func(map[string]any){
		"another issuer":     func(c map[string]any) { c["iss"] = "https://evil.example" },
		"a slash more":       func(c map[string]any) { c["iss"] = c["iss"].(string) + "/" },
		"another audience":   func(c map[string]any) { c["aud"] = "another" },
		"several audiences":  func(c map[string]any) { c["aud"] = []string{"roomcover", "another"} },
		"another party":      func(c map[string]any) { c["aud"] = []string{"roomcover", "x"}; c["azp"] = "x" },
		"over":               func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() },
		"another nonce":      func(c map[string]any) { c["nonce"] = "another" },
		"no nonce":           func(c map[string]any) { delete(c, "nonce") },
		"nobody":             func(c map[string]any) { c["sub"] = "" },
		"a subject with NUL": func(c map[string]any) { c["sub"] = "a\x00b" },
	} {
		w := issuerWorld(t)
		w.issuer.Alter(alter)
		b := w.browser()
		r := b.get(StartPath + "?as=" + staff[0].Email)
		require.Equal(t, http.StatusBadRequest, r.status, name)
		require.Contains(t, r.body, "The sign-in was not finished", name)
		require.Equal(t, signInPath, b.get(Root).path, name)
	}
}

func TestS53_AnAnswerBelongsToTheBrowserThatAsked(t *testing.T) {
	w := issuerWorld(t)
	b := w.browser()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	to := b.get(StartPath + "?as=" + staff[0].Email).header.Get("Location")
	back := b.get(to).header.Get("Location")
	require.True(t, strings.HasPrefix(back, w.url+CallbackPath))

	// another browser, another state, another issuer's name
	require.Equal(t, http.StatusBadRequest, w.browser().get(back).status)
	u, err := url.Parse(back)
	require.NoError(t, err)
	for _, pair := range [][2]string{{"state", "x"}, {"iss", "https://evil.example"}, {"iss", ""}, {"code", "x"}} {
		again := b.get(StartPath + "?as=" + staff[0].Email).header.Get("Location")
		answered, err := url.Parse(b.get(again).header.Get("Location"))
		require.NoError(t, err)
		q := answered.Query()
		q.Set(pair[0], pair[1])
		require.Equal(t, http.StatusBadRequest, b.get(CallbackPath+"?"+q.Encode()).status, pair)
	}

	// the first one's transaction is over since the second began
	require.Equal(t, http.StatusBadRequest, b.get(u.RequestURI()).status)
}

func TestS53_TheIssuersBackChannelEndsTheSessions(t *testing.T) {
	w := issuerWorld(t)
	b := w.signedIn(staff[0])
	other := w.signedIn(staff[1])
	token, err := w.issuer.LogoutToken("1", "")
	require.NoError(t, err)
	res, err := http.PostForm(w.url+Root+"/sign-out/issuer", url.Values{"logout_token": {"x"}})
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusBadRequest, res.StatusCode)
	res, err = http.PostForm(w.url+Root+"/sign-out/issuer", url.Values{"logout_token": {token}})
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, signInPath, b.get(Root).path)
	require.Equal(t, Root, other.get(Root).path)
}

func TestS53_AnIssuerThatIsDownIsSaidSo(t *testing.T) {
	w := issuerWorld(t)
	w.site.issuer.issuer.URL = "http://127.0.0.1:1"
	r := w.browser().get(StartPath)
	require.Equal(t, http.StatusServiceUnavailable, r.status)
	require.Contains(t, r.body, "The sign-in service does not answer")
}

func TestS53_RolesOfTheClaim(t *testing.T) {
	i := Issuer{RoleClaim: "realm_access.roles", Roles: map[string]rules.Role{
		"a": rules.OperatorAgent, "l": rules.OperatorLead, "m": rules.OperatorManager,
	}}
	for text, want := range map[string]rules.Role{
		`{"realm_access":{"roles":["m","a"]}}`:     rules.OperatorAgent,
		`{"realm_access":{"roles":["a","l","m"]}}`: rules.OperatorLead,
		`{"realm_access":{"roles":"m"}}`:           rules.OperatorManager,
		`{"realm_access":{"roles":[7]}}`:           "",
		`{"realm_access":{"roles":null}}`:          "",
		`{"realm_access":["a"]}`:                   "",
		`{"realm_access.roles":["a"]}`:             rules.OperatorAgent,
		`{"roles":["l"]}`:                          "",
		`{}`:                                       "",
		`{"realm_access":{"roles":["A","x",""]}}`:  "",
	} {
		var claims map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(text), &claims))
		require.Equal(t, want, i.roleIn(claims), text)
	}
}

func TestS53_ASessionEndsEightHoursAfterTheSignIn(t *testing.T) {
	w := issuerWorld(t)
	b := w.signedIn(staff[0])
	var rows []struct{ ExpiresAt time.Time }
	require.NoError(t, w.Domains.DB.Read(w.system(), func(tx *db.Tx) error {
		return tx.Table("operator_sessions").Where("operator_id IS NOT NULL").Find(&rows).Error
	}))
	require.Len(t, rows, 1)
	require.WithinDuration(t, time.Now().Add(8*time.Hour), rows[0].ExpiresAt, time.Hour)
	require.Equal(t, Root, b.get(Root).path)
	require.NoError(t, w.Exec("UPDATE operator_sessions SET expires_at = '2020-01-01 00:00:00+00:00'"))
	require.Equal(t, signInPath, b.get(Root).path)
}

func TestSigningOutEndsTheSessionAndIsAudited(t *testing.T) {
	w := issuerWorld(t)
	b := w.signedIn(staff[0])
	require.Equal(t, signInPath, b.post(Root+"/sign-out").path)
	require.Equal(t, signInPath, b.get(Root).path)
	require.Equal(t, []string{"operator.signed_in", "operator.signed_out"}, w.verbs(w.operatorOf(staff[0].Email).ID))
}

// An issuer that fails is not asked again by each who waits for it.
func TestS53_AnIssuerThatFailedIsNotAskedAgainAtOnce(t *testing.T) {
	asked := 0
	broken := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		asked++
		rw.WriteHeader(http.StatusInternalServerError)
	}))
	defer broken.Close()
	p := newRelyingParty(Issuer{URL: broken.URL}, "https://portal.example")
	for range 3 {
		_, err := p.provider()
		require.Error(t, err)
	}
	require.Equal(t, 1, asked)
	p.failedAt = p.failedAt.Add(-askAgainAfter)
	_, err := p.provider()
	require.Error(t, err)
	require.Equal(t, 2, asked)
}

// Only the session of the last sign-in is known: a sign-out that names another one, and nobody,
// is refused instead of passing for done.
func TestS53_ASignOutOfAnUnknownSessionIsRefused(t *testing.T) {
	w := issuerWorld(t)
	b := w.signedIn(staff[0])
	send := func(subject, session string) int {
		token, err := w.issuer.LogoutToken(subject, session)
		require.NoError(t, err)
		res, err := http.PostForm(w.url+Root+"/sign-out/issuer", url.Values{"logout_token": {token}})
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	require.Equal(t, http.StatusBadRequest, send("", "an earlier session"))
	require.Contains(t, w.log.String(), "names no person and no known session")
	require.Equal(t, Root, b.get(Root).path)
	require.Equal(t, http.StatusOK, send("nobody of ours", "an earlier session"))
	require.Equal(t, http.StatusOK, send("", "session of "+staff[0].Subject))
	require.Equal(t, signInPath, b.get(Root).path)
}

// People type the address with a slash at its end too.
func TestTheConsolesAddressMayEndInASlash(t *testing.T) {
	w := issuerWorld(t)
	got := w.signedIn(staff[0]).get(Root + "/")
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, Root, got.path)
}
