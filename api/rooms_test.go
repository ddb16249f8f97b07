package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
)

// customer is a client with a token of one account.
func (h *house) customer(accountID string, role rules.Role, scopes ...string) client {
	h.t.Helper()
	if scopes == nil {
		scopes = api.ScopesFor(role)
	}
	acc, err := h.GetAccount(h.Context, accountID)
	require.NoError(h.t, err)
	t, secret, err := h.CreateToken(h.Context, identity.NewToken{
		OrgID:     acc.ParentOrgID,
		Role:      role,
		AccountID: accountID,
		Label:     "test",
		Scopes:    scopes,
		ExpiresAt: time.Now().Add(time.Hour),
	})
	require.NoError(h.t, err)
	return client{h, secret, t.ID}
}

// roomWorld is what the examples of rooms, devices and cover are about.
func (h *house) roomWorld(t *testing.T, done func() orderRef) map[string]func() (client, string) {
	n := 0
	type facts struct {
		room, there entitlement.Room
		device      entitlement.Device
		assignment  entitlement.LicenceAssignment
	}
	world := func() facts {
		n++
		o, err := h.GetOrder(h.Context, done().ID)
		require.NoError(t, err)
		f := facts{
			room:  h.Room(t, *o.AccountID, fmt.Sprintf("Sala %d", n)),
			there: h.Room(t, *o.AccountID, fmt.Sprintf("Lounge %d", n)),
		}
		f.device = h.Device(t, f.room, fmt.Sprintf("2147LZ%04d", n), "RALLY-BAR", "2026-10-01")
		licences := h.Licences(t, o)
		f.assignment = h.Assigned(t, licences[0], f.room)
		h.Stands = map[string]string{
			"acc_01kbaccount":   *o.AccountID,
			"rom_01kbroomhere":  f.room.ID,
			"rom_01kbroomthere": f.there.ID,
			"lic_01kblicence":   licences[0].ID,
			"dev_01kbdevice":    f.device.ID,
		}
		return f
	}
	at := func(path string, id func(f facts) string) func() (client, string) {
		return func() (client, string) { return h.Lead, strings.Replace(path, "{id}", id(world()), 1) }
	}
	none := func(facts) string { return "" }
	room := func(f facts) string { return f.room.ID }
	device := func(f facts) string { return f.device.ID }
	return map[string]func() (client, string){
		"list-rooms":   at("/v1/rooms?q=sala&limit=1", none),
		"get-room":     at("/v1/rooms/{id}", room),
		"create-room":  at("/v1/rooms", none),
		"put-room":     at("/v1/rooms/{id}", room),
		"archive-room": at("/v1/rooms/{id}/archive", room),
		"restore-room": at("/v1/rooms/{id}/restore", func(f facts) string {
			_, err := h.ArchiveRoom(h.Context, f.there.ID, "")
			require.NoError(t, err)
			return f.there.ID
		}),
		"move":       at("/v1/rooms/{id}/move", room),
		"add-bundle": at("/v1/rooms/{id}/bundles", room),
		"assign-many": func() (client, string) {
			n++
			o, err := h.GetOrder(h.Context, done().ID)
			require.NoError(t, err)
			h.Stands = map[string]string{
				"acc_01kbaccount":   *o.AccountID,
				"rom_01kbroomhere":  h.Room(t, *o.AccountID, fmt.Sprintf("Sala %d", n)).ID,
				"rom_01kbroomthere": h.Room(t, *o.AccountID, fmt.Sprintf("Lounge %d", n)).ID,
			}
			return h.Lead, "/v1/contracts/" + h.Licences(t, o)[0].ContractID + "/assignments"
		},
		"import-rooms": func() (client, string) {
			world()
			return h.Lead, "/v1/rooms/import?reason=onboarding&account_id=" + h.Stands["acc_01kbaccount"]
		},
		"list-devices":     at("/v1/devices?limit=1", none),
		"get-device":       at("/v1/devices/{id}", device),
		"register-device":  at("/v1/devices", none),
		"put-device":       at("/v1/devices/{id}", device),
		"place-device":     at("/v1/devices/{id}/placement", device),
		"end-device-use":   at("/v1/devices/{id}/end", device),
		"list-assignments": at("/v1/assignments?open=true&limit=1", none),
		"release":          at("/v1/assignments/{id}/release", func(f facts) string { return f.assignment.ID }),
		"assign": at("/v1/assignments", func(f facts) string {
			_, err := h.Release(h.Context, f.assignment.ID, "")
			require.NoError(t, err)
			return ""
		}),
		"get-coverage":       at("/v1/coverage?for=hardware&serial={id}", func(f facts) string { return *f.device.Serial }),
		"list-coverage":      at("/v1/coverage", none),
		"list-countries":     func() (client, string) { return client{house: h}, "/v1/countries" },
		"publish-terms":      at("/v1/countries/DE/terms", none),
		"list-sla-policies":  at("/v1/sla-policies", none),
		"publish-sla-policy": at("/v1/sla-policies", none),
		"list-calendars":     at("/v1/calendars?country=AU&limit=1", none),
		"list-holiday-gaps":  at("/v1/calendars/without-holidays", none),
		"get-calendar":       at("/v1/calendars/BR-SP", none),
		"add-calendar":       at("/v1/calendars", none),
		"put-calendar":       at("/v1/calendars/PT", none),
		"add-holiday":        at("/v1/calendars/IN/holidays", none),
		"remove-holiday":     at("/v1/calendars/BR/holidays/2027-11-20/removal", none),
		"list-models":        at("/v1/models", none),
		"put-model":          at("/v1/models/RALLY-BOARD-65", none),
	}
}

// twins are two accounts with the same data, each with a customer's token.
type twin struct {
	client
	account, room, device, licence, assignment, serial, contract string
}

func (h *house) twin(t *testing.T, n int) twin {
	o := h.Env.Fulfilled(t, h.Env.Reseller(t, fmt.Sprintf("Revenda %d", n)),
		storetest.FormFor("PO-7", storetest.Company(n), fmt.Sprintf("p%d@acme.example", n)))
	room := h.Room(t, *o.AccountID, "Sala 1")
	d := h.Device(t, room, fmt.Sprintf("TWIN-%d", n), "MEETUP", "2026-10-01")
	l := h.Licences(t, o)[0]
	a := h.Assigned(t, l, room)
	return twin{
		h.customer(*o.AccountID, rules.CustomerAdmin), *o.AccountID, room.ID, d.ID, l.ID, a.ID, *d.Serial, l.ContractID,
	}
}

func TestC5_R109_ForeignRoomsAnswerLikeRandomOnes(t *testing.T) {
	h := open(t, storetest.Postgres(t))
	a, b := h.twin(t, 1), h.twin(t, 2)
	asked := 0
	for _, pair := range [][2]twin{{a, b}, {b, a}} {
		own, foreign := pair[0], pair[1]
		for _, role := range []client{own.client, h.customer(own.account, rules.CustomerReadOnly)} {
			for _, r := range []struct{ method, path, id, body string }{
				{
					"GET", "/v1/rooms/%s", foreign.room, "",
				},
				{"PUT", "/v1/rooms/%s", foreign.room, `{"name":"x","country":"BR","platform":"OTHER"}`},
				{
					"POST", "/v1/rooms/%s/archive", foreign.room, `{}`,
				},
				{"POST", "/v1/rooms/%s/bundles", foreign.room, `{"model":"ROOM-ZOOM-PC"}`},
				{"POST", "/v1/rooms/%s/move", foreign.room, `{"to_room_id":"` + own.room + `","licence_ids":["` +
					own.licence + `"]}`},
				{"POST", "/v1/rooms/" + own.room +
					"/move", foreign.room, `{"to_room_id":"%s","licence_ids":["` + own.licence + `"]}`},
				{"POST", "/v1/rooms/" + own.room +
					"/move", foreign.device, `{"to_room_id":"rom_x","device_ids":["%s"]}`},
				{
					"POST", "/v1/rooms", foreign.account,
					`{"account_id":"%s","name":"x","country":"BR","platform":"OTHER"}`,
				},
				{"GET", "/v1/devices/%s", foreign.device, ""},
				{"PUT", "/v1/devices/%s", foreign.device, `{"model":"TAP","serial":"TWIN9"}`},
				{"POST", "/v1/devices/%s/placement", foreign.device, `{}`},
				{"POST", "/v1/devices", foreign.room, `{"room_id":"%s","serial":"TWIN9","model":"TAP"}`},
				{"POST", "/v1/assignments", foreign.licence, `{"licence_id":"%s","room_id":"` + own.room + `"}`},
				{"POST", "/v1/assignments/%s/release", foreign.assignment, `{}`},
				{"POST", "/v1/contracts/%s/assignments", foreign.contract, `{"room_ids":["` + own.room + `"]}`},
				{"POST", "/v1/contracts/" + own.contract + "/assignments", foreign.room, `{"room_ids":["%s"]}`},
				{"GET", "/v1/coverage?room=%s", foreign.room, ""},
				{"GET", "/v1/coverage?serial=%s", foreign.serial, ""},
				{"GET", "/v1/rooms?account_id=%s", foreign.account, ""},
				{"GET", "/v1/devices?room_id=%s", foreign.room, ""},
				{"GET", "/v1/assignments?licence_id=%s", foreign.licence, ""},
			} {
				ask := func(id string) answer {
					put := func(text string) string { return strings.Replace(text, "%s", id, 1) }
					return role.send(r.method, put(r.path), put(r.body), "X-Request-Id", "same-for-both", "If-Match",
						`"1"`)
				}
				there := ask(r.id)
				none := ask(r.id[:4] + "01kbrandomrandomrandomrandom"[:26])
				require.Equal(t, none.Status, there.Status, "%s %s", r.method, r.path)
				require.Equal(t, string(none.Body), string(there.Body), "%s %s", r.method, r.path)
				if there.Status == 200 {
					require.Contains(t, string(there.Body), `"items":[]`)
				} else if r.method != "POST" || !strings.Contains(r.path, own.contract) {
					// a room among many is told by its pointer
					require.Contains(t, []int{403, 404}, there.Status, "%s %s: %s", r.method, r.path, there.Body)
				}
				asked++
			}
		}
		for _, path := range []string{"/v1/rooms", "/v1/devices", "/v1/assignments"} {
			require.Len(t, as[items[ref]](t, own.get(path), 200).Items, 1, path)
		}
	}
	require.Equal(t, 84, asked)
}

func TestR27c_SerialsOverTheAPI(t *testing.T) {
	h := sqlite(t)
	a, b := h.twin(t, 1), h.twin(t, 2)
	p := problem(t, a.post("/v1/devices", map[string]any{"serial": "twin 1", "model": "MEETUP"}), 409,
		licensing.SerialRegistered)
	require.Equal(t, "/v1/rooms/"+a.room, p.Existing)
	refused := a.post("/v1/devices", map[string]any{"serial": "TWIN-2", "model": "MEETUP", "room_id": a.room})
	p = problem(t, refused, 409, licensing.SerialClaimed)
	require.Empty(t, p.Existing)
	for _, secret := range []string{b.account, b.room, b.device} {
		require.NotContains(t, string(refused.Body), secret)
	}
	task := as[items[ref]](t, h.Lead.get("/v1/operator/tasks?kind=SERIAL_CLAIMED&state=OPEN"), 200).Items[0]
	problem(t, h.Lead.post("/v1/operator/tasks/"+task.ID+"/move", map[string]any{}), 422, rules.ReasonRequired)
	done := h.Lead.post("/v1/operator/tasks/"+task.ID+"/move", map[string]any{"reason": "sold"})
	require.Equal(t, "DONE", as[struct{ State string }](t, done, 200).State)
	require.Len(t, as[items[ref]](t, a.get("/v1/devices?room_id="+a.room), 200).Items, 2)
	problem(t, b.get("/v1/coverage?serial=no-such"), 404, rules.NotFound)
}

func TestR78_CountriesOverTheAPI(t *testing.T) {
	h := sqlite(t)
	a := h.twin(t, 1)
	page := func() (v api.CountriesView) {
		return as[api.CountriesView](t, client{house: h}.get("/v1/countries"), 200)
	}
	before := page()
	require.Len(t, before.Countries, len(catalogue.DefaultCountryTerms()))
	require.Empty(t, before.Changes)
	terms := map[string]any{
		"effective_from": "2026-11-23",
		"available":      true,
		"rma_speed":      "3BD",
		"languages":      []string{"en"},
		"note":           "slower",
	}
	as[api.TermsView](t, h.Lead.post("/v1/countries/DE/terms", terms), 201)
	after := page() // R78d
	require.Equal(t, before.Version+1, after.Version)
	require.Equal(t, "slower", after.Changes[0].Note)
	room := as[api.RoomView](t,
		a.post("/v1/rooms", map[string]any{"name": "Berlin", "country": "DE", "platform": "ZOOM_APPLIANCE"}), 201)
	move := map[string]any{"to_room_id": room.ID, "licence_ids": []string{a.licence}}
	problem(t, a.post("/v1/rooms/"+a.room+"/move", move), 409, cover.TermsAckRequired) // R78e
	move["acknowledged_terms"] = 2
	moved := as[api.AssignedView](t, a.post("/v1/rooms/"+a.room+"/move", move), 200)
	require.Equal(t, 2, moved.Assignments[0].TermsVersion)
	terms["available"] = false
	as[api.TermsView](t, h.Lead.post("/v1/countries/FR/terms", terms), 201)
	room = as[api.RoomView](t,
		a.post("/v1/rooms", map[string]any{"name": "Paris", "country": "FR", "platform": "OTHER"}), 201)
	move["to_room_id"] = room.ID
	// R78b
	problem(t, a.post("/v1/rooms/"+as[items[api.AssignmentView]](t, a.get("/v1/assignments?open=true"),
		200).Items[0].RoomID+"/move", move), 422, rules.CountryNotSupported)
}

func TestR34_CoverageOverTheAPI(t *testing.T) {
	h := sqlite(t)
	a := h.twin(t, 1)
	got := as[api.CoveredView](t, a.get("/v1/coverage?serial=twin-1&for=hardware"), 200)
	require.True(t, got.Answer.Covered)
	require.Equal(t, []cover.Feature{cover.SyncPremium}, got.Answer.Features)
	require.NotEmpty(t, got.Answer.Reasons)
	list := as[items[api.CoveredView]](t, a.post("/v1/coverage", map[string]any{
		"subjects": []any{map[string]any{"room": a.room}, map[string]any{"serial": "none"}},
		"at":       "2020-01-01T00:00:00Z",
	}), 200)
	require.Equal(t, rules.NotCovered, list.Items[0].Answer.Code)
	require.False(t, list.Items[1].Found)
	for _, query := range []string{"", "?room=a&serial=b", "?room=a&at=yesterday", "?room=a&for=fun"} {
		require.Equal(t, 422, a.get("/v1/coverage"+query).Status, query)
	}
	p := problem(t, a.post("/v1/coverage", map[string]any{"subjects": []any{map[string]any{}}, "for": "fun"}), 422,
		rules.ValidationFailed)
	require.Equal(t, []string{"/subjects/0 REQUIRED", "/for UNKNOWN_PURPOSE"}, codes(p.Errors))
}

func TestTokensOfCustomersActForOneAccount(t *testing.T) {
	h := sqlite(t)
	a, b := h.twin(t, 1), h.twin(t, 2)
	acc, err := h.GetAccount(h.Context, a.account)
	require.NoError(t, err)
	body := map[string]any{
		"org_id":     acc.ParentOrgID,
		"role":       "CUSTOMER_READ_ONLY",
		"account_id": a.account,
		"label":      "rooms",
	}
	token := as[struct{ Secret, AccountID string }](t, h.Lead.post("/v1/tokens", body), 201)
	require.Len(t, as[items[ref]](t, client{h, token.Secret, ""}.get("/v1/rooms"), 200).Items, 1)
	problem(t, client{h, token.Secret, ""}.get("/v1/orders"), 403, rules.Forbidden)
	for accountID, status := range map[string]int{b.account: 422, "": 422, "acc_none": 404} {
		body["account_id"] = accountID
		require.Equal(t, status, h.Lead.post("/v1/tokens", body).Status, accountID)
	}
	problem(t, h.Lead.post("/v1/tokens", map[string]any{
		"org_id":     h.Reseller.ID,
		"role":       "RESELLER",
		"account_id": a.account,
		"label":      "x",
	}), 422, rules.ValidationFailed)
	stale := a.send("PUT",
		"/v1/rooms/"+a.room, map[string]any{"name": "x", "country": "BR", "platform": "OTHER"}, "If-Match", `"7"`)
	problem(t, stale, 412, "VERSION_MISMATCH")
	changed := a.send("PUT",
		"/v1/rooms/"+a.room, map[string]any{"name": "x", "country": "BR", "platform": "OTHER"}, "If-Match", `"1"`)
	require.Equal(t, `"2"`, changed.Header.Get("ETag"))
}
