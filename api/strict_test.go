package api_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestStructuralErrorsAreToldAtOnceWithThoseOfTheRules(t *testing.T) {
	h := sqlite(t)
	body := without(t, storetest.Form("PO-1"), "/reseller/email", "/distributor")
	body["lines"] = []any{map[string]any{"sku": "SELECT-1Y", "quantity": "ten", "colour": "red"}}
	body["priority"] = true
	p := problem(t, h.Seller.post("/v1/orders", body), 422, rules.ValidationFailed)
	require.ElementsMatch(t, []string{
		"/lines/0/quantity WRONG_TYPE", "/lines/0/colour UNKNOWN_FIELD", "/priority UNKNOWN_FIELD",
		"/reseller/email REQUIRED", "/distributor/company REQUIRED", "/distributor/email REQUIRED",
		"/distributor/address REQUIRED",
	}, codes(p.Errors))
}

func TestBodiesThatAreRefusedAsAWhole(t *testing.T) {
	h := sqlite(t)
	good, err := json.Marshal(storetest.Form("PO-1"))
	require.NoError(t, err)
	for _, c := range []struct {
		name, body, media string
		status            int
		code              string
	}{
		{"no JSON", "po_number=1", "application/json", 400, "MALFORMED_JSON"},
		{"empty", "", "application/json", 400, "MALFORMED_JSON"},
		{"cut", string(good[:50]), "application/json", 400, "MALFORMED_JSON"},
		{"twice", string(good) + string(good), "application/json", 400, "MALFORMED_JSON"},
		{"form", string(good), "application/x-www-form-urlencoded", 415, "UNSUPPORTED_MEDIA_TYPE"},
		{"text", string(good), "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE"},
		{"no type", string(good), "", 415, "UNSUPPORTED_MEDIA_TYPE"},
		{"latin 1", string(good), "application/json; charset=iso-8859-1", 415, "UNSUPPORTED_MEDIA_TYPE"},
		{"too large", `{"po_number":"` + strings.Repeat("x", 1<<20) + `"}`, "application/json", 413, "BODY_TOO_LARGE"},
		{"array", "[" + string(good) + "]", "application/json", 422, rules.ValidationFailed},
		{"null", "null", "application/json", 422, rules.ValidationFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			problem(t, h.Seller.send("POST", "/v1/orders", c.body, "Content-Type", c.media), c.status, c.code)
		})
	}
	problem(t, h.Seller.send("POST", "/v1/orders", good, "Content-Encoding", "gzip"), 415, "UNSUPPORTED_MEDIA_TYPE")
	require.Equal(t, 201,
		h.Seller.send("POST", "/v1/orders", good, "Content-Type", "Application/JSON; charset=UTF-8").Status)
	exact := append(good, bytes.Repeat([]byte(" "), 1<<20-len(good))...)
	require.Equal(t, 200, h.Seller.send("POST", "/v1/orders", exact).Status, "1 MiB to the byte is taken")
}

func TestTextsThatAreDamaged(t *testing.T) {
	h := sqlite(t)
	for _, c := range []struct{ name, text, code string }{
		{"invalid bytes", "Acme\xff", rules.InvalidUTF8},
		{"lone surrogate", `Acme\ud83d`, rules.InvalidUTF8},
		{"control", `Acme\u0000`, rules.ControlCharacters},
		{"line break", `Acme\r\nBcc: x`, rules.ControlCharacters},
		{"direction override", `Acme\u202e`, rules.ControlCharacters},
		{"too long", strings.Repeat("x", 201), rules.TooLong},
	} {
		t.Run(c.name, func(t *testing.T) {
			content, err := json.Marshal(storetest.Form("PO-1"))
			require.NoError(t, err)
			body := strings.Replace(string(content), "Acme Ltda", c.text, 1)
			p := problem(t, h.Seller.post("/v1/orders", body), 422, rules.ValidationFailed)
			require.Equal(t, []string{"/end_customer/company " + c.code}, codes(p.Errors))
		})
	}
	for quantity, code := range map[string]string{
		"0":                    rules.QuantityTooSmall,
		"-5":                   rules.QuantityTooSmall,
		"100001":               rules.QuantityTooLarge,
		"99999999999999999999": rules.OutOfRange,
		"1.5":                  "WRONG_TYPE",
		"1e3":                  "WRONG_TYPE",
		`"1"`:                  "WRONG_TYPE",
		"null":                 "WRONG_TYPE",
		"true":                 "WRONG_TYPE",
	} {
		content, err := json.Marshal(storetest.Form("PO-1"))
		require.NoError(t, err)
		body := strings.Replace(string(content), `"quantity":10`, `"quantity":`+quantity, 1)
		p := problem(t, h.Seller.post("/v1/orders", body), 422, rules.ValidationFailed)
		require.Equal(t, []string{"/lines/0/quantity " + code}, codes(p.Errors), quantity)
	}
}

const marker = "m4rk3r"

// marked gives every document that differs from the form by one leaf, which
// holds the marker: as it is, as a key, as a member of another type, and made
// too long or controlled.
func marked(v any, emit func(any)) any {
	variants := []any{
		marker, strings.Repeat(marker, 60), marker + "\n", map[string]any{marker + "@x.example": marker}, []any{marker},
	}
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			for _, variant := range variants {
				v[key] = variant
				emit(nil)
			}
			v[key] = inner
			marked(inner, emit)
		}
		v[marker+" @x.example"] = marker
		emit(nil)
		delete(v, marker+" @x.example")
	case []any:
		for i, inner := range v {
			v[i] = marker
			emit(nil)
			v[i] = inner
			marked(inner, emit)
		}
	}
	return v
}

func TestNoRefusalRepeatsAValue(t *testing.T) {
	h := sqlite(t)
	h.Seller.accepted(storetest.Form("PO-1"))
	body := without(t, storetest.Form("PO-1"))
	n := 0
	marked(body, func(any) {
		a := h.Seller.post("/v1/orders", body)
		if a.Status < 300 {
			return // a marker may be a good purchase order number
		}
		n++
		require.NotContains(t, string(a.Body), marker)
	})
	require.Greater(t, n, 100)
	for _, path := range []string{"/v1/orders?limit=" + marker, "/v1/orders?state=" +
		marker, "/v1/orders?" + "x@" + marker + "=1", "/v1/orders/" + marker, "/v1/" + marker,
		"/v1/orders/" + strings.Repeat(marker, 20), "/v1/imports/x/rows?outcome=" + marker + "&cursor=" + marker} {
		a := h.Seller.get(path)
		require.GreaterOrEqual(t, a.Status, 400, path)
		require.NotContains(t, string(a.Body), marker, path)
	}
	require.NotContains(t, string(h.Seller.send("GET", "/v1/orders", nil, "Authorization", "Bearer rct_"+marker).Body),
		marker)
	require.NotContains(t, h.Log.String(), marker, "neither does the log")
	require.NotContains(t, h.Log.String(), "acme")
}
