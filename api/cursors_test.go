package api_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// listed is a list of the API's description, and one of its cursors.
type listed struct{ operation, path, cursor string }

// lists are all lists of the description: what takes a cursor.
func lists(t *testing.T, h *house) (out []listed) {
	t.Helper()
	var described struct {
		Paths map[string]map[string]struct {
			OperationID string
			Parameters  []struct{ Name, In string }
			Responses   map[string]any
		}
	}
	require.NoError(t, json.Unmarshal(h.Lead.get("/v1/openapi.json").Body, &described))

	for path, methods := range described.Paths {
		for _, op := range methods {
			for _, p := range op.Parameters {
				if p.In != "query" || !strings.HasSuffix(p.Name, "cursor") {
					continue
				}
				require.Contains(t, op.Responses, "400", op.OperationID)
				path := strings.NewReplacer("{id}", "x", "{code}", "x").Replace(path)
				out = append(out, listed{op.OperationID, path, p.Name})
			}
		}
	}

	require.Greater(t, len(out), 25)
	return out
}

// nextOf reads the first page of a list and returns the cursor of the second.
func nextOf(t *testing.T, c client, path string) string {
	t.Helper()
	next := as[struct {
		NextCursor string `json:"next_cursor"`
	}](t, c.get(path), 200).NextCursor
	require.NotEmpty(t, next, path)
	return next
}

// TestC5_NoListTakesACursorThatItDidNotGive sends each list of the API what is no cursor
// of its own to this caller.
func TestC5_NoListTakesACursorThatItDidNotGive(t *testing.T) {
	h := sqlite(t)
	for i := range 3 {
		h.Seller.accepted(storetest.Form(storetest.PO(i)))
	}
	good := nextOf(t, h.Lead, "/v1/orders?limit=1")
	position, ok := strings.CutPrefix(string(decoded(t, good)[16:]), "ord_")
	require.True(t, ok)

	for _, l := range lists(t, h) {
		for name, cursor := range map[string]string{
			"no cursor":           "zzz",
			"a quotation mark":    "'",
			"another alphabet":    "%",
			"SQL":                 "1 OR 1",
			"an id":               "ord_" + position,
			"a number":            "1",
			"of no length":        base64.RawURLEncoding.EncodeToString(make([]byte, 16)),
			"forged":              base64.RawURLEncoding.EncodeToString([]byte("0123456789abcdeford_" + position)),
			"very long":           strings.Repeat("A", 4000),
			"of another list":     nextOf(t, h.Lead, "/v1/orgs?limit=1"),
			"of other filters":    nextOf(t, h.Lead, "/v1/orders?limit=1&state=ACCEPTED"),
			"of another caller":   nextOf(t, h.Seller, "/v1/orders?limit=1"),
			"damaged at the end":  good[:len(good)-1],
			"damaged at the head": otherThan(good[:1]) + good[1:],
		} {
			if l.operation == "list-orgs" && name == "of another list" {
				continue
			}
			path := l.path + "?" + url.Values{l.cursor: {cursor}}.Encode()
			p := problem(t, h.Lead.get(path), 400, api.CursorInvalid)
			require.Len(t, p.Errors, 1, "%s: %s", l.operation, name)
			require.Equal(t, "/query/"+l.cursor, p.Errors[0].Pointer, "%s: %s", l.operation, name)
			require.NotEmpty(t, p.Errors[0].Remedy)
			require.NotContains(t, p.Detail, cursor)
		}
	}
}

// otherThan returns another character of a cursor's alphabet.
func otherThan(character string) string {
	if character == "A" {
		return "B"
	}
	return "A"
}

func decoded(t *testing.T, cursor string) []byte {
	t.Helper()
	content, err := base64.RawURLEncoding.DecodeString(cursor)
	require.NoError(t, err)
	return content
}

// Every list that has two lines goes on with its cursor, and reads each line once.
func TestListsGoOnWithTheirCursors(t *testing.T) {
	h := sqlite(t)
	for i := range 3 {
		h.fulfil(h.Seller.accepted(storetest.FormFor(storetest.PO(i), storetest.Company(i), "ana@acme.example")).ID)
	}
	for _, path := range []string{
		"/v1/orders", "/v1/accounts", "/v1/orgs", "/v1/contracts", "/v1/contracts?sort=ending",
		"/v1/contracts?sort=oldest", "/v1/calendars", "/v1/tokens", "/v1/notifications", "/v1/processes", "/v1/operator/tasks",
	} {
		join := "?"
		if strings.Contains(path, "?") {
			join = "&"
		}
		seen := map[string]bool{}
		for cursor := ""; ; {
			page := as[struct {
				Items      []struct{ ID, Code string }
				NextCursor string `json:"next_cursor"`
			}](t, h.Lead.get(path+join+"limit=1&cursor="+cursor), 200)
			for _, item := range page.Items {
				require.False(t, seen[item.ID+item.Code], "%s: %v twice", path, item)
				seen[item.ID+item.Code] = true
			}
			if cursor = page.NextCursor; cursor == "" || len(seen) > 40 {
				break
			}
		}
		require.Greater(t, len(seen), 1, path)
	}
}

// A cursor moves between tokens of one reach, and not to another seller.
func TestC5_ACursorBelongsToWhatItsCallerMaySee(t *testing.T) {
	h := sqlite(t)
	for i := range 2 {
		h.Seller.accepted(storetest.Form(storetest.PO(i)))
	}
	cursor := "/v1/orders?limit=1&cursor=" + nextOf(t, h.Seller, "/v1/orders?limit=1")
	require.Equal(t, 200, h.client(h.Reseller.ID, rules.Reseller).get(cursor).Status)
	other := h.client(h.Env.Reseller(t, "Revenda Oeste").ID, rules.Reseller)
	problem(t, other.get(cursor), 400, api.CursorInvalid)
	problem(t, h.Lead.get(cursor), 400, api.CursorInvalid)
}

// TestAReaderOfEventsGoesOnBehindTheIDThatItKept is a promise to those outside.
func TestAReaderOfEventsGoesOnBehindTheIDThatItKept(t *testing.T) {
	h := sqlite(t)
	require.Equal(t, 200, h.Lead.get("/v1/events?cursor=evt_01k0000000000000000000000x").Status)
	problem(t, h.Lead.get("/v1/events?cursor=ord_01k0000000000000000000000x"), 400, api.CursorInvalid)
	problem(t, h.Lead.get("/v1/events?cursor=evt_%27"), 400, api.CursorInvalid)
}
