package portal

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
)

// Every form of who is signed in stands on a page to which its sender comes back, by the id
// or the number that its address has.
func TestComingBack_EveryFormHasAPage(t *testing.T) {
	for _, name := range []string{"rma_1", "RMA-7F3K2", "SPARE-9Q2XM", "TK-7F3K2"} {
		for _, r := range routes() {
			if r.method != post || r.access == anyone || r.path == "/invitation/accept" {
				// An invitation ends with the session; the link in the mail leads back.
				continue
			}

			address := strings.ReplaceAll(r.path, ":id", name)
			page := pageOf(address)
			require.NotEmpty(t, page, address)
			require.True(t, strings.HasPrefix(address, page), address)
			if _, own, _ := strings.Cut(r.path, ":id"); strings.HasPrefix(r.path, replacementsPath) && own != "" {
				require.Contains(t, page, name, "the page of that replacement, and not the list")
			}
		}
	}
	for _, bad := range []string{"RMA-7F3K", "RMA-7F3K22", "RMA-7F3K2#x", "RMA 7F3K2", "SO-7F3K2", "rma_", "x"} {
		require.False(t, pagePath("/replacements/"+bad), bad)
	}
}

// A session that ends while a form is filled in costs nothing: after signing in, the form
// is there again with what was typed. Nothing is sent by itself, and a form that nobody
// types into is not said to be back.
func TestComingBack_WhatWasTypedIsThereAgain(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	w.member(inv.AccountID, "dora@acme.example", identity.RoleReadOnly)
	forms := w.adminForms(inv.AccountID)
	forms["/sites/new"] = append([]string{"/sites/new"}, funchal...)
	forms["/sites/:id"] = append(append(forms["/sites/:id"][:1:1], funchal...), "version", "1")
	forms["/replacements/request"] = append([]string{
		"/replacements/request", "serial", "SN-1", "other", "SN-9", "fault", "No picture & no sound",
		"once", "once_8", "q", "SN", "site", toOther,
	}, funchal...)
	forms["/replacements/request/accessory"] = append(forms["/replacements/request/accessory"],
		append([]string{"site", toOther}, funchal...)...)
	forms["/replacements/:id/appeal"] = append(forms["/replacements/:id/appeal"][:1:1],
		"reason", "It does not work\r\nhere")
	forms["/service-orders/claim"] = append(forms["/service-orders/claim"],
		"sku", "EW-1", "purchased_on", "2025-02-03")
	forms["/tokens"] = []string{
		"/tokens", "label", "Booking", "role", "CUSTOMER_ADMIN", "once", "once_9", "password", "hunter22",
	}
	forms["/devices/new"] = append(forms["/devices/new"][:1:1], "to", w.Room(t, inv.AccountID, "Sala Ipê").ID,
		"once", "once_4")
	forms["/rooms/new"] = []string{
		"/rooms/new", "room", "Sala Angico", "site", "Paulista", "country", "BR", "region", "SP", "platform", "OTHER",
		"criticality", "HIGH", "street", "Av. Paulista, 1000", "city", "São Paulo", "once", "once_5",
	}
	// the buttons are not pressed for anybody
	forms[newTicketPath] = forms[newTicketPath][:len(forms[newTicketPath])-2]
	forms["/tickets/:id/reply"] = append(forms["/tickets/:id/reply"][:1:1],
		"text", "Still dark\r\nand quiet", "once", "once_6")
	forms["/account"] = []string{"/account", "account", inv.AccountID}
	forms["/sessions/end"] = []string{"/sessions/end", "session", "x"}
	forms["/sessions/end-others"] = []string{"/sessions/end-others"}

	for _, r := range routes() {
		if r.method != post || r.access == anyone || r.path == "/invitation/accept" ||
			withoutAPage[r.path] != "" {
			continue
		}

		t.Run(r.path, func(t *testing.T) {
			require.NotEmpty(t, forms[r.path], "no form is known for %s", r.path)
			path, form := forms[r.path][0], forms[r.path][1:]
			require.NoError(t, w.Exec("DELETE FROM sessions"))
			require.NoError(t, w.Exec("DELETE FROM throttles"))
			before := w.Count(t, "SELECT count(*) FROM audit_events")

			out := ana.post(path, form...)
			require.Equal(t, "/sign-in", out.path)
			require.Contains(t, out.body, "nothing was sent")
			require.Equal(t, takenBack[r.path], strings.Contains(out.body, "with what you typed"))
			for _, data := range w.Strings(t, "SELECT data FROM sessions") {
				require.NotContains(t, data, "hunter22")
			}

			back := ana.post("/sign-in", "email", anaMail, "password", goodPassword)
			require.Equal(t, pageOf(path), back.path)
			require.Equal(t, before+1, w.Count(t, "SELECT count(*) FROM audit_events"), "the sign-in alone")
			require.NotContains(t, ana.get(back.path).body, `class="toast"`, "once")
			if !takenBack[r.path] {
				require.Contains(t, back.body, "Nothing was sent: your session had ended.")
				return
			}

			require.Contains(t, back.body, "Nothing has been sent yet. What you typed is still here")
			if r.path == ownSignInPath { // its forms have one address
				require.Contains(t, back.body, `value="acme.example"`)
				return
			}
			shown := formOn(t, back.body, path)
			for i := 0; i < len(form); i += 2 {
				if name := form[i]; name != "password" && name != fieldConfirms && name != "licence" {
					require.Equal(t, []string{strings.ReplaceAll(form[i+1], "\r", "")}, shown[name], name)
				}
			}
		})
	}
}

// withoutAPage are forms to whose page this person has no way: they have set nothing up. Their
// stories are told in secondfactor_test.go and ownsignin_test.go.
var withoutAPage = map[string]string{
	provePath:                      "nothing asked for a fresh proof",
	codesPath:                      "they have no second factor",
	factorPath + "/:id/remove":     "the same",
	ownSignInPath + "/:id/enforce": "there is no connection",
}

// formOn is what the form with that address would send, as a page shows it. The query of its
// address does not count.
func formOn(t *testing.T, body, action string) url.Values {
	t.Helper()
	page, err := html.Parse(strings.NewReader(body))
	require.NoError(t, err)

	attribute := func(n *html.Node, name string) (string, bool) {
		for _, a := range n.Attr {
			if a.Key == name {
				return a.Val, true
			}
		}
		return "", false
	}

	var forms []url.Values
	for n := range page.Descendants() {
		to, _ := attribute(n, "action")
		method, _ := attribute(n, "method")
		to, _, _ = strings.Cut(to, "?")
		if n.Data != "form" || method != "post" || to != action {
			continue
		}

		sent := url.Values{}
		for field := range n.Descendants() {
			name, named := attribute(field, "name")
			value, _ := attribute(field, "value")
			kind, _ := attribute(field, "type")
			_, checked := attribute(field, "checked")

			switch {
			case named && field.Data == "input" && (kind != "radio" && kind != "checkbox" || checked):
				sent.Add(name, value)
			case named && field.Data == "textarea" && field.FirstChild != nil:
				sent.Add(name, field.FirstChild.Data)
			case field.Data == "option":
				if _, selected := attribute(field, "selected"); selected {
					for p := field.Parent; p != nil; p = p.Parent {
						if of, ok := attribute(p, "name"); ok && p.Data == "select" {
							sent.Add(of, value)
							break
						}
					}
				}
			}
		}
		forms = append(forms, sent)
	}
	require.Len(t, forms, 1, "forms to %s", action)
	return forms[0]
}

// A page that does not show the form any more does not say that what was typed is back.
func TestComingBack_ToAPageThatHasChanged(t *testing.T) {
	w := newWorld(t)
	c, eva, _ := w.covered()
	r := w.rejected(c)
	require.NoError(t, w.Exec("DELETE FROM sessions"))
	eva.post("/replacements/"+r.Number+"/appeal", "reason", "It does not work here")
	_, err := w.AppealRMA(storetest.Customer(c.Account), r.ID, "It still has no picture")
	require.NoError(t, err)

	back := eva.post("/sign-in", "email", "eva@acme.example", "password", goodPassword)
	require.Equal(t, "/replacements/"+r.Number, back.path)
	require.NotContains(t, back.body, "is back")
	require.Contains(t, back.body, "Nothing was sent: your session had ended.")
	require.NotContains(t, eva.get("/").body, `class="toast"`)
}

// The room for whose site an address is added is known after signing in.
func TestComingBack_ToTheRoomOfASite(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	page := "/sites/new?room=" + w.Room(t, inv.AccountID, "Sala Ipê").ID
	for _, act := range []func() reply{
		func() reply { return ana.get(page) },
		func() reply { return ana.post(page, funchal...) },
	} {
		require.NoError(t, w.Exec("DELETE FROM sessions"))
		require.Contains(t, act().body, `value="`+page+`"`)
		back := ana.post("/sign-in", "email", anaMail, "password", goodPassword, "next", page)
		require.Contains(t, back.body, `action="`+page+`"`)
		require.Equal(t, "HQ", formOn(t, back.body, "/sites/new").Get("name"))
	}
}

// What one person typed is not shown to another one at the same screen, and not to anybody
// after the person signed out.
func TestComingBack_IsForThePersonWhoTyped(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	w.member(inv.AccountID, "bruno@acme.example", identity.RoleAdmin)
	form := []string{"name", "Rui Lima", "email", "rui@acme.example", "role", "ADMIN"}

	require.NoError(t, w.Exec("DELETE FROM sessions"))
	ana.post("/colleagues", form...)
	bruno := ana.post("/sign-in", "email", "bruno@acme.example", "password", goodPassword)
	require.NotContains(t, bruno.body, "Rui Lima")
	require.NotContains(t, ana.get("/colleagues").body, "Rui Lima")

	ana.post("/sign-out")
	out := ana.post("/colleagues", form...)
	require.NotContains(t, out.body, "nothing was sent", "nobody is expected back")
	require.Equal(t, "/", ana.post("/sign-in", "email", "bruno@acme.example", "password", goodPassword).path)
	require.NotContains(t, ana.get("/colleagues").body, "Rui Lima")

	stranger := w.guest()
	stranger.post("/colleagues", form...)
	require.Empty(t, stranger.cookie("roomcover"), "nobody fills the database from outside")
}

// Whoever has the cookie of an earlier session cannot fill the database with it: what is kept
// is small, few a network, and for a month; the page says where nothing was kept.
func TestComingBack_WhatIsKeptIsBounded(t *testing.T) {
	const lost = "could not be kept"
	form := func(name string) []string {
		return []string{"name", name, "email", "rui@acme.example", "role", "ADMIN"}
	}
	w := newWorld(t)
	ana, _ := w.admin()
	require.NoError(t, w.Exec("DELETE FROM sessions"))

	out := ana.post("/colleagues", form("Rui Lima")...)
	require.Contains(t, out.body, "with what you typed")
	out = ana.post("/colleagues", form(strings.Repeat("x", maxTyped))...)
	require.Contains(t, out.body, lost)
	require.NotContains(t, out.body, "with what you typed", "that was another form")
	for _, data := range w.Strings(t, "SELECT data FROM sessions") {
		require.Less(t, len(data), maxTyped)
	}
	back := ana.post("/sign-in", "email", anaMail, "password", goodPassword, "next", "/colleagues")
	require.Equal(t, "/colleagues", back.path)
	require.NotContains(t, back.body, "is back")

	require.NoError(t, w.Exec("DELETE FROM sessions"))
	require.NoError(t, w.Exec("DELETE FROM throttles"))
	cookie := ana.cookie("roomcover-last")
	for i := range typedAnHourIP + 5 {
		other := w.guest()
		other.setCookie("roomcover-last", cookie)
		out = other.post("/colleagues", form("Rui Lima")...)
		require.Equal(t, i >= typedAnHourIP, strings.Contains(out.body, lost), i)
	}
	require.Equal(t, typedAnHourIP, w.Count(t, "SELECT count(*) FROM sessions"))
	require.NoError(t, w.Exec("DELETE FROM throttles"))

	text, ok := w.DB.Secrets().OpenSigned(purposeLast, cookie)
	require.True(t, ok)
	user := text[:strings.LastIndexByte(text, ' ')+1]
	for _, end := range []string{"1", "x", "", "9223372036854775808"} {
		other := w.guest()
		other.setCookie("roomcover-last", w.DB.Secrets().Sign(purposeLast, user+end))
		out = other.post("/colleagues", form("Rui Lima")...)
		require.NotContains(t, out.body, "nothing was sent", end)
		require.Empty(t, other.cookie("roomcover"), end)
	}
}

// The account at hand, the page and its query are where they were.
func TestComingBack_ToTheSamePlace(t *testing.T) {
	w := newWorld(t)
	_, inv := w.admin()
	gil, acc := w.site("gil@globex.example")
	gil.get(w.link(w.pending(inv.AccountID, "gil@globex.example")))
	gil.post("/invitation/accept")
	for _, at := range []string{acc.ID, inv.AccountID} {
		gil.post("/account", "account", at)
		before := gil.get("/account").body
		require.NoError(t, w.Exec("DELETE FROM sessions"))
		in := gil.get("/replacements/request?q=sala")
		require.Equal(t, "/sign-in", in.path)
		require.Contains(t, html.UnescapeString(in.body), `value="/replacements/request?q=sala"`)
		gil.post("/sign-in", "email", "gil@globex.example", "password", goodPassword, "next", "/account")
		require.Equal(t, before, gil.get("/account").body)
	}
	for _, bad := range []string{"//evil.example", "/\\evil.example", "/account#x", "https://evil.example/account",
		"/account?x\r\nSet-Cookie: a=b"} {
		require.False(t, pageAddress(bad), bad)
	}
}
