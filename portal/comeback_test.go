package portal

import (
	"html"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
)

// Every form of who is signed in stands on a page to which its sender comes back.
func TestComingBack_EveryFormHasAPage(t *testing.T) {
	for _, r := range routes() {
		if r.method != post || r.access == anyone || r.path == "/invitation/accept" {
			// An invitation ends with the session; the link in the mail leads back.
			continue
		}
		address := strings.ReplaceAll(r.path, ":id", "rma_1")
		page := pageOf(address)
		require.NotEmpty(t, page, r.path)
		require.True(t, strings.HasPrefix(address, page), r.path)
	}
}

// A session that ends while a form is filled in costs nothing: after signing in, the form
// is there again with what was typed. Nothing is sent by itself.
func TestComingBack_WhatWasTypedIsThereAgain(t *testing.T) {
	w := newWorld(t)
	c, _, _ := w.covered()
	r := w.rejected(c)
	_, order := w.firstOrder()
	forms := []struct {
		path, page string
		form       []string
		want       []string
	}{
		{"/colleagues", "/colleagues", []string{"name", "Rui Lima", "email", "rui@acme", "role", "ADMIN"},
			[]string{`value="Rui Lima"`, `value="rui@acme"`, `value="ADMIN" checked`}},
		{"/service-orders/claim", "/service-orders/claim",
			[]string{"serial", "OLD-77", "po_number", "4500/12"},
			[]string{`value="OLD-77"`, `value="4500/12"`}},
		{order, order, []string{"scope", "part", "quantity", "3", "reason", "fewer rooms", "once", "once_7"},
			[]string{`value="part" checked`, `value="3"`, `value="fewer rooms"`, `value="once_7"`}},
		{"/replacements/request", "/replacements/request",
			[]string{"other", "SN-9", "fault", "No picture & no sound", "once", "once_8"},
			[]string{`value="SN-9"`, "No picture & no sound", `value="once_8"`}},
		{"/replacements/request/accessory", "/replacements/request/accessory",
			[]string{"quantity", "7", "fault", "Loose plug"}, []string{`value="7"`, "Loose plug"}},
		{"/replacements/" + r.ID + "/appeal", "/replacements/" + r.ID,
			[]string{"reason", "It does not work\r\nhere"}, []string{"It does not work\nhere"}},
		{"/tokens", "/tokens", []string{"label", "Booking", "role", "CUSTOMER_ADMIN", "password", "hunter22"},
			[]string{`value="Booking"`, `value="CUSTOMER_ADMIN" checked`}},
	}

	for _, f := range forms {
		t.Run(f.path, func(t *testing.T) {
			eva := w.guest()
			eva.post("/sign-in", "email", "eva@acme.example", "password", goodPassword)
			require.NoError(t, w.Exec("DELETE FROM sessions"))
			before := w.Count(t, "SELECT count(*) FROM audit_events")

			out := eva.post(f.path, f.form...)
			require.Equal(t, "/sign-in", out.path)
			require.Contains(t, out.body, "nothing was sent")
			for _, data := range w.Strings(t, "SELECT data FROM sessions") {
				require.NotContains(t, data, "hunter22")
			}

			back := eva.post("/sign-in", "email", "eva@acme.example", "password", goodPassword)
			require.Equal(t, f.page, back.path)
			body := html.UnescapeString(back.body)
			require.Contains(t, body, "Nothing was sent yet")
			for _, want := range f.want {
				require.Contains(t, body, want)
			}
			require.Equal(t, before+1, w.Count(t, "SELECT count(*) FROM audit_events"), "the sign-in alone")
			require.NotContains(t, eva.get(f.page).body, "Nothing was sent yet", "once")
		})
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
