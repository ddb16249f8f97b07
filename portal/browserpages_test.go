package portal

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// TestR42_S7_PagesOfAMemberInABrowser looks at what the walk does not reach:
// cancelling, several sessions, refused forms, a reader's pages, a person
// without an account.
func TestR42_S7_PagesOfAMemberInABrowser(t *testing.T) {
	eachScreen(t, "member", looks[2:3], (*screen).asMember)
}

func (s *screen) asMember() {
	t, say := s.t, messages.In(s.locale).Say
	ana, inv := s.admin()
	o, path := s.firstOrder()
	s.open("/sign-in?lang=" + s.locale) // the persons themselves chose English
	s.signIn("ana.souza@acme.example")
	s.open("/sessions")
	s.check("sessions-two")
	s.invites()
	s.open(questionsPath + s.question(inv.AccountID, "PO-2", "rui@acme.example").ID)
	require.Equal(t, say("question.title"), s.text("h1"))
	s.check("question")
	s.open("/colleagues")
	s.check("colleagues-asked")

	s.open(path)
	s.check("cancellation")
	s.tabTo("main form[method='post'] .btn")
	s.press(chromedp.KeyEvent(kb.Enter))
	require.Equal(t, say("cancellation.scope.missing"), s.text("#scope-problem span"))
	require.Equal(t, say("cancellation.reason.missing"), s.text("#reason-problem span"))
	require.Eventually(t, func() bool {
		return s.holds(`document.activeElement.name === "scope"`)
	}, time.Minute, 50*time.Millisecond, "what is wrong has the focus")
	s.check("cancellation-wrong")
	s.do(chromedp.KeyEvent(kb.ArrowDown))
	s.tabTo("#quantity")
	s.do(chromedp.KeyEvent("3"))
	s.tabTo("#reason")
	s.press(chromedp.KeyEvent("we need fewer" + kb.Enter))
	require.Equal(t, messages.In(s.locale).Count("cancellation.ask.part", 3), s.text("h1"))
	s.check("cancellation-asked")
	s.tabTo("main .danger")
	s.press(chromedp.KeyEvent(kb.Enter))
	require.Equal(t, say("flash.cancelled"), s.text(".toast span"))
	s.check("cancelled")
	s.Calendar.Set(o.CancellableUntil)
	s.open(path)
	require.Equal(t, say("problem.window.title"), s.text("h1"))
	s.check("window-closed")
	ana.post("/sign-out")

	s.signOut()
	s.Calendar.Set(o.CancellableUntil.Add(-time.Hour))
	s.member(inv.AccountID, "leo@acme.example", identity.RoleReadOnly)
	s.signIn("leo@acme.example")
	s.open("/colleagues")
	require.Equal(t, say("colleagues.askadmin"), s.text("main .note"))
	s.check("colleagues-reader")
	s.open(path)
	require.Equal(t, say("problem.readonly.title"), s.text("h1"))
	s.check("administrators-only")
	s.leaveAccount(inv.AccountID, "leo@acme.example")
	s.open("/")
	require.Equal(t, say("noaccount.title"), s.text("h1"))
	s.check("no-account")
}

// invites looks at a refused invitation.
func (s *screen) invites() {
	s.open("/colleagues")
	s.tabTo("#email")
	s.press(chromedp.KeyEvent("nobody" + kb.Enter))
	require.Equal(s.t, messages.In(s.locale).Say("name.missing"), s.text("#name-problem span"))
	s.check("invite-wrong")
}

func (s *screen) signOut() {
	s.t.Helper()
	s.open("/")
	s.do(click(".who summary"))
	s.press(click(`form[action="/sign-out"] button`))
}

// leaveAccount removes a member behind the screen's back.
func (s *screen) leaveAccount(accountID, email string) {
	s.t.Helper()
	_, err := s.ChangeMembership(s.as(rules.OperatorAgent), s.memberIDs(accountID)[email], identity.RoleReadOnly,
		rules.MembershipRemoved, "left the company")
	require.NoError(s.t, err)
}

// TestR47_R123_RefusalsInABrowser looks at the codes and forms that a visitor
// gets wrong.
func TestR47_R123_RefusalsInABrowser(t *testing.T) {
	eachScreen(t, "refused", looks[3:], (*screen).getsItWrong)
}

func (s *screen) getsItWrong() {
	t, say := s.t, messages.In(s.locale).Say
	inv := s.invited()
	s.open(s.link(inv))
	s.press(click("main form button"))
	wrong := s.wrong()
	for range identity.CodeTries + 1 {
		s.tabTo("#code")
		s.press(chromedp.KeyEvent(wrong + kb.Enter))
	}
	require.Equal(t, say("code.tried"), s.text(".wrong span"))
	s.check("code-tried")
	for range codesAnHour {
		s.open("/invitation")
		s.press(click("main form button"))
	}
	require.Equal(t, say("problem.limited.title"), s.text("h1"))
	s.check("limited")

	s.open("/password-reset")
	s.tabTo("#email")
	s.press(chromedp.KeyEvent("nobody" + kb.Enter))
	s.check("reset-wrong")
	s.open("/invitation?token=unknown")
	s.tabTo("#email")
	s.press(chromedp.KeyEvent("nobody" + kb.Enter))
	s.check("dead-link-wrong")
	s.open("/nowhere")
	s.check("not-found-outside")
	s.newPassword()
}

// newPassword goes from the link of a reset to the sign-in.
func (s *screen) newPassword() {
	say := messages.In(s.locale).Say
	s.guest().accept(s.pending(s.latestInvitation("ana.souza@acme.example").AccountID, "eva@acme.example"), "Eva Lima")
	s.guest().post("/password-reset", "email", "eva@acme.example")
	s.open("/password-reset/new?token=" + s.Secrets().ResetToken(s.mails("password_reset")[0].SubjectID))
	s.tabTo("#password")
	s.press(chromedp.KeyEvent("short" + kb.Enter))
	require.Equal(s.t, say("password.short", messages.Args{"least": web.LeastPassword}), s.text(".wrong span"))
	s.check("new-password-short")
	s.tabTo("#password")
	s.press(chromedp.KeyEvent(goodPassword + kb.Enter))
	require.Equal(s.t, say("flash.password"), s.text(".toast span"))
	s.check("signed-out-by-reset")
}
