package portal

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
)

// TestS25_SitesInABrowser adds the address of a room's site by keyboard.
func TestS25_SitesInABrowser(t *testing.T) {
	eachScreen(t, "sites", looks[1:2], (*screen).addsSite)
}

func (s *screen) addsSite() {
	t, say := s.t, messages.In(s.locale).Say
	c, _, _, _ := s.withSpare()
	form := storetest.RoomForm("Sala Ipê")
	form.Site = "Berrini"
	_, err := s.CreateRoom(storetest.Customer(c.Account), entitlement.NewRoom{AccountID: c.Account, Form: form})
	require.NoError(t, err)
	s.open("/sign-in?lang=" + s.locale)
	s.signIn("eva@acme.example")
	s.open("/sites")
	require.Equal(t, say("menu.sites"), s.text(`nav a[href="/sites"]`))
	s.check("address-missing")
	s.press(click(`a[href^="/sites/new?room="]`))
	s.check("new")
	s.tabTo("#street")
	s.do(chromedp.KeyEvent("Av. Berrini, 1376"))
	s.press(chromedp.KeyEvent(kb.Enter))
	require.Equal(t, say("sites.wrong.missing"), s.text("#city-problem span"))
	s.check("wrong")
	s.tabTo("#city")
	s.press(chromedp.KeyEvent("São Paulo" + kb.Enter))
	require.Equal(t, say("flash.site.saved"), s.text(".toast span"))
	s.check("saved")
	s.open("/replacements/request")
	s.do(click(".shipto summary"))
	s.check("another-address")
}
