package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/messages/promise"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/cover"
)

// abroad is a Brazilian customer whose order of ten licences has one assigned at
// home, with the licences that are left.
type abroad struct {
	twin
	t    *testing.T
	left []entitlement.Licence
}

func (h *house) abroad(t *testing.T) *abroad {
	a := h.twin(t, 1)
	orders, _, err := h.ListOrders(h.Context, order.OrderFilter{})
	require.NoError(t, err)
	return &abroad{a, t, h.Licences(t, orders[0])[1:]}
}

// roomIn adds a room in a country.
func (a *abroad) roomIn(country string) string {
	room := map[string]any{"name": "Room in " + country, "country": country, "platform": "ZOOM_APPLIANCE"}
	return as[api.RoomView](a.t, a.post("/v1/rooms", room), 201).ID
}

// assign sends the next licence that is left to a room; 0 acknowledges nothing.
func (a *abroad) assign(room string, acknowledged int) answer {
	got := a.post("/v1/assignments",
		map[string]any{"licence_id": a.left[0].ID, "room_id": room, "acknowledged_terms": acknowledged})
	if got.Status < 300 {
		a.left = a.left[1:]
	}
	return got
}

// publish publishes terms that count from today.
func (a *abroad) publish(country string, change map[string]any) api.TermsView {
	terms := map[string]any{
		"effective_from": "2026-11-23",
		"available":      true,
		"rma_speed":      "NBD",
		"languages":      []string{"pt-BR", "en"},
		"note":           "changed",
	}
	for name, value := range change {
		terms[name] = value
	}
	return as[api.TermsView](a.t, a.house.Lead.post("/v1/countries/"+country+"/terms", terms), 201)
}

func (a *abroad) coverage(room, query string) cover.Answer {
	return *as[api.CoveredView](a.t, a.get("/v1/coverage?room="+room+query), 200).Answer
}

func TestR78a_ABrazilianOrderCoversARoomInGermany(t *testing.T) {
	a := sqlite(t).abroad(t)
	room := a.roomIn("DE")
	as[api.AssignedView](t, a.assign(room, 0), 201)
	require.True(t, a.coverage(room, "&for=technical").Covered)
}

func TestR78b_AnUnavailableCountryBlocksAssignment(t *testing.T) {
	a := sqlite(t).abroad(t)
	room := a.roomIn("FR")
	a.publish("FR", map[string]any{"available": false, "rma_speed": "STANDARD", "languages": []string{}})
	for _, acknowledged := range []int{0, 1, 2} {
		problem(t, a.assign(room, acknowledged), 422, rules.CountryNotSupported)
	}
	move := map[string]any{"to_room_id": room, "licence_ids": []string{a.licence}, "acknowledged_terms": 2}
	problem(t, a.post("/v1/rooms/"+a.room+"/move", move), 422, rules.CountryNotSupported)
	problem(t, a.assign(a.roomIn("CU"), 1), 422, rules.CountryNotSupported) // by the first terms
	require.False(t, a.coverage(room, "").Covered)
}

func TestR78c_TheRoomsCountrySetsSpeedAndLanguages(t *testing.T) {
	h := sqlite(t)
	a := h.abroad(t)
	a.publish("DE", map[string]any{"rma_speed": "3BD", "languages": []string{"de", "en"}})
	room := a.roomIn("DE")
	as[api.AssignedView](t, a.assign(room, 2), 201)
	d := a.post("/v1/devices", map[string]any{
		"room_id":      room,
		"serial":       "DE-0001",
		"model":        "MEETUP",
		"purchased_on": "2023-11-20",
	})
	require.Equal(t, 201, d.Status, string(d.Body))
	got := as[api.CoveredView](t, a.get("/v1/coverage?for=hardware&serial=DE-0001"), 200).Answer
	require.Equal(t, calendar.RMASpeed("3BD"), got.RMASpeed)
	require.ElementsMatch(t, []string{"de", "en"}, got.Languages)
	home := a.coverage(a.room, "")
	require.Equal(t, calendar.SpeedNBD, home.RMASpeed)

	// The speed, as a day: three business days, Christmas and a weekend not counted.
	stored, err := h.GetRoom(h.Context, room)
	require.NoError(t, err)
	approved := time.Date(2026, 12, 23, 13, 59, 0, 0, time.UTC) // 14:59 in Berlin
	p, err := h.PromiseAt(h.Context, entitlement.SiteOf(stored), got.RMASpeed, approved)
	require.NoError(t, err)
	require.Equal(t, "2026-12-29", p.On.String())
	require.Equal(t, "approved Wednesday at 14:59, by the 15:00 cutoff; Friday is a holiday; delivery takes 3 business days; promised for Tuesday",
		promise.Text(p, "en"))
}

func TestR78d_TermsArePublicWithVersionChangeLogAndETag(t *testing.T) {
	h := sqlite(t)
	a := h.abroad(t)
	anyone := client{house: h}
	first := anyone.get("/v1/countries")
	before := as[api.CountriesView](t, first, 200)
	require.Equal(t, "public, max-age=300", first.Header.Get("Cache-Control"))
	tag := first.Header.Get("ETag")
	for _, header := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
		same := anyone.send("GET", "/v1/countries", nil, "If-None-Match", header)
		require.Equal(t, 304, same.Status, header)
		require.Empty(t, same.Body)
		require.Equal(t, tag, same.Header.Get("ETag"))
	}
	a.publish("ZA", map[string]any{"rma_speed": "2BD", "note": "first"})
	h.Calendar.Set(storetest.Now.Add(time.Hour))
	a.publish("AR", map[string]any{"effective_from": "2026-12-01", "rma_speed": "5BD", "note": "second"})
	changed := anyone.send("GET", "/v1/countries", nil, "If-None-Match", tag)
	after := as[api.CountriesView](t, changed, 200)
	require.Equal(t, before.Version+2, after.Version)
	require.Equal(t, []string{"second", "first"}, []string{after.Changes[0].Note, after.Changes[1].Note},
		"newest first, whatever the country")
	speeds := func(v api.CountriesView) map[string]calendar.RMASpeed {
		out := map[string]calendar.RMASpeed{}
		for _, c := range v.Countries {
			out[c.Country] = c.RMASpeed
		}
		require.Len(t, out, len(rules.Countries()))
		return out
	}
	require.Equal(t, []calendar.RMASpeed{"2BD", "NBD"}, []calendar.RMASpeed{speeds(after)["ZA"], speeds(after)["AR"]},
		"announced, not yet in force")
	h.Calendar.Set(storetest.Now.AddDate(0, 0, 8))
	inForce := anyone.send("GET", "/v1/countries", nil, "If-None-Match", changed.Header.Get("ETag"))
	require.Equal(t, calendar.RMASpeed("5BD"), speeds(as[api.CountriesView](t, inForce, 200))["AR"],
		"the page changes with the day")
}

func TestR78e_DifferingTermsAreAcknowledgedByVersion(t *testing.T) {
	a := sqlite(t).abroad(t)
	a.publish("DE", map[string]any{"rma_speed": "3BD"})
	room := a.roomIn("DE")
	for _, acknowledged := range []int{0, 1, 3} {
		problem(t, a.assign(room, acknowledged), 409, cover.TermsAckRequired)
	}
	as[api.AssignedView](t, a.assign(room, 2), 201)
	kept := as[items[api.AssignmentView]](t, a.get("/v1/assignments?room_id="+room), 200).Items[0]
	require.Equal(t, []any{2, a.tokenID}, []any{kept.TermsVersion, kept.AcknowledgedBy})
	require.Equal(t, storetest.Now, kept.AcknowledgedAt.UTC())
	home := as[items[api.AssignmentView]](t, a.get("/v1/assignments?room_id="+a.room), 200).Items[0]
	require.Nil(t, home.AcknowledgedAt)
	require.Empty(t, home.AcknowledgedBy)

	// A move is an assignment too.
	there := a.roomIn("DE")
	move := map[string]any{"to_room_id": there, "licence_ids": []string{a.licence}}
	problem(t, a.post("/v1/rooms/"+a.room+"/move", move), 409, cover.TermsAckRequired)
	move["acknowledged_terms"] = 2
	as[api.AssignedView](t, a.post("/v1/rooms/"+a.room+"/move", move), 200)
}

func TestS31_ExistingAssignmentsKeepTheBetterOfOldAndNewTerms(t *testing.T) {
	h := sqlite(t)
	a := h.abroad(t)
	old := a.roomIn("DE")
	as[api.AssignedView](t, a.assign(old, 0), 201)
	h.Calendar.Set(storetest.Now.AddDate(0, 0, 2))
	a.publish("DE", map[string]any{"effective_from": "2026-11-25", "rma_speed": "5BD", "languages": []string{"de"}})
	later := a.roomIn("DE")
	as[api.AssignedView](t, a.assign(later, 2), 201)
	require.Equal(t, []calendar.RMASpeed{
		calendar.SpeedNBD, "5BD",
	}, []calendar.RMASpeed{a.coverage(old, "").RMASpeed, a.coverage(later, "").RMASpeed})
	require.ElementsMatch(t, []string{"pt-BR", "en", "de"}, a.coverage(old, "").Languages)
	require.Equal(t, []string{"de"}, a.coverage(later, "").Languages)

	h.Calendar.Set(storetest.Now.AddDate(0, 0, 4))
	a.publish("DE", map[string]any{"effective_from": "2026-11-27", "rma_speed": "2BD", "languages": []string{"de"}})
	require.Equal(t, []calendar.RMASpeed{calendar.SpeedNBD, "2BD"},
		[]calendar.RMASpeed{a.coverage(old, "").RMASpeed, a.coverage(later, "").RMASpeed}, "better ones count for both")

	h.Calendar.Set(storetest.Now.AddDate(0, 0, 6))
	a.publish("DE", map[string]any{
		"effective_from": "2026-11-29",
		"available":      false,
		"rma_speed":      "STANDARD",
		"languages":      []string{},
	})
	require.True(t, a.coverage(old, "&for=technical").Covered)
	require.True(t, a.coverage(later, "&for=technical").Covered)
	problem(t, a.assign(a.roomIn("DE"), 4), 422, rules.CountryNotSupported)
}
