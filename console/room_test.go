package console

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/web"
)

// act opens a confirmation and sends it with the fields given.
func (b *browser) act(path string, pairs ...string) reply {
	b.t.Helper()
	page := b.get(path)
	require.Equal(b.t, http.StatusOK, page.status, path)
	return b.post(path, append([]string{
		fieldConfirms, "yes", "version", hiddenIn(page.body, "version"), "reason", "asked by phone",
	}, pairs...)...)
}

func TestR55b_ARoomsPageShowsLicenceCoverDevicesAndReplacements(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.busyAccount()
		manager := w.signedIn(staff[3])
		room := w.withinBudget(manager, roomPath(c.Room.ID)).body
		for _, text := range []string{
			"Covered", "A license in force is assigned to the room", "SN100", "Licenses through time", "RMA-",
			"Devices through time",
		} {
			require.Contains(t, room, text)
		}
		require.NotContains(t, room, "/do/", "a manager changes nothing")
		device := w.withinBudget(manager, devicePath(c.Device.ID)).body
		require.Contains(t, device, "Rooms through time")
		require.Contains(t, device, "Sala 1")
		require.Equal(t, http.StatusNotFound, manager.get(roomPath("rom_none")).status)
	})
}

func TestR28_AnAgentActsOnBehalfOfTheCustomerWithAReason(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		other := w.Room(t, c.Account, "Sala 2")
		agent := w.signedIn(staff[1])
		do := func(path, act string) string { return path + "/do/" + act }

		went := agent.act(do(roomPath(c.Room.ID), "move"), "to", other.ID)
		require.Equal(t, http.StatusOK, went.status)
		require.Equal(t, roomPath(c.Room.ID), went.path, went.body)
		moved := agent.get(roomPath(other.ID)).body
		require.Contains(t, moved, "A license in force is assigned to the room", "license and devices moved")
		require.Contains(t, moved, "SN100")

		without := agent.post(do(roomPath(other.ID), "release"), fieldConfirms, "yes", "version", "1")
		require.Equal(t, http.StatusUnprocessableEntity, without.status)
		require.Contains(t, without.body, "An operator changes a customer")
		require.Contains(t, agent.act(do(roomPath(other.ID), "release")).body, "No license is assigned to the room")
		assign := do(roomPath(other.ID), "assign")
		require.Contains(t, agent.get(assign).body, "10 free")
		require.Contains(t, agent.act(assign, "contract_id", c.Licence.ContractID).body, "A license in force is assigned to the room")

		require.Contains(t, agent.act(do(devicePath(c.Device.ID), "place"), "to", c.Room.ID).body, "Sala 1")
		require.Contains(t, agent.act(do(devicePath(c.Device.ID), "takeout")).body, "In no room")
		lost := agent.act(do(devicePath(c.Device.ID), "lost"))
		require.Contains(t, lost.body, "Lost")
		require.NotContains(t, lost.body, "/do/place")

		archived := agent.act(do(roomPath(other.ID), "archive"))
		require.Contains(t, archived.body, "Archived")
		stale := agent.post(do(roomPath(other.ID), "restore"), fieldConfirms, "yes", "version", "1", "reason", "r")
		require.Equal(t, http.StatusPreconditionFailed, stale.status)
		require.Contains(t, agent.act(do(roomPath(other.ID), "restore")).body, "Assign a license")
		require.Equal(t, http.StatusNotFound, agent.get(do(roomPath(other.ID), "burn")).status)

		room, err := w.Domains.Entitlements.GetRoom(w.system(), other.ID)
		require.NoError(t, err)
		require.Equal(t, licensing.RoomActive, room.State)
		events, err := w.Domains.DB.Timeline(w.system(), other.ID)
		require.NoError(t, err)
		last := events[len(events)-1]
		require.Equal(t, "room.restored", last.Verb)
		require.Equal(t, c.Account, last.OnBehalfOf)
		require.Equal(t, w.operatorOf("ari@desk.example").ID, last.ActorID)
		require.Equal(t, "asked by phone", last.Details["reason"])
	})
}

// All that is in a room moves, however much it is.
func TestR28c_ARoomFullOfDevicesMovesWhole(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		other := w.Room(t, c.Account, "Sala 2")
		for n := range 120 {
			w.Device(t, c.Room, fmt.Sprintf("MANY%03d", n), "MEETUP", "2026-11-01")
		}
		agent := w.signedIn(staff[1])
		went := agent.act(roomPath(c.Room.ID)+"/do/move", "to", other.ID)
		require.Equal(t, roomPath(c.Room.ID), went.path, went.body)
		left, _, err := w.Domains.Entitlements.ListDevices(w.system(), entitlement.DeviceFilter{RoomID: c.Room.ID})
		require.NoError(t, err)
		require.Empty(t, left)
		again := agent.act(roomPath(c.Room.ID)+"/do/move", "to", other.ID)
		require.Equal(t, http.StatusUnprocessableEntity, again.status)
		require.Contains(t, again.body, "Nothing is in the room that could be moved")
	})
}

// Whoever sends the form records the terms that it was shown with: newer ones are asked about anew.
func TestR78e_TheTermsThatAreRecordedAreThoseThatWereShown(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		far := w.RoomIn(t, c.Account, "Berlin", "DE")
		differ := func() {
			_, err := w.PublishTerms(w.Context,
				storetest.TermsOf("DE", func(t *catalogue.CountryTerms) {
					t.RMASpeed = "3BD"
					t.EffectiveFrom = civil.DateOf(w.Calendar.Now()).AddDays(-1) // it is today everywhere
				}), "")
			require.NoError(t, err)
		}
		differ()
		agent := w.signedIn(staff[1])
		path := roomPath(c.Room.ID) + "/do/move"
		asked := agent.act(path, "to", far.ID)
		require.Equal(t, http.StatusUnprocessableEntity, asked.status)
		require.Equal(t, "DE 2", hiddenIn(asked.body, "terms"))

		differ()
		asked = agent.act(path, "to", far.ID, "terms", "DE 2")
		require.Equal(t, http.StatusUnprocessableEntity, asked.status)
		require.Equal(t, "DE 3", hiddenIn(asked.body, "terms"))
		require.Equal(t, http.StatusUnprocessableEntity, agent.act(path, "to", far.ID, "terms", "BR 3").status)
		require.Equal(t, roomPath(c.Room.ID), agent.act(path, "to", far.ID, "terms", "DE 3").path)
	})
}

// An operator reads the last day of a cover that the customer reads, also where the account has
// moved to the east (C2).
func TestC2_TheConsoleNamesTheLastDayThatTheCustomerReads(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	contract := storetest.OneContract(t, w.Env, c.Order.ID)
	last := rules.LastCoveredDay(*contract.EndAt, web.Zone(contract.TimeZone))
	manager := w.signedIn(staff[3])
	en := messages.In("en")
	for _, zone := range []string{contract.TimeZone, "Europe/Lisbon"} {
		require.NoError(t, w.Exec("UPDATE accounts SET time_zone = '"+zone+"'"))
		for _, page := range []string{
			roomPath(c.Room.ID), devicePath(c.Device.ID), accountsPath + "/" + c.Account + "/rooms",
		} {
			body := manager.get(page).body
			require.Contains(t, body, en.NearDate(last.In(time.UTC), w.Calendar.Now()), page+zone)
			require.NotContains(t, body,
				en.NearDate(last.AddDays(1).In(time.UTC), w.Calendar.Now()), page+zone)
		}
	}
}
