package api_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
)

// What is changed to what it is already stays at its version: the answer is 200 and says so, and
// the audit has nothing. A change that says something else makes the next version.
func TestAChangeThatChangesNothingMakesNoVersion(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	form := storetest.Form("PO-R")
	form.EndCustomer.Email = "ana@gmail.com"
	review := h.inReview("PO-R")

	for name, of := range map[string]struct {
		path   string
		fields []string       // of what is read; nil: all of them
		body   map[string]any // said besides
		other  map[string]any // then it is another change
		by     client         // who changes it; nobody: the lead
	}{
		"site": {
			path:   "/v1/sites/" + c.Site.ID,
			fields: []string{"name", "address", "time_zone", "contact_name", "contact_email"},
			body:   map[string]any{"reason": "r"},
			other:  map[string]any{"contact_name": "Rita"},
		},
		"room": {
			path: "/v1/rooms/" + c.Room.ID,
			fields: []string{
				"name", "site", "country", "region", "platform", "criticality", "time_zone",
			},
			body:  map[string]any{"reason": "r"},
			other: map[string]any{"criticality": "CRITICAL"},
		},
		"device": {
			path: "/v1/devices/" + c.Device.ID,
			fields: []string{
				"serial", "model", "purchased_on", "purchase_proof", "std_warranty_end",
			},
			body:  map[string]any{"reason": "r"},
			other: map[string]any{"model": "MEETUP"},
		},
		"program": {path: "/v1/program", other: map[string]any{"cancel_days": 31}},
		"calendar": {
			path:   "/v1/calendars/IN",
			fields: []string{"weekend", "hours"},
			body:   map[string]any{"reason": "r"},
			other:  map[string]any{"weekend": []string{"SAT"}},
		},
		"order": {
			path:   "/v1/orders/" + review.ID,
			by:     h.Seller,
			fields: []string{},
			body:   mapOf(t, form),
			other:  map[string]any{"purchased_on": "2026-11-19"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			by := of.by
			if by.house == nil {
				by = h.Lead
			}
			read := by.get(of.path)
			body := as[map[string]any](t, read, 200)
			if of.fields != nil {
				known := body
				body = map[string]any{}
				for _, f := range of.fields {
					if v, ok := known[f]; ok {
						body[f] = v
					}
				}
			}
			maps.Copy(body, of.body)

			tag := read.Header.Get("ETag")
			before := h.Count(t, "SELECT count(*) FROM audit_events")
			for range 2 {
				a := by.send("PUT", of.path, body, "If-Match", tag)
				require.Equal(t, 200, a.Status, string(a.Body))
				require.Equal(t, tag, a.Header.Get("ETag"))
				require.Equal(t, "true", a.Header.Get(api.UnchangedHeader))
			}
			require.Equal(t, before, h.Count(t, "SELECT count(*) FROM audit_events"))

			maps.Copy(body, of.other)
			a := by.send("PUT", of.path, body, "If-Match", tag)
			require.Equal(t, 200, a.Status, string(a.Body))
			require.NotEqual(t, tag, a.Header.Get("ETag"))
			require.Empty(t, a.Header.Get(api.UnchangedHeader))
		})
	}
}

// mapOf is a value as JSON says it.
func mapOf(t *testing.T, v any) (out map[string]any) {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &out))
	return out
}
