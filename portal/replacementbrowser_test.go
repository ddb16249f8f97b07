package portal

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/rma"
)

// TestR35c_ReplacementsInABrowser walks by keyboard from the empty list to a
// replacement that was requested, rejected, appealed, approved and delivered.
func TestR35c_ReplacementsInABrowser(t *testing.T) {
	eachScreen(t, "replacements", looks[3:], (*screen).replaces)
}

func (s *screen) replaces() {
	t, say := s.t, messages.In(s.locale).Say
	c, _, _ := s.covered()
	s.open("/sign-in?lang=" + s.locale)
	s.signIn("eva@acme.example")
	s.open("/replacements")
	require.Equal(t, say("menu.replacements"), s.text(`nav a[href="/replacements"]`))
	s.check("none")
	s.tabTo("main .head .btn")
	s.press(chromedp.KeyEvent(kb.Enter))
	require.Equal(t, say("request.title"), s.text("h1"))
	s.check("request")
	s.tabTo("main form[method='post'] .btn")
	s.press(chromedp.KeyEvent(kb.Enter))
	require.Contains(t, s.text("#device-problem"), say("refusal.device"))
	require.Contains(t, s.text("#fault-problem"), say("refusal.fault"))
	require.True(t, s.holds(`document.activeElement.id === "serial"`), "the first wrong field has the focus")
	s.check("request-wrong")
	s.do(chromedp.KeyEvent("Sala 1"))
	s.tabTo("#fault")
	s.do(chromedp.KeyEvent("No picture since yesterday, also with another cable."))
	s.tabTo("main form[method='post'] .btn")
	s.press(chromedp.KeyEvent(kb.Enter))
	require.Equal(t, say("flash.replacement.requested"), s.text(".toast span"))
	s.check("requested")
	r := s.onlyRMA()
	_, err := s.RejectRMA(storetest.Operator(), r.ID, replacement.RMARejection{
		Code:   rma.RejectNoDefect,
		Reason: "works here",
	})
	require.NoError(t, err)
	s.appeals(r.ID)
	_, err = s.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true})
	require.NoError(t, err)
	_, err = s.AllocateRMA(storetest.Operator(), r.ID, "")
	require.NoError(t, err)
	_, err = s.ShipRMA(storetest.Operator(), r.ID,
		replacement.RMAShipment{Serial: "NEW100", Carrier: "Transportadora Exemplo", Tracking: "BR123456789"})
	require.NoError(t, err)
	s.open("/replacements/" + r.ID)
	s.check("shipped")
	s.arrives(c, r.ID)
}

// appeals asks for another decision, first without a reason.
func (s *screen) appeals(id string) {
	t, say := s.t, messages.In(s.locale).Say
	s.open("/replacements/" + id)
	s.check("rejected")
	s.tabTo("main form button")
	s.press(chromedp.KeyEvent(kb.Enter))
	require.Equal(t, say("appeal.reason.missing"), s.text("#reason-problem span"))
	s.check("appeal-wrong")
	s.tabTo("#reason")
	s.do(chromedp.KeyEvent("It has no picture."))
	s.tabTo("main form button")
	s.press(chromedp.KeyEvent(kb.Enter))
	require.Equal(t, say("flash.replacement.appealed"), s.text(".toast span"))
}

// arrives looks at the pages once the new unit is there, and at an accessory's form.
func (s *screen) arrives(c storetest.Covered, id string) {
	t, say := s.t, messages.In(s.locale).Say
	for _, fact := range []rma.RMAFact{rma.FactPickedUp, rma.FactDelivered} {
		_, err := s.RecordRMAFact(s.Context, id, fact, s.Calendar.Now())
		require.NoError(t, err)
	}
	s.open("/replacements/" + id)
	require.Contains(t, s.text("#return-head"), say("return.title"))
	s.check("delivered")
	s.open("/replacements/request/accessory")
	s.check("accessory")
	s.tabTo("#quantity")
	s.do(chromedp.KeyEvent("99"))
	s.tabTo("main form[method='post'] .btn")
	s.press(chromedp.KeyEvent(kb.Enter))
	s.check("accessory-wrong")
	_, err := s.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{
		AccountID: c.Account,
		RoomID:    c.Room.ID,
		ModelCode: "STRONG-USB-CABLE",
		Quantity:  2,
		Fault:     "Loose",
	})
	require.NoError(t, err)
	s.open("/replacements")
	s.check("list")
	s.open("/replacements/rma_missing")
	s.check("not-found")
}
