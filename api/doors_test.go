package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/rules/rma"
)

// A device is not bought tomorrow: each door says so by the field.
func TestS62_APurchaseDateAheadIsRefusedAtEveryDoor(t *testing.T) {
	h := sqlite(t)
	a := h.twin(t, 1)
	device := func(on string) map[string]any {
		return map[string]any{
			"room_id":      a.room,
			"serial":       a.serial,
			"model":        "MEETUP",
			"purchased_on": on,
			"reason":       "typed wrong",
		}
	}
	fresh := device("2062-11-01")
	fresh["serial"] = "FRESH-1"
	tag := a.get("/v1/devices/" + a.device).Header.Get("ETag")

	for door, got := range map[string]answer{
		"a new device":     a.post("/v1/devices", fresh),
		"a changed device": a.send("PUT", "/v1/devices/"+a.device, withoutKey(device("2062-11-01"), "room_id"), "If-Match", tag),
		"a warranty claim": a.post("/v1/warranties/claims", map[string]any{
			"serial": "OLD-1", "po_number": "77", "purchased_on": "2062-11-01",
		}),
	} {
		p := problem(t, got, 422, rules.ValidationFailed)
		require.Equal(t, []string{"/purchased_on IN_THE_FUTURE"}, codes(p.Errors), door)
		require.NotEmpty(t, p.Errors[0].Remedy, door)
	}

	today := device(h.Calendar.Now().Format("2006-01-02"))
	require.Equal(t, 200, a.send("PUT", "/v1/devices/"+a.device, withoutKey(today, "room_id"), "If-Match", tag).Status)
}

func withoutKey(m map[string]any, key string) map[string]any {
	delete(m, key)
	return m
}

// What is told of a replacement has to be possible, and the list of commands says what is.
func TestS62_TellSaysWhatMayBeToldAndRefusesTheRest(t *testing.T) {
	h := sqlite(t)
	a := h.admin(t)
	agent := h.client("org_operator", rules.OperatorAgent)
	r := as[api.RMADetail](t, a.post("/v1/rmas", map[string]any{"serial": "SN-100", "fault": "No picture"}), 201)
	require.Empty(t, r.Facts, "for agents")

	r = as[api.RMADetail](t, agent.get("/v1/rmas/"+r.ID), 200)
	require.NotContains(t, r.Commands, rma.RMATell)
	require.Empty(t, r.Facts)
	problem(t, agent.post("/v1/rmas/"+r.ID+"/tell", map[string]any{"fact": "DELIVERED"}), 409, rules.StateConflict)

	for _, c := range []struct {
		command string
		body    map[string]any
	}{
		{"approve", map[string]any{"defect_confirmed": true}},
		{"allocate", map[string]any{}},
		{"ship", map[string]any{"serial": "NEW-100"}},
	} {
		r = as[api.RMADetail](t, agent.post("/v1/rmas/"+r.ID+"/"+c.command, c.body), 200)
	}
	require.Contains(t, r.Commands, rma.RMATell)
	require.Contains(t, r.Facts, rma.FactDelivered)

	for at, code := range map[string]string{
		"2020-11-23T12:00:00Z": "/at TOO_EARLY",
		"2062-11-23T12:00:00Z": "/at IN_THE_FUTURE",
	} {
		p := problem(t, agent.post("/v1/rmas/"+r.ID+"/tell", map[string]any{"fact": "DELIVERED", "at": at}), 422,
			rules.ValidationFailed)
		require.Equal(t, []string{code}, codes(p.Errors))
	}
	r = as[api.RMADetail](t, agent.post("/v1/rmas/"+r.ID+"/tell", map[string]any{"fact": "DELIVERED"}), 200)
	require.EqualValues(t, "AWAITING_RETURN", r.State)
}

// A character that nobody sees is refused by its name, at each door that takes a name.
func TestS63_UnseenCharactersAreRefusedByNameAtEveryDoor(t *testing.T) {
	h := sqlite(t)
	a := h.twin(t, 1)
	room := func(name, site string) map[string]any {
		return map[string]any{"name": name, "site": site, "country": "BR", "platform": "OTHER"}
	}
	order := func(change func(*ordering.OrderForm)) answer {
		form := storetest.Form("PO-9")
		change(&form)
		return h.Seller.order(form)
	}

	for _, c := range []struct {
		door, pointer string
		got           answer
	}{
		{"a room", "/name", a.post("/v1/rooms", room("Sala\u200b1", ""))},
		{"a room's site", "/site", a.post("/v1/rooms", room("Sala 9", "HQ\u202e"))},
		{"a device", "/serial", a.post("/v1/devices", map[string]any{"serial": "NEW\u200b1", "model": "TAP"})},
		{"a claim", "/serial", a.post("/v1/warranties/claims", map[string]any{"serial": "OL\u200bD1", "po_number": "1"})},
		{"an order's contact", "/end_customer/contact_name", order(func(f *ordering.OrderForm) {
			f.EndCustomer.ContactName = "Ana\u200b Souza"
		})},
		{"an order's company", "/end_customer/company", order(func(f *ordering.OrderForm) {
			f.EndCustomer.Company = "Acme\u200e Ltda"
		})},
		{"an order's number", "/po_number", order(func(f *ordering.OrderForm) { f.PONumber = "PO\u2060-1" })},
	} {
		p := problem(t, c.got, 422, rules.ValidationFailed)
		require.Equal(t, c.pointer, p.Errors[0].Pointer, c.door)
		require.Contains(t, p.Errors[0].Message, "U+20", c.door)
	}
	require.Equal(t, 201, a.post("/v1/rooms", room("اتاق می\u200cخواهم", "")).Status, "a joiner where Persian needs it")
}

// A header of millions of columns is refused for what it is, in a few bytes, and kept.
func TestAHeaderOfMillionsOfColumnsIsRefusedShortly(t *testing.T) {
	h := sqlite(t)
	for name, header := range map[string]string{
		"a few too many": strings.Repeat("column,", 300),
		"millions":       strings.Repeat("c,", 1_000_000),
	} {
		got := h.Seller.send("POST", "/v1/orders/import", header+"\nA\n", "Content-Type", "text/csv")
		problem(t, got, 422, "FILE_UNREADABLE")
		require.Less(t, len(got.Body), 64<<10, name)
	}
	kept := as[items[api.RefusalView]](t, h.Seller.get("/v1/refusals"), 200).Items
	require.Len(t, kept, 2)
	require.Len(t, kept[0].Errors, 1)
}

// RFC 9110, 13.1.1: any version, several versions, and one that a proxy made weak.
func TestIfMatchIsReadAsTheStandardSays(t *testing.T) {
	h := sqlite(t)
	a := h.twin(t, 1)
	put := func(name, match string) answer {
		body := map[string]any{"name": name, "country": "BR", "platform": "OTHER"}
		return a.send("PUT", "/v1/rooms/"+a.room, body, "If-Match", match)
	}
	for i, match := range []string{`*`, `"2"`, `"7", "3"`, `W/"4"`, ` "9" , W/"5"`} {
		require.Equal(t, 200, put("Sala "+string(rune('A'+i)), match).Status, match)
	}
	for _, match := range []string{`"1"`, `"1", "2"`, `W/"1"`, `6`, `"6`, `"*"`} {
		problem(t, put("Sala Z", match), 412, "VERSION_MISMATCH")
	}
}
