package portal

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/entitlement"
)

// TestR27a_RoomsAndDevicesInABrowser adds a room with devices by keyboard, and looks at the
// pages of devices and of an import.
func TestR27a_RoomsAndDevicesInABrowser(t *testing.T) {
	eachScreen(t, "devices", looks[1:2], (*screen).addsDevices)
}

func (s *screen) addsDevices() {
	t, say := s.t, messages.In(s.locale).Say
	s.open("/sign-in?lang=" + s.locale)
	_, accountID, room := equippedAccount(s.world)
	s.signIn(anaMail)
	s.open("/devices?lang=" + s.locale)
	require.Equal(t, say("devices.title"), s.text("h1"))
	s.check("list")
	s.open("/devices?q=nothing")
	s.check("list-nothing")

	s.open("/rooms/new")
	s.check("new-room")
	s.tabTo("#serial-0")
	s.do(chromedp.KeyEvent("new 1" + kb.Tab + "Rally Bar"))
	s.tabTo("#serial-1")
	s.do(chromedp.KeyEvent("n/a"))
	s.tabTo(`button[value="save"]`)
	s.press(chromedp.KeyEvent(kb.Enter))
	require.Contains(t, s.text("#serial-1-wrong"), say("wrong.SERIAL_PLACEHOLDER"))
	s.check("new-room-wrong")

	s.open("/devices/new?room=" + room.ID)
	s.check("new-devices")
	found, _, err := s.ListDevices(s.Context, entitlement.DeviceFilter{AccountID: accountID, Search: "SOON1"})
	require.NoError(t, err)
	path := "/devices/" + found[0].ID
	for name, page := range map[string]string{
		"device": path, "place": path + "/place", "take-out": path + "/take-out", "purchase": path + "/purchase",
		"import": "/rooms/import",
	} {
		s.open(page)
		s.check(name)
	}

	ana := s.guest()
	ana.post("/sign-in", "email", anaMail, "password", goodPassword)
	job := ana.upload("/rooms/import", "salas.csv", []byte(twoRows+"Sala 3;HQ;BR;MTR;n/a;;\n"), "do", "import")
	s.open(job.path) // it asks again by itself
	require.Equal(t, say("import.state.QUEUED"), s.text(".head .badge"))
	s.works(job)
	s.open(job.path)
	s.check("import-report")
}
