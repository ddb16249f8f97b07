package portal

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/order"
)

// undoable are the forms that need no confirmation, each with its reason.
var undoable = map[string]string{
	"/service-orders/claim":              "a claim is a question; a person decides about it",
	"/replacements/request":              "the request can be withdrawn",
	newTicketPath:                        "its page says what is promised; the ticket can be taken back",
	"/rooms/:id/help":                    "its page says what goes with it; the ticket can be taken back",
	"/tickets/:id/reply":                 "one can write again, and reopen what is solved",
	"/tickets/:id/watchers":              "who is told can be changed again",
	"/tickets/:id/session":               "its own text says what is agreed to, and support can propose again; a guest can be let in again",
	"/guest/:id":                         "it only sends a mail",
	"/guest/:id/code":                    "it only proves the mailbox",
	"/guest/:id/leave":                   "one can sign in again",
	"/sites/new":                         "a site can be changed",
	"/rooms/new":                         "a room can be changed and archived",
	syncPath:                             "it can be disconnected",
	certificatesPath:                     "the certificate can be removed",
	syncSecretsPath:                      "the secret can be ended",
	syncGroupPath:                        "it can be said again",
	syncRoomsPath:                        "rooms can be changed and archived",
	syncAllPath:                          "its page says what follows; rooms can be archived",
	syncPlacesPath + "/:id":              "it can be chosen again",
	"/rooms/import":                      "rooms can be changed and archived; the form offers a check",
	"/devices/new":                       "a device can be taken out of the room",
	"/devices/:id/place":                 "it can be placed elsewhere",
	"/devices/:id/purchase":              "the day can be corrected again, with a reason",
	"/sites/:id":                         "a site can be changed again",
	"/rooms/assign":                      "its own page says what follows before it is done",
	"/rooms/:id/edit":                    "a room can be changed again",
	"/rooms/:id/move":                    "its own page says what follows; one can move back",
	"/replacements/request/accessory":    "the request can be withdrawn",
	"/replacements/:id/appeal":           "its own form says that it is the one appeal",
	"/account":                           "one can switch back",
	"/account/language":                  "the language can be changed back",
	"/account/time-zone":                 "the zone can be changed back",
	myNamePath:                           "the name can be changed back",
	myZonePath:                           "the zone can be changed back",
	myPasswordPath:                       "its form says what ends, and the password can be changed again",
	"/colleagues":                        "the invitation can be withdrawn",
	"/colleagues/:id/export":             "it only asks, and the file ends by itself",
	"/colleagues/:id/erase":              "its page says what follows; the person's address and the password are typed",
	"/colleagues/invitations/:id/resend": "the person gets a new link",
	"/colleagues/questions/:id/confirm":  "the invitation can be withdrawn",
	samlAnswerPath:                       "it only keeps what the browser comes for next",
	appKeyPath:                           "an app can be removed again",
	passkeyPath:                          "a passkey can be removed again",
	"/sign-in/second":                    "one signs out again",
	"/sign-in/again":                     "it only proves who is there",
	ownSignInPath + "/:id/enforce":       "its page says what follows; passwords can be let in again",
	"/colleagues/:id/second-factor":      "its page says what follows; the person sets another one up",
	codesPath:                            "its page says what follows; new codes can be made again",
	factorPath + "/:id/remove":           "its page says what follows; another one can be set up",
	ownSignInPath:                        "a domain can be removed, a connection switched off; nothing that works is changed",
	"/tokens":                            "the key can be ended",
	"/directory":                         "the token can be ended",
	"/directory/groups":                  "the group can be kept out again",
	partnersPath:                         "the request can be taken back",
	"/partners/:id/approve":              "its page says what follows; it can be ended",
	"/partners/:id/sites":                "the sites can be chosen again",
	"/customers/:id/keys":                "the key can be ended",
	customersPath:                        "it only asks",
	"/customers/:id/approve":             "its page says what follows; it can be ended",
	"/privacy":                           "it only asks, and the file ends by itself",
	"/privacy/:id/file":                  "it hands out one's own data",
	"/invitation":                        "a new code can be asked for",
	"/invitation/code":                   "it only proves the mailbox",
	"/invitation/person":                 "its page is the question",
	"/invitation/accept":                 "its page is the question",
	"/invitation/request":                "it only asks",
	askHelpPath:                          "it only asks",
	"/sign-in":                           "one can sign out",
	"/sign-out":                          "one can sign in",
	"/help/useful":                       "it changes a count and nothing else",
	"/sessions/end":                      "one can sign in again",
	"/sessions/end-others":               "one can sign in again",
	"/password-reset":                    "it only sends a mail",
	"/password-reset/new":                "its page is the question",
}

// irreversible are the forms that ask first.
var irreversible = []string{
	"/service-orders/:id/cancellation",
	"/replacements/:id/withdraw",
	"/replacements/:id/use-spare",
	"/spares/:id/agree",
	"/rooms/:id/release",
	"/rooms/:id/archive",
	"/colleagues/:id/role", // of oneself
	"/colleagues/:id/remove",
	"/colleagues/invitations/:id/revoke",
	"/colleagues/questions/:id/refuse",
	"/tokens/:id/revoke",
	ownSignInPath + "/:id/remove",
	"/directory/tokens/:id/revoke",
	"/directory/groups/:id/remove",
	"/devices/:id/take-out",
	"/tickets/:id/cancel",
	"/tickets/:id/guests", // what they have read stays read
	"/partners/:id/refuse",
	"/partners/keys/:id/revoke",
	"/partners/:id/end",
	"/customers/:id/refuse",
	"/customers/:id/end",
	certificatesPath + "/:id/remove",
	syncSecretsPath + "/:id/end",
	disconnectPath,
}

// asksBehindAForm are those whose own page is the form: the question comes behind it.
var asksBehindAForm = map[string]bool{
	"/service-orders/:id/cancellation": true,
	"/tickets/:id/guests":              true,
}

// Each act that cannot be undone asks first, with a page that says what will happen, and
// does nothing until the answer comes.
func TestConfirmation_WhatCannotBeUndoneAsksFirst(t *testing.T) {
	for _, r := range routes() {
		if r.method != post {
			continue
		}
		_, one := undoable[r.path]
		two := false
		for _, path := range irreversible {
			two = two || path == r.path
		}
		require.True(t, one != two, "say whether %s can be undone", r.path)
	}

	w := newWorld(t)
	ana, inv := w.admin()
	w.member(inv.AccountID, "dora@acme.example", identity.RoleAdmin)
	w.member(inv.AccountID, "leo@acme.example", identity.RoleAdmin)
	ids := w.memberIDs(inv.AccountID)
	orders, _, err := w.ListOrders(w.Context, order.OrderFilter{})
	require.NoError(t, err)
	forms := map[string][]string{
		"/service-orders/:id/cancellation": {cancellationPath(orders[0].ID), "scope", "part",
			"quantity", "3", "reason", "fewer rooms", "once", "once_1"},
		"/colleagues/:id/remove":             {"/colleagues/" + ids["dora@acme.example"] + "/remove"},
		"/colleagues/:id/role":               {"/colleagues/" + ids[anaMail] + "/role", "role", "READ_ONLY"},
		"/colleagues/invitations/:id/revoke": {"/colleagues/invitations/" + w.pending(inv.AccountID, "x@acme.example").ID + "/revoke"},
		"/colleagues/questions/:id/refuse":   {questionsPath + w.question(inv.AccountID, "PO-62", "eva@acme.example").ID + "/refuse"},
		"/tokens/:id/revoke":                 {"/tokens/" + w.token(inv.AccountID) + "/revoke"},
		ownSignInPath + "/:id/remove":        {ownSignInPath + "/" + w.claimedDomain(inv.AccountID) + "/remove"},
	}
	token, grant := w.directory(inv.AccountID)
	forms["/directory/tokens/:id/revoke"] = []string{"/directory/tokens/" + token + "/revoke"}
	forms["/directory/groups/:id/remove"] = []string{"/directory/groups/" + grant + "/remove"}
	more := map[string][]string{}
	w.replacementForms(inv.AccountID, more)
	w.deviceForms(inv.AccountID, more)
	w.roomForms(inv.AccountID, more)
	w.ticketForms(inv.AccountID, more)
	w.delegationForms(inv.AccountID, more)
	w.syncForms(inv.AccountID, more)
	for _, path := range []string{
		certificatesPath + "/:id/remove", syncSecretsPath + "/:id/end", disconnectPath,
		"/replacements/:id/withdraw", "/replacements/:id/use-spare", "/spares/:id/agree",
		"/devices/:id/take-out", "/rooms/:id/release", "/rooms/:id/archive",
		"/tickets/:id/cancel", "/tickets/:id/guests", "/partners/:id/refuse", "/partners/:id/end",
		"/partners/keys/:id/revoke",
		"/customers/:id/refuse", "/customers/:id/end",
	} {
		forms[path] = without(more[path], "confirmed")
	}

	// Giving up one's own role comes last: the reader can do nothing more.
	last := "/colleagues/:id/role"
	for _, path := range append(without(irreversible, last), last) {
		form := forms[path]
		require.NotEmpty(t, form, path)
		before := w.Count(t, "SELECT count(*) FROM audit_events")

		asked := ana.post(form[0], form[1:]...)
		require.Equal(t, 200, asked.status, path)
		require.Equal(t, form[0], asked.path)
		require.Contains(t, asked.body, `name="confirmed"`, path)
		if pagePath(form[0]) && !asksBehindAForm[path] {
			require.Contains(t, ana.get(form[0]).body, `name="confirmed"`, path)
		}
		require.Equal(t, before, w.Count(t, "SELECT count(*) FROM audit_events"), path)

		action, fields := confirmationOf(asked.body)
		require.Equal(t, form[0], action, path)
		did := ana.post(action, fields...)
		require.Equal(t, 200, did.status, path)
		require.NotContains(t, did.body, `name="confirmed"`, path)
		require.Contains(t, did.body, `class="toast"`, path)
		require.Greater(t, w.Count(t, "SELECT count(*) FROM audit_events"), before, path)
	}
}

const anaMail = "ana.souza@acme.example"

// without leaves out of pairs the one of that name, or out of a list the one text.
func without(list []string, text string) (out []string) {
	for i, one := range list {
		if one != text && !(i > 0 && list[i-1] == text && text == "confirmed") {
			out = append(out, one)
		}
	}
	return out
}

var (
	formOfConfirmation = regexp.MustCompile(`(?s)<form method="post" action="([^"]*)" class="form confirm">(.*?)</form>`)
	hiddenField        = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// confirmationOf is what the button of a confirmation sends.
func confirmationOf(body string) (action string, fields []string) {
	form := formOfConfirmation.FindStringSubmatch(body)
	for _, f := range hiddenField.FindAllStringSubmatch(form[2], -1) {
		fields = append(fields, html.UnescapeString(f[1]), html.UnescapeString(f[2]))
	}
	return html.UnescapeString(form[1]), fields
}

// says are the sentences of a confirmation, as a reader sees them.
func says(body string) string {
	_, card, _ := strings.Cut(body, `<section class="prose stack" aria-label`)
	card, _, _ = strings.Cut(card, "</section>")
	return html.UnescapeString(regexp.MustCompile(`<[^>]*>|\s+`).ReplaceAllString(card, " "))
}

// A cancellation says how many licences end and stay, which rooms lose their cover, what
// becomes of the price, and who is told.
func TestS12_ACancellationSaysWhatWillHappen(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		o, path := w.firstOrder()
		units := w.Licences(t, o)
		for i, name := range []string{"Sala Ipê", "Sala Cedro", "Sala Jatobá", "Sala Peroba", "Sala Angelim", "Sala Imbuia"} {
			w.Assigned(t, units[i], w.Room(t, inv.AccountID, name))
		}

		form := ana.get(path).body
		require.Contains(t, form, "4 licenses are unassigned, out of 10")
		require.NotContains(t, form, " checked", "nothing is chosen for the reader")
		for _, typed := range [][]string{{}, {"scope", ""}, {"quantity", "3"}, {"scope", "all"}} {
			r := ana.post(path, append(typed, "reason", "fewer rooms", "confirmed", "yes")...)
			require.Equal(t, 422, r.status, "an empty quantity is not the whole order")
			require.Contains(t, r.body, "scope-problem")
		}
		require.Equal(t, 422, ana.post(path, "scope", "part", "reason", "x", "confirmed", "yes").status)

		part := says(ana.post(path, "scope", "part", "quantity", "3", "reason", "fewer rooms").body)
		for _, want := range []string{
			"3 licenses of the order end immediately", "7 licenses stay", "No room loses its cover",
			"Revenda Sul will settle the amount", "Ana Souza, Revenda Sul", "cannot be undone",
		} {
			require.Contains(t, part, want)
		}

		choose := ana.post(path, "scope", "part", "quantity", "5", "reason", "fewer rooms")
		require.Equal(t, 409, choose.status)
		require.Contains(t, choose.body, "Choose 1 room to lose its license")
		require.Contains(t, choose.body, "Sala Jatobá")
		named := ana.post(path, "scope", "part", "quantity", "5", "reason", "fewer rooms", "licence", units[2].ID)
		require.Contains(t, says(named.body), "This room loses its coverage immediately.")
		require.Contains(t, says(named.body), "Sala Jatobá")
		require.NotContains(t, says(named.body), "Sala Ipê")

		whole := says(ana.post(path, "scope", "whole", "reason", "x").body)
		require.Contains(t, whole, "All 10 licenses of the order end immediately")
		require.Contains(t, whole, "These 6 rooms lose their cover")
		require.Contains(t, whole, "no other order")

		action, fields := confirmationOf(named.body)
		require.Equal(t, "/service-orders", ana.post(action, fields...).path)
		require.Equal(t, 5, w.Count(t, "SELECT count(*) FROM licences WHERE state = 'ASSIGNED'"))
		require.Equal(t, 5, w.Count(t, "SELECT count(*) FROM licences WHERE state = 'REVOKED'"))
	})
}

// Removing says whose access ends, and who is told: all administrators where one goes,
// nobody where a reader goes.
func TestS18_RemovingSaysWhoIsTold(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	w.member(inv.AccountID, "dora@acme.example", identity.RoleReadOnly)
	ids := w.memberIDs(inv.AccountID)
	me := "/colleagues/" + ids[anaMail] + "/remove"
	require.Equal(t, 409, ana.get(me).status, "the last administrator is not even asked")

	w.member(inv.AccountID, "eva@acme.example", identity.RoleAdmin)
	require.Contains(t, says(ana.get("/colleagues/"+ids["dora@acme.example"]+"/remove").body), "Nobody is told")
	self := says(ana.get(me).body)
	require.Contains(t, self, "You lose access to the account of Acme Ltda immediately")
	require.Contains(t, self, "We tell every administrator")
}
