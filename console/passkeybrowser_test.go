package console

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// withDevice gives the browser a device of its own that holds passkeys, and whose owner is
// always there.
func (b *chromium) withDevice() {
	b.t.Helper()
	add := func(ctx context.Context, to *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, to, webauthn.Enable, webauthn.EnableParams{})
		if err != nil {
			return chromedp.Void{}, err
		}
		_, err = cdp.Call(ctx, to, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
			Options: &webauthn.VirtualAuthenticatorOptions{
				Protocol:                    webauthn.AuthenticatorProtocolCtap2,
				Transport:                   webauthn.AuthenticatorTransportInternal,
				HasResidentKey:              true,
				HasUserVerification:         true,
				IsUserVerified:              true,
				AutomaticPresenceSimulation: true,
			},
		})
		return chromedp.Void{}, err
	}
	require.NoError(b.t, chromedp.Do(b.ctx, add))
}

func (b *chromium) types(id, text string) {
	b.t.Helper()
	b.comes(`(document.getElementById("` + id + `").focus(), true)`)
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.KeyEvent(text)))
}

// clicks presses a button, which may lead to another page at once.
func (b *chromium) clicks(selector string) {
	b.t.Helper()
	require.True(b.t, b.holds("document.querySelector('"+selector+"').click() === undefined"))
}

// comes waits until something holds, on this page or on the one that it leads to: what is asked
// in between has no answer.
func (b *chromium) comes(expression string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		out, err := chromedp.Run(b.ctx, chromedp.EvaluateAsDevTools[bool](expression))
		return err == nil && out
	}, patience, 20*time.Millisecond, expression)
}

// isAt waits until the browser has come to a page.
func (b *chromium) isAt(path string) {
	b.t.Helper()
	b.comes(`document.readyState === "complete" && location.pathname === "` + path + `"`)
}

// signIn takes the first step.
func (b *chromium) signIn(email string) {
	b.t.Helper()
	b.open(signInPath + "?fresh=1")
	b.types("email", email)
	b.types("password", goodPassword)
	b.clicks(".form .btn.main")
	b.isAt(secondPath)
}

const (
	usePasskey  = `[data-passkey]:not([hidden])`
	saysPasskey = `document.querySelector("[data-passkey-problem]:not([hidden])")`
)

func TestS52_PasskeysInABrowser(t *testing.T) {
	w := passwordWorld(t)
	o, secret, err := w.Domains.Operators.AddOperator(w.system(), identity.NewOperator{
		Email: "ana@desk.example", Name: "Ana Lima", Role: rules.OperatorAgent, Reason: "new colleague",
	})
	require.NoError(t, err)
	b := newChromium(t, w)
	b.withDevice()

	// Set up with a passkey in place of the app.
	b.open(SetUpPath + "?" + url.Values{"token": {secret}}.Encode())
	b.clicks(usePasskey)
	require.True(t, b.holds(`document.activeElement.id === "password"`), "the browser says what is missing")
	b.types("password", goodPassword)
	b.clicks(usePasskey)
	b.comes(`document.querySelectorAll(".codes li").length === 10`)
	require.Len(t, w.passkeys(o.ID), 1)

	// Sign in with it.
	b.signIn(o.Email)
	b.clicks(usePasskey)
	b.isAt(Root)

	// Sign in with it alone: the device knows whose it is.
	b.open(signInPath + "?fresh=1")
	b.clicks(usePasskey)
	b.isAt(Root)

	// A fresh sign-in, and the device makes no second passkey for the same person.
	w.site.freshFor = 0
	b.open(newPasskeyPath)
	w.site.freshFor = freshFor
	b.clicks(usePasskey)
	b.comes(`!!document.getElementById("name") && document.readyState === "complete"`)
	b.clicks(usePasskey)
	b.comes(`!!` + saysPasskey + ` && ` + saysPasskey + `.textContent.includes("has a passkey for you already")`)
	require.True(t, b.holds("document.querySelectorAll('script:not([src]), [style], style').length === 0"))
	require.EqualValues(t, 4, w.passkeys(o.ID)[0].Counter)
}

// Some browsers cannot read the questions themselves, and some password managers put a
// credential in the browser's place that cannot write itself as JSON.
func TestS52_PasskeysInABrowserWithoutJSON(t *testing.T) {
	w := passwordWorld(t)
	p := w.added("ana@desk.example", rules.OperatorAgent)
	b := newChromium(t, w)
	b.withDevice()
	old := `["parseCreationOptionsFromJSON", "parseRequestOptionsFromJSON"].forEach(n => delete PublicKeyCredential[n]);
		delete PublicKeyCredential.prototype.toJSON; true`

	b.signIn(p.Email)
	b.types("code", p.codeAt(w, 0))
	b.clicks(".form .btn.main")
	b.isAt(Root)
	b.open(newPasskeyPath)
	require.True(t, b.holds(old))
	b.clicks(usePasskey)
	b.isAt(mePath)
	require.Len(t, w.passkeys(p.ID), 1)
	require.Equal(t, "internal", w.passkeys(p.ID)[0].Transports)

	b.signIn(p.Email)
	require.True(t, b.holds(old))
	b.clicks(usePasskey)
	b.isAt(Root)
}
