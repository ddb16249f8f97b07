package portal

import (
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
)

// TestR55b_R28_RoomsInABrowser walks through the rooms of an account: the list, a room and its
// history, an assignment that asks about terms, a move, a change, an archive that is refused.
func TestR55b_R28_RoomsInABrowser(t *testing.T) {
	eachScreen(t, "rooms", looks[:1], (*screen).managesRooms)
}

func (s *screen) managesRooms() {
	t, say := s.t, messages.In(s.locale).Say
	c, _, _ := s.covered()
	_, err := s.PublishTerms(s.Context,
		storetest.TermsOf("DE", func(t *catalogue.CountryTerms) {
			t.RMASpeed = "3BD"
			t.EffectiveFrom = civil.DateOf(s.Calendar.Now()).AddDays(1)
		}), "")
	require.NoError(t, err)
	s.Calendar.Set(s.Calendar.Now().Add(48 * time.Hour))
	form := storetest.RoomForm("Auditório da Diretoria de Operações Internacionais")
	other, err := s.CreateRoom(storetest.Customer(c.Account), entitlement.NewRoom{AccountID: c.Account, Form: form})
	require.NoError(t, err)
	far := s.RoomIn(t, c.Account, "Berlin 1", "DE")
	s.Device(t, other, "OLD-77", "MEETUP", "2023-01-10")
	s.Requested(t, c)

	s.open("/sign-in?lang=" + s.locale)
	s.signIn("eva@acme.example")
	s.open("/rooms")
	require.Equal(t, say("portal.rooms.title"), s.text("h1"))
	s.check("list")
	s.open("/rooms?q=nothing")
	s.check("list-none")
	s.open(roomPath(c.Room.ID))
	s.check("room")
	s.open(roomPath(c.Room.ID) + "/history")
	s.check("history")
	s.open(roomPath(other.ID))
	s.check("room-unlicensed")

	s.open(assignPath)
	s.check("assign-choose")
	s.open(assignPath + "?id=" + other.ID + "&id=" + far.ID + "&id=" + c.Room.ID)
	s.check("assign-preview")

	s.open(movePath(c.Room.ID))
	s.check("move")
	s.do(chromedp.EvaluateAsDevTools[chromedp.Void](
		`document.querySelector('[name="to"]').value = "` + other.ID + `"`))
	s.press(click("form.stack .btn.main"))
	s.check("move-preview")

	s.open(roomPath(other.ID) + "/edit")
	s.check("edit")
	s.open(roomPath(c.Room.ID) + "/release")
	s.check("release")
	s.open(roomPath(c.Room.ID) + "/archive")
	s.check("archive-busy")
	s.open(roomPath(far.ID) + "/archive")
	s.check("archive")
	_, err = s.ArchiveRoom(s.Context, far.ID, "")
	require.NoError(t, err)
	s.open(roomPath(far.ID))
	s.check("room-archived")
	require.Equal(t, licensing.RoomActive, other.State)
}
