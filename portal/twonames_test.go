package portal

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/console/testissuer"
	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/sso/oidc"
	"roomcover.dev/roomcover/sso/saml/testprovider"
	"roomcover.dev/roomcover/web/webtest"
)

// The names are two sites to a browser, so that it treats what comes from the one at the other as
// it will in the world: with two ports of one name, faults of cookies and of forms stay hidden.
const (
	portalName   = "portal.test"
	providerName = "idp.example"
)

// twoNames is a browser on a portal over TLS, with the company's two providers under another name.
type twoNames struct {
	*screen
	zone   zone
	issuer *testissuer.Issuer
	saml   *testprovider.Provider
}

// newTwoNames serves everything on this machine, and starts a browser of its own that finds it.
func newTwoNames(t *testing.T) *twoNames {
	t.Helper()
	path := webtest.Chromium(t)
	certificate, roots := selfSigned(t)
	serve := func() (server *httptest.Server, port string) {
		server = httptest.NewUnstartedServer(nil)
		server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
		_, port, err := net.SplitHostPort(server.Listener.Addr().String())
		require.NoError(t, err)
		t.Cleanup(server.Close)
		return server, port
	}
	here := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
		},
	}
	t.Cleanup(here.CloseIdleConnections)

	n := &twoNames{zone: zone{}}
	w := &world{Env: storetest.SQLite(t), t: t, log: &safeBuffer{}, transport: here}
	portal, port := serve()
	w.url = "https://" + portalName + ":" + port
	portal.Config.Handler = w.portalAt(w.url)
	w.portal.records = n.zone
	w.portal.reach = &http.Client{Transport: here}
	w.portal.providers = oidc.Through(w.url+callbackPath, w.portal.reach)
	portal.StartTLS()

	var err error
	server, port := serve()
	n.issuer, err = testissuer.New(testissuer.Options{
		URL:          "https://" + providerName + ":" + port,
		ClientID:     "roomcover",
		ClientSecret: "hush",
		RedirectURI:  w.url + callbackPath,
		People: []testissuer.Person{
			{Subject: "1", Email: anaThere.Email, Name: anaThere.Name},
			{Subject: "2", Email: "rui@acme.example", Name: "Rui Lima"},
		},
	})
	require.NoError(t, err)
	server.Config.Handler = n.issuer
	server.StartTLS()

	server, port = serve()
	n.saml, err = testprovider.New(testprovider.Options{
		URL:      "https://" + providerName + ":" + port,
		Services: w.url + samlPath,
		People:   []testprovider.Person{anaThere, {Subject: "s2", Email: "eva@acme.example", Name: "Eva Dias"}},
	})
	require.NoError(t, err)
	server.Config.Handler = n.saml
	server.StartTLS()

	dir, err := os.MkdirTemp("", "portal-two-names-")
	require.NoError(t, err)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(
		webtest.Options(path, dir, "en", 1280),
		chromedp.Flag("host-resolver-rules", "MAP * 127.0.0.1"),
		chromedp.Flag("ignore-certificate-errors", true),
	)...)
	ctx, quit := chromedp.NewContext(allocator)
	ctx, cancel := context.WithTimeout(ctx, 20*time.Minute)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		cancel()
		quit()
		stop()
		_ = os.RemoveAll(dir)
	})
	n.screen = &screen{world: w, ctx: ctx, locale: "en", width: 1280}
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900)))
	return n
}

// selfSigned makes a certificate for both names, and the roots of who trusts it.
func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	unsigned := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		DNSNames:              []string{portalName, providerName},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, unsigned, unsigned, key.Public(), key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, roots
}

// types writes into a field, in the place of what stands there.
func (n *twoNames) types(selector, text string) {
	n.t.Helper()
	n.do(click(selector))
	n.do(chromedp.KeyEvent(text))
}

// goes presses something that leads through another site, and waits for the page of the portal to
// which it leads in the end.
func (n *twoNames) goes(selector, to string) {
	n.t.Helper()
	n.press(click(selector))
	n.comesTo(n.url, to)
}

// comesTo waits until the browser shows a page of a site.
func (n *twoNames) comesTo(site, path string) {
	n.t.Helper()
	require.Eventually(n.t, func() bool {
		at, err := chromedp.Run(n.ctx, chromedp.Location())
		if err != nil || !strings.HasPrefix(at, site) {
			return false
		}
		u, err := url.Parse(at)
		return err == nil && u.Path == path
	}, pageComes, 50*time.Millisecond, "the browser never came to %s%s; the log: %s", site, path, n.log)
}

func (n *twoNames) say(key string, args ...messages.Args) string {
	return messages.In("en").Say(key, args...)
}

// Whole sign-ins between two sites, in a browser: by OpenID Connect and by SAML, from the wizard
// over the rehearsal to the sign-in, an invitation that is accepted by it, and proving again who
// one is. A cookie that does not come back from the other site, a form that leads nowhere and a
// page that the policy stops all end here.
func TestS48_R53b_S52_WholeSignInsBetweenTwoSites(t *testing.T) {
	n := newTwoNames(t)
	_, inv := n.admin()
	n.open("/sign-in")
	n.signIn(anaThere.Email)
	n.proveDomain()

	// OpenID Connect: the wizard, the rehearsal, the switch.
	n.types("#issuer", n.issuer.URL)
	n.types("#client", "roomcover")
	n.types("#secret", "hush")
	n.press(click(`button[value="provider"]`))
	require.Contains(t, n.text(".toast"), n.say("flash.providersaved"))
	n.goes(`a[href$="/try"]`, callbackPath)
	n.worked()
	n.press(click(`main a.btn[href="/own-sign-in"]`))
	n.press(click(`button[value="enable"]`))
	require.Contains(t, n.text(".toast"), n.say("flash.ownenabled"))

	// The address leads to the provider, which knows who it is, and back.
	n.signOut()
	n.types("#email", anaThere.Email)
	n.press(click("main form button"))
	n.goes(`main a.btn[href^="/sso/"]`, "/")
	require.Contains(t, n.text(".who summary"), "Ana")

	// Ten minutes later the provider is asked again.
	n.portal.freshFor = 0
	n.open("/tokens")
	n.portal.freshFor = freshFor
	n.goes(`a[href^="`+againPath+`"]`, "/tokens")

	// An invitation is accepted by it, at a provider that asks who it is.
	n.signOut()
	rui := n.pending(inv.AccountID, "rui@acme.example")
	n.open(n.link(rui))
	n.press(click(`main a[href^="/sso/"]`))
	n.goes(`a[href*="login_hint=rui"]`, "/")
	require.Equal(t, n.say("flash.welcome"), n.text(".toast span"))
	require.Equal(t, "ACCEPTED", string(n.state(rui.ID)))
	n.signOut()

	// SAML beside it: its provider's page posts the answer from its own site.
	n.signInByPassword(anaThere.Email)
	n.open(ownSignInPath)
	n.press(click(`button[value="saml"]`))
	n.types("#saml-url", n.saml.MetadataURL())
	n.press(click(`button[value="metadata"]`))
	require.Contains(t, n.text(".toast"), n.say("flash.providersaved"))
	draft := n.one("SELECT id FROM sso_connections WHERE kind = 'SAML'")
	n.press(click(`a[href="` + ownSignInPath + "/" + draft + `/try"]`))
	n.goes(`a[href*="as=`+anaThere.Subject+`"]`, finishPath)
	n.worked()
	n.press(click(`main a.btn[href="/own-sign-in"]`))
	n.press(click(`button[value="enable"]`))
	require.Contains(t, n.text(".toast"), n.say("flash.ownenabled"))

	n.signOut()
	n.types("#email", anaThere.Email)
	n.press(click("main form button"))
	n.press(click(`main a.btn[href^="/sso/"]`))
	n.goes(`a[href*="as=`+anaThere.Subject+`"]`, "/")
	require.Contains(t, n.text(".who summary"), "Ana")
	n.portal.freshFor = 0
	n.open("/tokens")
	n.portal.freshFor = freshFor
	n.press(click(`a[href^="` + againPath + `"]`))
	n.goes(`a[href*="as=`+anaThere.Subject+`"]`, "/tokens")

	// And an invitation by SAML.
	n.signOut()
	eva := n.pending(inv.AccountID, "eva@acme.example")
	n.open(n.link(eva))
	n.press(click(`main a[href^="/sso/"]`))
	n.goes(`a[href*="as=s2"]`, "/")
	require.Equal(t, "ACCEPTED", string(n.state(eva.ID)))
	require.NotContains(t, n.log.String(), "@acme.example")
}

// proveDomain claims the company's domain on the page, and proves it.
func (n *twoNames) proveDomain() {
	n.t.Helper()
	n.open(ownSignInPath)
	n.types("#domain", "acme.example")
	n.press(click(`button[value="domain"]`))
	n.zone["acme.example"] = []string{recordShown.FindString(n.text("main"))}
	n.press(click(`button[value="check"]`))
	require.Contains(n.t, n.text(".toast"), n.say("flash.domainproved"))
}

// worked looks at the page of a rehearsal.
func (n *twoNames) worked() {
	n.t.Helper()
	require.Equal(n.t, n.say("ownsignin.try.title"), n.text("h1"))
	require.Contains(n.t, n.text("main"),
		n.say("ownsignin.would.signin", messages.Args{"name": anaThere.Name}))
}

// signInByPassword signs in past the company's own sign-in.
func (n *twoNames) signInByPassword(email string) {
	n.t.Helper()
	n.types("#email", email)
	n.press(click("main form button"))
	n.types("#password", goodPassword)
	n.press(click("main form button"))
}
