package portal

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
)

// TestR35d_R88a_SparesInABrowser agrees to a proposal and uses the spare by keyboard.
func TestR35d_R88a_SparesInABrowser(t *testing.T) {
	eachScreen(t, "spares", looks[2:3], (*screen).usesSpare)
}

func (s *screen) usesSpare() {
	t, say := s.t, messages.In(s.locale).Say
	c, u, _, _ := s.withSpare()
	s.open("/sign-in?lang=" + s.locale)
	s.signIn("eva@acme.example")
	s.open("/spares")
	require.Equal(t, say("menu.spares"), s.text(`nav a[href="/spares"]`))
	s.check("none")
	s.proposed(c, u)
	s.open("/spares")
	s.check("proposed")
	s.tabTo("main form button")
	s.press(chromedp.KeyEvent(kb.Enter))
	s.check("agree-asked")
	s.tabTo("main .confirm button")
	s.press(chromedp.KeyEvent(kb.Enter))
	require.Equal(t, say("flash.spare.agreed"), s.text(".toast span"))
	s.OnSite(t, s.unit(u.ID), "SP-100")
	s.open("/spares")
	s.check("on-site")
	r := s.Requested(t, c)
	s.open("/replacements/" + r.ID)
	s.check("replacement")
	s.tabTo(`form[action$="/use-spare"] button`)
	s.press(chromedp.KeyEvent(kb.Enter))
	require.Equal(t, say("usespare.choose"), s.text("#spare-problem span"))
	s.check("not-chosen")
	s.tabTo("#spare")
	s.do(chromedp.KeyEvent("SP100"))
	s.tabTo(`form[action$="/use-spare"] button`)
	s.press(chromedp.KeyEvent(kb.Enter))
	s.check("use-asked")
	s.tabTo("main .confirm button")
	s.press(chromedp.KeyEvent(kb.Enter))
	require.Equal(t, say("flash.spare.used"), s.text(".toast span"))
	s.check("used")
	s.cancelLargest(c)
	s.open("/spares")
	s.check("after-use")
}
