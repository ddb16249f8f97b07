package portal

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// TestR98_R117_FromLinkToHomeInABrowser walks as a person does, by keyboard:
// the mail's link, the code, name and password, the home page with the service
// orders, a colleague's invitation.
func TestR98_R117_FromLinkToHomeInABrowser(t *testing.T) {
	eachScreen(t, "walk", looks[:1], func(s *screen) { s.walk(s.locale) })
}

func (s *screen) walk(locale string) {
	say := messages.In(locale).Say
	inv := s.orders()
	s.open(s.link(inv))
	require.Equal(s.t, "/invitation", s.path(), "the token leaves the address bar")
	require.Equal(s.t, say("invitation.hello", messages.Args{"program": "Logitech Select"}), s.text("h1"))
	s.check("invitation")
	s.tabTo("main form button")
	s.press(chromedp.KeyEvent(kb.Enter))
	s.check("code")

	s.tabTo("#code")
	s.press(chromedp.KeyEvent(s.wrong() + kb.Enter))
	require.Contains(s.t, s.text(".wrong"), say("code.wrong"))
	s.check("code-wrong")
	s.tabTo("#code")
	s.press(chromedp.KeyEvent(s.code() + kb.Enter))
	require.Equal(s.t, "/invitation/person", s.path())
	s.check("person")

	s.tabTo("#password")
	s.press(chromedp.KeyEvent("password123" + kb.Enter))
	require.Contains(s.t, s.text(".wrong"), say("password.common"))
	s.check("person-common-password")
	s.tabTo("#password")
	s.press(chromedp.KeyEvent(goodPassword + kb.Enter))
	require.Equal(s.t, "/", s.path())
	require.Equal(s.t, say("flash.welcome"), s.text(".toast span"))
	s.check("home")

	label := map[string]string{"pt-BR": "Pedidos de serviço", "en": "Service orders"}[locale]
	require.Equal(s.t, label, s.text(`nav a[href="/service-orders"]`))
	s.tabTo(`nav a[href="/service-orders"]`)
	s.press(chromedp.KeyEvent(kb.Enter))
	require.Equal(s.t, label, s.text("h1"))
	require.Contains(s.t, s.text("table"), say("start.latest",
		messages.Args{"day": messages.In(locale).Date(time.Date(2027, time.January, 22, 0, 0, 0, 0, time.UTC))}))
	s.check("service-orders")

	s.open("/onboarding")
	s.check("onboarding")
	s.open("/colleagues")
	s.tabTo("#name")
	s.do(chromedp.KeyEvent("Bruno Lima"))
	s.tabTo("#email")
	s.press(chromedp.KeyEvent("bruno.lima@acme.example" + kb.Enter))
	require.Equal(s.t, say("flash.invited"), s.text(".toast span"))
	s.do(click(".edit summary"))
	require.Equal(s.t, say("people.stays"), s.text(".edit .prose"), "the last administrator stays")
	s.check("colleagues")
	s.open("/account")
	s.check("account-nobody")
	s.looksAfter(inv.AccountID, rules.CSMForm{
		Name:  "Clara Reis",
		Email: "clara.reis@operator.example",
		Phone: "+55 11 4000-1234",
	})
	s.open("/account")
	require.Equal(s.t, say("menu.account"), s.text(`nav a[aria-current="page"]`))
	s.check("account")
	s.open("/tokens")
	s.check("tokens")
	s.tabTo("#label")
	s.press(chromedp.KeyEvent("Room booking" + kb.Enter))
	require.Equal(s.t, say("tokens.secret"), s.text("#secret-head"))
	s.check("tokens-made")
	s.open("/sessions")
	s.check("sessions")
	s.open("/nowhere")
	s.check("not-found")
	s.leave(say)
}

// TestR47a_OtherPagesOfAnInvitationInABrowser looks at what a person sees who
// is signed in already, as somebody else or as the invited one.
func TestR47a_OtherPagesOfAnInvitationInABrowser(t *testing.T) {
	eachScreen(t, "known", looks[1:2], (*screen).asKnownPerson)
}

func (s *screen) asKnownPerson() {
	t, say := s.t, messages.In(s.locale).Say
	inv := s.invited()
	ana := s.guest()
	ana.lang = s.locale
	require.Equal(t, "/", ana.accept(inv, "Ana Souza").path)
	s.signIn("ana.souza@acme.example")
	other := s.pending(inv.AccountID, "bruno@acme.example")
	s.open(s.link(other))
	require.Equal(t, say("wrongperson.title"), s.text("h1"))
	s.check("wrong-person")
	s.tabTo("main form button")
	s.press(chromedp.KeyEvent(kb.Enter))
	require.Equal(t, say("invitation.hello", messages.Args{"program": "Logitech Select"}), s.text("h1"),
		"the right person goes on")

	_, acc := s.site("gil@globex.example")
	second := s.pending(acc.ID, "ana.souza@acme.example")
	s.open(s.link(second))
	s.check("invitation-known")
	s.signIn("ana.souza@acme.example")
	require.Equal(t, "/invitation", s.path())
	s.check("invitation-accept")
	s.tabTo("main form button")
	s.press(chromedp.KeyEvent(kb.Enter))
	require.Equal(t, say("flash.welcome"), s.text(".toast span"))
	s.do(click(".who summary"))
	s.check("two-accounts")

	s.open("/password-reset/new?token=unknown")
	s.check("dead-reset")
	s.guest().post("/password-reset", "email", "ana.souza@acme.example")
	s.open("/password-reset/new?token=" + s.Secrets().ResetToken(s.mails("password_reset")[0].SubjectID))
	require.Equal(t, "/password-reset/new", s.path())
	s.check("new-password")
}

func (s *screen) signIn(email string) {
	s.t.Helper()
	if !strings.HasPrefix(s.path(), "/sign-in") {
		s.open("/sign-in")
	}
	s.tabTo("#email")
	s.do(chromedp.KeyEvent(email))
	if s.holds(`document.querySelector("#password") === null`) { // a company signs in on its own
		s.press(chromedp.KeyEvent(kb.Enter))
	}
	s.tabTo("#password")
	s.press(chromedp.KeyEvent(goodPassword + kb.Enter))
}

// leave signs out and looks at the pages of who is outside.
func (s *screen) leave(say func(string, ...messages.Args) string) {
	s.open("/")
	s.do(click(".who summary"))
	s.check("home-menu")
	s.press(click(`form[action="/sign-out"] button`))
	require.Equal(s.t, say("signin.title"), s.text("h1"))
	s.check("sign-in")
	s.tabTo("#email")
	s.do(chromedp.KeyEvent("ana.souza@acme.example"))
	s.tabTo("#password")
	s.press(chromedp.KeyEvent("not the password" + kb.Enter))
	require.Equal(s.t, say("signin.wrong"), s.text(".problem span"))
	s.check("sign-in-wrong")
	s.open("/password-reset")
	s.check("reset")
	s.tabTo("#email")
	s.press(chromedp.KeyEvent("ana.souza@acme.example" + kb.Enter))
	s.check("reset-sent")
	s.open("/invitation?token=unknown")
	require.Equal(s.t, say("deadlink.title"), s.text("h1"))
	s.check("dead-link")
	s.tabTo("#email")
	s.press(chromedp.KeyEvent("someone@acme.example" + kb.Enter))
	s.check("requested")
}

// orders fulfils three orders: one that waits, JumpStart, one cancelled.
func (s *screen) orders() identity.Invitation {
	reseller := s.Reseller(s.t, "Revenda Sul")
	s.Fulfilled(s.t, reseller, storetest.Form("PO-1"))
	inv := s.latestInvitation("ana.souza@acme.example")
	jump := storetest.Form("PO-2")
	jump.Lines[0].SKU, jump.Lines[0].Quantity = "TAP-BUNDLE-TEAMS", 3
	s.Fulfilled(s.t, reseller, jump)
	gone := s.Fulfilled(s.t, reseller, storetest.Form("PO-3"))
	_, _, err := s.CancelOrder(s.as(rules.OperatorAgent), gone.ID, order.CancelRequest{Reason: "not needed"})
	require.NoError(s.t, err)
	return inv
}
