package portal

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
)

const requestForDevice, requestForAccessory = "/replacements/request", "/replacements/request/accessory"

func TestR35c_AnAdministratorRequestsAReplacementOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, eva, bruno := w.covered()
		require.Equal(t, 403, bruno.get(requestForDevice).status)
		require.Equal(t, 403, bruno.get(requestForAccessory).status)
		require.Equal(t, "/sign-in", w.guest().get(requestForDevice).path)
		form := eva.get(requestForDevice).body
		require.Contains(t, form, `<option value="SN100">Sala 1 · Rally Bar · SN100</option>`)
		require.Contains(t, form, `>HQ – Av. Paulista 1000, São Paulo</option>`)
		for range 2 { // the second is a double submit
			done := eva.post(requestForDevice, "serial",
				"SN100", "fault", "No picture\r\nsince yesterday", "once", "form-1")
			require.Contains(t, done.body, "We have your request.")
			require.Equal(t, "/replacements/"+w.onlyRMA().Number, done.path)
		}
		r := w.onlyRMA()
		require.Equal(t, "No picture since yesterday", r.Fault)
		require.Equal(t, c.Site.ID, r.SiteID, "the site of the room")
		require.NotContains(t, eva.get(requestForDevice).body, `value="SN100"`, "it is under way")
		refused := eva.post(requestForDevice, "serial", "SN100", "fault", "Again", "once", "form-2")
		require.Equal(t, 422, refused.status)
		require.Contains(t, refused.body, "already being replaced")
		require.Contains(t, refused.body, `href="/replacements/`+r.Number+`"`, "the way to it")
	})
}

func TestR74_AnAccessoryIsRequestedThroughItsRoomOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, eva, _ := w.covered()
		w.Room(t, c.Account, "Sala sem licença")
		other := w.Site(t, c.Account, "Filial", "BR", "SP")
		form := eva.get(requestForAccessory).body
		require.Contains(t, form, `<option value="`+c.Room.ID+`">Sala 1 · HQ</option>`)
		require.NotContains(t, form, "Sala sem licença")
		require.Contains(t, form, `<option value="STRONG-USB-CABLE">Strong USB cable</option>`)
		require.NotContains(t, form, "COLLABOS", "R75")
		for range 2 {
			done := eva.post(requestForAccessory, "room", c.Room.ID, "model", "STRONG-USB-CABLE", "quantity", " 2 ",
				"fault", "Loose", "site", other.ID, "once", "form-1")
			require.Equal(t, "/replacements/"+w.onlyRMA().Number, done.path)
			require.Contains(t, done.body, "2 × Strong USB cable")
		}
		require.Equal(t, other.ID, w.onlyRMA().SiteID)
		require.NotContains(t, eva.get("/replacements/"+w.onlyRMA().ID).body, "Serial number of the faulty device")
	})
}

// refusedForms are wrong inputs: the form, the fields that are blamed and the words.
func refusedForms(room, bare string) map[string][]string {
	return map[string][]string{
		"nothing": {requestForDevice, "device fault", "Choose the device, or enter its serial number."},
		"two devices": {
			requestForDevice, "device", "Leave one of the two empty", "serial", "SN100", "other", "SN-200", "fault",
			"x",
		},
		"no serial": {requestForDevice, "device", "letters and digits only", "other", "a/b", "fault", "x"},
		"unknown": {
			requestForDevice, "device", "No device of this account has this serial number", "other", "NOPE-1", "fault",
			"x",
		},
		"foreign": {
			requestForDevice, "device", "No device of this account has this serial number", "other", "SN-900", "fault",
			"x",
		},
		"no fault":   {requestForDevice, "fault", "Say what is wrong with it.", "serial", "SN100", "fault", " \r\n "},
		"long fault": {requestForDevice, "fault", "too long", "serial", "SN100", "fault", strings.Repeat("x", 1001)},
		"foreign site": {
			requestForDevice, "site", "Choose one from the list", "serial", "SN100", "fault", "x", "site",
			"sit_missing",
		},
		"not covered": {
			requestForDevice, "device", "its warranty has ended, and its room has no license in force", "other", "SN-301", "fault",
			"x",
		},
		"cap": {
			requestForDevice, "device", "reached the age at which all coverage ends", "other", "SN-302", "fault", "x",
		},
		"unsupported": {
			requestForDevice, "device", "not a supported product", "other", "SN-303", "fault", "x",
		},
		"too new": {requestForDevice, "proof", "less than 24 hours ago", "other", "SN-304", "fault", "x"},
		"long proof": {
			requestForDevice, "proof", "too long", "other", "SN-304", "fault", "x", "proof", strings.Repeat("x", 201),
		},
		"nothing here": {requestForAccessory, "room model quantity fault", "Choose the accessory."},
		"no room": {
			requestForAccessory, "room", "Choose the room.", "model", "STRONG-USB-CABLE", "quantity", "1", "fault", "x",
		},
		"foreign room": {
			requestForAccessory, "room", "Choose the room.", "room", "rom_missing", "model", "STRONG-USB-CABLE",
			"quantity", "1", "fault", "x",
		},
		"bare room": {
			requestForAccessory, "room", "This room has no license in force", "room", bare, "model",
			"STRONG-USB-CABLE", "quantity", "1", "fault", "x",
		},
		"too many": {
			requestForAccessory, "quantity", "Enter a number from 1 to 20.", "room", room, "model", "STRONG-USB-CABLE",
			"quantity", "21", "fault", "x",
		},
		"half a piece": {
			requestForAccessory, "quantity", "Enter a number from 1 to 20.", "room", room, "model", "STRONG-USB-CABLE",
			"quantity", "1.5", "fault", "x",
		},
		"software": {
			requestForAccessory, "model", "Software and bundles cannot be replaced", "room", room, "model", "COLLABOS",
			"quantity", "1", "fault", "x",
		},
		"unknown model": {
			requestForAccessory, "model", "not a supported product", "room", room, "model", "NOPE", "quantity",
			"1", "fault", "x",
		},
		"with a serial": {
			requestForAccessory, "model", "Use that number to request its replacement", "room", room, "model", "RALLY-BAR",
			"quantity", "1", "fault", "x",
		},
	}
}

func TestR59b_R75_R125_S25_EveryRefusalOfARequestStandsBesideItsField(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, eva, _ := w.covered()
		w.CoveredFor(t, "Globex Ltda", "gil@globex.example", "SN-900")
		bare := w.Room(t, c.Account, "Sala 9")
		w.Device(t, bare, "SN-301", "MEETUP", "2022-06-01")
		w.Device(t, c.Room, "SN-302", "MEETUP", "2020-06-01")
		w.Device(t, c.Room, "SN-303", "WINDOWS-PC", "2026-06-01")
		w.Calendar.Set(w.Calendar.Now().Add(25 * time.Hour))
		w.Device(t, c.Room, "SN-304", "MEETUP", "2026-06-01")
		for name, form := range refusedForms(c.Room.ID, bare.ID) {
			refused := eva.post(form[0], append([]string{"once", "form-" + name}, form[3:]...)...)
			require.Equal(t, 422, refused.status, name)
			for _, field := range strings.Fields(form[1]) {
				require.Contains(t, refused.body, `<div id="`+field+`-problem">`, name)
				require.Contains(t, refused.body, field+`-problem"`, "%s: the field describes itself by it", name)
			}
			require.Equal(t, len(strings.Fields(form[1])), strings.Count(refused.body, `-problem">`+`<p`),
				"%s: no other field is blamed", name)
			require.Contains(t, refused.body, form[2], name)
			require.Equal(t, 1, strings.Count(refused.body, " autofocus"), "%s: the first wrong field", name)
			require.Contains(t, refused.body, `name="once" value="form-`+name+`"`)
			for i := 3; i < len(form); i += 2 {
				typedStays(t, refused.body, form[i], form[i+1], name)
			}
		}
		require.Equal(t, 0, w.Count(t, "SELECT COUNT(*) FROM rmas"))
		require.Empty(t, w.log.String())
	})
}

// typedStays holds that nothing of what was typed is lost.
func typedStays(t *testing.T, body, field, value, name string) {
	t.Helper()
	switch {
	case field == "fault":
		require.Contains(t, body, value+"</textarea>", name)
	case strings.HasSuffix(value, "_missing") || value == "NOPE" || value == "COLLABOS" || value == "RALLY-BAR":
		// never offered, so never typed
	case field == "serial" || field == "room" || field == "model" || field == "site":
		require.Contains(t, body, `<option value="`+value+`" selected>`, name)
	default:
		require.Contains(t, body, `name="`+field+`"`, name)
		require.Contains(t, body, `value="`+value+`"`, name)
	}
}

func TestS25_AProofLetsANewDeviceBeReplaced(t *testing.T) {
	w := newWorld(t)
	c, eva, _ := w.covered()
	w.Device(t, c.Room, "SN-400", "RALLY-BAR", "2026-06-01")
	require.NotContains(t, eva.get(requestForDevice).body, `name="proof"`, "it is asked for where it is needed")
	require.Contains(t, eva.post(requestForDevice, "serial", "SN400", "fault", "Dead").body, `name="proof"`)
	done := eva.post(requestForDevice, "serial", "SN400", "fault", "Dead", "proof", "Invoice 4711")
	require.Equal(t, "/replacements/"+w.onlyRMA().Number, done.path)
	require.Equal(t, "Invoice 4711", w.onlyRMA().SerialProof)
}

func TestR125_AnUnknownDayOfPurchaseIsTakenAndAsksForTheProof(t *testing.T) {
	w := newWorld(t)
	c, eva, _ := w.covered()
	w.Device(t, c.Room, "SN-500", "RALLY-BAR", "")
	w.Calendar.Set(w.Calendar.Now().Add(25 * time.Hour))
	require.Contains(t, eva.get(requestForDevice).body, `value="SN500"`)
	done := eva.post(requestForDevice, "serial", "SN500", "fault", "Dead")
	require.Contains(t, next(done.body), "Send its proof of purchase to "+catalogue.DefaultProgram().Mailbox)
	require.Contains(t, rows(eva.get("/replacements").body)[1], "Send the proof of purchase")
}

func TestR78b_R35b_CountryAndPlaceAreToldAsReasons(t *testing.T) {
	for code, want := range map[string]string{
		rules.CountryNotSupported: "not available in the country",
		rules.Unplaced:            "The device is not in any room",
		rules.NotHardware:         "cannot be replaced",
		rules.StateConflict:       "not in use",
	} {
		var p requestPage
		require.True(t,
			p.refused(&rules.Error{Code: code, Fields: []rules.FieldError{{Pointer: "/serial", Code: code}}}), code)
		require.Equal(t, "device", p.First)
		require.Contains(t, messages.In("en").Say(p.Problems["device"][0]), want)
	}
	var p requestPage
	require.False(
		t,
		p.refused(&rules.Error{Code: "NEW_CODE", Fields: []rules.FieldError{{Pointer: "/serial", Code: "NEW_CODE"}}}),
		"a code without words is our error",
	)
	require.False(t, p.refused(fmt.Errorf("the database is gone")))
}

func TestManyDevicesAreSearchedBySerialModelAndRoom(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, eva, _ := w.covered()
		require.NotContains(t, eva.get(requestForDevice).body, `class="form" role="search"`, "few need no search")
		second := w.Room(t, c.Account, "Auditório")
		w.Device(t, second, "ZZ-1", "MEETUP", "2026-06-01")
		for i := range mostListed {
			w.Device(t, c.Room, fmt.Sprintf("AA-%04d", i), "RALLY-BAR", "2026-06-01")
		}
		page := eva.get(requestForDevice).body
		require.Contains(t, page, `class="form" role="search"`)
		require.NotContains(t, page, `value="ZZ1"`)
		for _, q := range []string{"zz-1", "meetup", "auditorio"} {
			found := eva.get(requestForDevice + "?q=" + q).body
			_, devices, _ := strings.Cut(found, `name="serial"`)
			devices, _, _ = strings.Cut(devices, "</select>")
			require.Equal(t, 2, strings.Count(devices, "<option "), "%s: it, and none", q)
			require.Contains(t, found, `<option value="ZZ1" selected>Auditório · Meetup · ZZ1</option>`, q)
			require.Contains(t, found, `type="search" value="`+q+`"`)
		}
		require.Contains(t, eva.get(requestForDevice+"?q=nothing").body, "No covered device found")
		for _, q := range []string{strings.Repeat("x", 300), "%25"} {
			require.Equal(t, 200, eva.get(requestForDevice+"?q="+q).status, q)
			require.Equal(t, 200, eva.get(requestForAccessory+"?q="+q).status, q)
		}
		refused := eva.post(requestForDevice, "serial", "ZZ1", "q", "zz-1", "fault", "")
		require.Contains(t, refused.body, `<option value="ZZ1" selected>Auditório · Meetup · ZZ1</option>`,
			"what was found stays")
		require.Empty(t, w.log.String())
	})
}

// An account without devices, rooms or sites gets the form all the same, with what
// it can do.
func TestAnAccountWithNothingToReplaceIsToldSo(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.admin()
	require.Contains(t, ana.get(requestForDevice).body, "No covered device found")
	require.Contains(t, ana.get(requestForAccessory).body, "No covered room found")
	_, err := w.CreateRoom(w.Context, entitlement.NewRoom{
		AccountID: w.latestInvitation("ana.souza@acme.example").AccountID,
		Form:      licensing.RoomForm{Name: "Sala 1", Site: "HQ", Country: "BR", Platform: rules.PlatformTeamsWindows},
	})
	require.NoError(t, err)
	require.Contains(t, ana.get(requestForAccessory).body, "No covered room found")
}
