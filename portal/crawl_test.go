package portal

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web/crawltest"
)

// answersOtherwise are the pages that a link may lead to though they refuse: they say why it is so,
// and what to do.
var answersOtherwise = map[string]int{
	"/rooms/:id/archive":  http.StatusConflict, // S28: an open replacement or ticket stands in the way
	"/invitation/request": http.StatusGone,     // the help is for those without access as well
	// The help is for all, and leads to what an administrator alone may do.
	"/tokens":                         http.StatusForbidden,
	directoryPath:                     http.StatusForbidden,
	ownSignInPath:                     http.StatusForbidden,
	"/service-orders/claim":           http.StatusForbidden,
	"/replacements/request":           http.StatusForbidden,
	"/replacements/request/accessory": http.StatusForbidden,
	// Nobody answers at the address of the provider.
	ownSignInPath + "/:id/try": http.StatusBadGateway,
}

// shapeOf is an address without the id in it and without its query.
func shapeOf(address string) string {
	path, _, _ := strings.Cut(address, "?")
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if ourID.MatchString(part) {
			parts[i] = ":id"
		}
	}
	return strings.Join(parts, "/")
}

// crawls follows each link from the addresses in a language, and returns the forms that are
// shown. Each page is in that language, and none is the sign-in page.
func (g *guest) crawls(lang string, begin ...string) []crawltest.Form {
	g.t.Helper()
	g.get(begin[0] + "?lang=" + lang)
	forms, pages := crawltest.Crawl(g.t, begin, func(address string) (int, string, string) {
		r := g.get(address)
		media := r.header.Get("Content-Type")
		if strings.HasPrefix(media, "text/html") && r.status == http.StatusOK {
			assert.Contains(g.t, r.body, `<html lang="`+lang+`"`, address)
			assert.False(g.t, begin[0] == "/" && r.path == "/sign-in", address)
		}
		if says := answersOtherwise[shapeOf(address)]; says != 0 && r.status == says {
			return http.StatusOK, media, r.body
		}
		return r.status, media, r.body
	})
	g.t.Logf("%s: %d addresses, %d forms", lang, pages, len(forms))
	return forms
}

// allowed are the accesses that a role of a member has.
func (a access) allowed(role rules.Role) bool {
	return a != admin || rules.Allows(role, rules.ManageUsers).Allowed()
}

// sentTo is the route that a form of a page goes to. One for a customer goes where a delegation
// lets a partner's people.
func sentTo(f crawltest.Form) (to route, ok bool) {
	path, ofCustomer := f.Path, false
	if _, own, found := delegatedPage(path); found {
		path, ofCustomer = own, true
	}
	for _, r := range routes() {
		if r.method == f.Method && r.leadsTo(path) && (r.delegable() || !ofCustomer) {
			return r, true
		}
	}
	return route{}, false
}

// From the start page of a full account, as each of its roles and in both languages: every link
// of every page answers, and every form that is shown may be sent. What a role may not do is
// shown to it nowhere, and refused where it is asked for all the same.
func TestR42_EachLinkAnswersAndEachFormShownIsAllowed(t *testing.T) {
	w := worldOn(t, storetest.Postgres(t)) // row-level security on
	full := w.fullAccount()
	lara := w.member(full.id, "lara@acme.example", identity.RoleAdmin)
	lara.setsAppUp()
	for role, g := range map[rules.Role]*guest{
		rules.CustomerAdmin:    lara,
		rules.CustomerReadOnly: w.member(full.id, "leo@acme.example", identity.RoleReadOnly),
	} {
		t.Run(string(role), func(t *testing.T) {
			hidden := 0
			for _, lang := range []string{"en", "pt-BR"} {
				seen := map[string]bool{}
				for _, f := range g.crawls(lang, "/") {
					r, ok := sentTo(f)
					if !assert.True(t, ok, "%s %s on %s leads nowhere", f.Method, f.Path, f.On) {
						continue
					}
					assert.True(t, r.access.allowed(role), "%s %s is shown on %s", f.Method, f.Path, f.On)
					seen[r.method+" "+r.path] = true
				}
				require.Greater(t, len(seen), 5, "forms are found")
			}

			for _, r := range routes() {
				if r.access.allowed(role) {
					continue
				}
				hidden++
				path := strings.ReplaceAll(r.path, ":id", "rma_none")
				ask := g.get
				if r.method == post {
					ask = func(path string) reply { return g.post(path) }
				}
				require.Equal(t, http.StatusForbidden, ask(path).status, "%s %s", r.method, r.path)
			}
			require.Equal(t, role == rules.CustomerReadOnly, hidden > 40, "%d are hidden", hidden)
		})
	}
	require.NotContains(t, w.log.String(), "level=ERROR")
}

// Who is not signed in gets around by links alone, and to nothing of an account.
func TestR42_EachLinkOutsideAnswers(t *testing.T) {
	w := newWorld(t)
	w.admin()
	for _, lang := range []string{"en", "pt-BR"} {
		g := w.guest()
		for _, f := range g.crawls(lang, "/sign-in", "/help", "/password-reset", "/invitation/request") {
			r, ok := sentTo(f)
			assert.True(t, ok && r.access == anyone, "%s %s is shown on %s", f.Method, f.Path, f.On)
		}
	}
}

// A guest of one ticket gets around in it, and every page of an account sends them to sign in.
func TestS47_EachLinkOfAGuestAnswersAndNothingElseDoes(t *testing.T) {
	w := newTicketWorld(newWorld(t))
	tk := w.OpenedTicket(t, w.Covered)
	p := w.letIn(tk.ID, "teo@service.example")
	g := w.asGuest(p)
	for _, lang := range []string{"en", "pt-BR"} {
		for _, f := range g.crawls(lang, "/guest/"+p.ID+"/ticket") {
			r, ok := sentTo(f)
			assert.True(t, ok && r.access == anyone, "%s %s is shown on %s", f.Method, f.Path, f.On)
		}
	}
	for _, r := range routes() {
		if r.access == anyone {
			continue
		}
		path := strings.ReplaceAll(r.path, ":id", "rma_none")
		ask := g.get
		if r.method == post {
			ask = func(path string) reply { return g.post(path) }
		}
		require.Equal(t, "/sign-in", ask(path).path, "%s %s", r.method, r.path)
	}
}
