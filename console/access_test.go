package console

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// Who may use each route: L lead, A agent, C customer success manager, M manager, in this
// order; a dash where it is refused, a star where anybody may, also signed out.
var accessTable = map[string]string{
	"GET /console/sign-in":                                    "*",
	"POST /console/sign-in":                                   "*",
	"GET /console/sign-in/emergency":                          "*",
	"POST /console/sign-in/emergency":                         "*",
	"POST /console/sign-in/passkey":                           "*",
	"GET /console/sign-in/start":                              "*",
	"GET /console/sign-in/callback":                           "*",
	"POST /console/sign-out":                                  "*",
	"POST /console/sign-out/issuer":                           "*",
	"POST /console/language":                                  "*",
	"GET /console/set-up":                                     "*",
	"POST /console/set-up":                                    "*",
	"GET /console":                                            "LACM",
	"GET /console/queue":                                      "LACM",
	"POST /console/queue/pull":                                "LAC-",
	"GET /console/queue/:id":                                  "LACM",
	"POST /console/queue/:id/take":                            "LAC-",
	"POST /console/queue/:id/hand-back":                       "LAC-",
	"GET /console/queue/:id/do/:action":                       "LAC-",
	"POST /console/queue/:id/do/:action":                      "LAC-",
	"GET /console/orders":                                     "LACM",
	"GET /console/accounts":                                   "LACM",
	"GET /console/accounts/:id":                               "LACM",
	"GET /console/accounts/:id/contracts":                     "LACM",
	"GET /console/accounts/:id/rooms":                         "LACM",
	"GET /console/accounts/:id/devices":                       "LACM",
	"GET /console/accounts/:id/people":                        "LACM",
	"GET /console/accounts/:id/replacements":                  "LACM",
	"GET /console/accounts/:id/mails":                         "LACM",
	"GET /console/accounts/:id/tasks":                         "LACM",
	"GET /console/accounts/:id/timeline":                      "LACM",
	"GET /console/accounts/:id/look":                          "LAC-",
	"POST /console/accounts/:id/look":                         "LAC-",
	"POST /console/accounts/:id/look/end":                     "LACM",
	"GET /console/accounts/:id/partner":                       "LA--",
	"POST /console/accounts/:id/partner":                      "LA--",
	"GET /console/delegations/:id/end":                        "LA--",
	"POST /console/delegations/:id/end":                       "LA--",
	"GET /console/accounts/:id/correct":                       "LA--",
	"POST /console/accounts/:id/correct":                      "LA--",
	"GET /console/rooms/:id":                                  "LACM",
	"GET /console/rooms/:id/do/:action":                       "LAC-",
	"POST /console/rooms/:id/do/:action":                      "LAC-",
	"GET /console/devices/:id":                                "LACM",
	"GET /console/devices/:id/do/:action":                     "LAC-",
	"POST /console/devices/:id/do/:action":                    "LAC-",
	"GET /console/contracts":                                  "LACM",
	"GET /console/contracts/:id":                              "LACM",
	"GET /console/contracts/:id/do/:action":                   "LA--",
	"POST /console/contracts/:id/do/:action":                  "LA--",
	"GET /console/search":                                     "LACM",
	"GET /console/settings/tokens":                            "LA--",
	"POST /console/settings/tokens":                           "LA--",
	"GET /console/settings/tokens/:id/revoke":                 "LA--",
	"POST /console/settings/tokens/:id/revoke":                "LA--",
	"GET /console/settings/operators":                         "L---",
	"GET /console/settings/operators/:id/:change":             "L---",
	"POST /console/settings/operators/:id/:change":            "L---",
	"GET /console/kit":                                        "LACM",
	"GET /console/processes":                                  "LACM",
	"GET /console/processes/:kind/:id":                        "LACM",
	"GET /console/numbers":                                    "LACM",
	"GET /console/audit":                                      "L--M",
	"GET /console/audit/chain":                                "L--M",
	"GET /console/orders/:id":                                 "LACM",
	"GET /console/refusals":                                   "LACM",
	"GET /console/refusals/:id":                               "LACM",
	"GET /console/shipments":                                  "LACM",
	"GET /console/shipments/:id":                              "LACM",
	"GET /console/shipments/:id/paper/:paper":                 "LACM",
	"GET /console/carrier-events":                             "LACM",
	"GET /console/carrier-events/:id":                         "LACM",
	"GET /console/stock":                                      "LACM",
	"GET /console/stock/entries":                              "LACM",
	"GET /console/stock/models/:code":                         "LACM",
	"GET /console/stock/depots/:id":                           "LACM",
	"GET /console/stock/receive":                              "LA--",
	"POST /console/stock/receive":                             "LA--",
	"GET /console/stock/adjust":                               "LA--",
	"POST /console/stock/adjust":                              "LA--",
	"GET /console/stock/new-depot":                            "LA--",
	"POST /console/stock/new-depot":                           "LA--",
	"GET /console/stock/depots/:id/change":                    "LA--",
	"POST /console/stock/depots/:id/change":                   "LA--",
	"GET /console/mails":                                      "LACM",
	"GET /console/mails/:id":                                  "LACM",
	"GET /console/mails/:id/letter":                           "LACM",
	"GET /console/mails/:id/do/:act":                          "LAC-",
	"POST /console/mails/:id/do/:act":                         "LAC-",
	"GET /console/settings":                                   "LACM",
	"GET /console/settings/calendars":                         "LACM",
	"GET /console/settings/calendars/:code":                   "LACM",
	"GET /console/settings/calendars/:code/week":              "LA--",
	"POST /console/settings/calendars/:code/week":             "LA--",
	"GET /console/settings/calendars/:code/add-holiday":       "LA--",
	"POST /console/settings/calendars/:code/add-holiday":      "LA--",
	"GET /console/settings/calendars/:code/holidays/:day":     "LA--",
	"POST /console/settings/calendars/:code/holidays/:day":    "LA--",
	"GET /console/settings/new-calendar":                      "LA--",
	"POST /console/settings/new-calendar":                     "LA--",
	"GET /console/settings/resellers":                         "LACM",
	"GET /console/settings/resellers/:id":                     "LACM",
	"GET /console/settings/resellers/:id/edit/:what":          "LA--",
	"POST /console/settings/resellers/:id/edit/:what":         "LA--",
	"GET /console/settings/new-reseller":                      "LA--",
	"POST /console/settings/new-reseller":                     "LA--",
	"GET /console/settings/csms":                              "LACM",
	"GET /console/settings/csms/:id":                          "LA--",
	"POST /console/settings/csms/:id":                         "LA--",
	"GET /console/settings/new-csm":                           "LA--",
	"POST /console/settings/new-csm":                          "LA--",
	"GET /console/settings/privacy":                           "LAC-",
	"GET /console/settings/new-privacy":                       "LAC-",
	"POST /console/settings/new-privacy":                      "LAC-",
	"GET /console/settings/privacy/:id":                       "LAC-",
	"GET /console/settings/privacy/:id/file":                  "LAC-",
	"POST /console/settings/privacy/:id/file":                 "LAC-",
	"GET /console/settings/privacy/:id/texts":                 "LAC-",
	"POST /console/settings/privacy/:id/texts":                "LAC-",
	"GET /console/settings/privacy/:id/texts/:text":           "LAC-",
	"POST /console/settings/privacy/:id/texts/:text":          "LAC-",
	"GET /console/settings/incidents":                         "LAC-",
	"GET /console/settings/new-incident":                      "LAC-",
	"POST /console/settings/new-incident":                     "LAC-",
	"GET /console/settings/incidents/:id":                     "LAC-",
	"GET /console/settings/incidents/:id/tell":                "LAC-",
	"POST /console/settings/incidents/:id/tell":               "LAC-",
	"GET /console/settings/incidents/:id/close":               "LAC-",
	"POST /console/settings/incidents/:id/close":              "LAC-",
	"GET /console/settings/catalogue":                         "LACM",
	"GET /console/settings/catalogue/:code":                   "LA--",
	"POST /console/settings/catalogue/:code":                  "LA--",
	"GET /console/settings/models":                            "LACM",
	"GET /console/settings/models/:code":                      "LA--",
	"POST /console/settings/models/:code":                     "LA--",
	"GET /console/settings/policies":                          "LACM",
	"GET /console/settings/policies/:service":                 "LA--",
	"POST /console/settings/policies/:service":                "LA--",
	"GET /console/settings/terms":                             "LACM",
	"GET /console/settings/terms/:country":                    "LA--",
	"POST /console/settings/terms/:country":                   "LA--",
	"GET /console/settings/program":                           "LACM",
	"GET /console/settings/program/change":                    "LA--",
	"POST /console/settings/program/change":                   "LA--",
	"GET /console/views":                                      "LACM",
	"GET /console/views/new":                                  "LACM",
	"POST /console/views/new":                                 "LACM",
	"GET /console/views/:id/:change":                          "LACM",
	"POST /console/views/:id/:change":                         "LACM",
	"GET /console/keys":                                       "LACM",
	"GET /console/tickets":                                    "LACM",
	"GET /console/tickets/new":                                "LAC-",
	"POST /console/tickets/new":                               "LAC-",
	"GET /console/tickets/:id":                                "LACM",
	"POST /console/tickets/:id/reply":                         "LAC-",
	"POST /console/tickets/:id/notes":                         "LAC-",
	"POST /console/tickets/:id/drafts":                        "LAC-",
	"POST /console/tickets/:id/give":                          "LAC-",
	"GET /console/tickets/:id/do/:action":                     "LAC-",
	"POST /console/tickets/:id/do/:action":                    "LAC-",
	"GET /console/tickets/:id/sessions/propose":               "LAC-",
	"POST /console/tickets/:id/sessions/propose":              "LAC-",
	"GET /console/tickets/:id/sessions/:session/do/:action":   "LAC-",
	"POST /console/tickets/:id/sessions/:session/do/:action":  "LAC-",
	"GET /console/tickets/:id/guests/new":                     "LAC-",
	"POST /console/tickets/:id/guests/new":                    "LAC-",
	"GET /console/tickets/:id/guests/:guest/remove":           "LAC-",
	"POST /console/tickets/:id/guests/:guest/remove":          "LAC-",
	"GET /console/accounts/:id/tickets":                       "LACM",
	"GET /console/replacements":                               "LACM",
	"GET /console/replacements/new":                           "LAC-",
	"POST /console/replacements/new":                          "LAC-",
	"GET /console/replacements/board":                         "LACM",
	"GET /console/replacements/:id":                           "LACM",
	"GET /console/replacements/:id/do/:action":                "LAC-",
	"POST /console/replacements/:id/do/:action":               "LAC-",
	"GET /console/rooms-down":                                 "LACM",
	"GET /console/spares":                                     "LACM",
	"GET /console/spares/:id":                                 "LACM",
	"GET /console/spares/units/:id":                           "LACM",
	"GET /console/spares/units/:id/do/:action":                "LAC-",
	"POST /console/spares/units/:id/do/:action":               "LAC-",
	"POST /console/undo":                                      "LAC-",
	"POST /console/orders/~reject":                            "LA--",
	"POST /console/mails/~resend":                             "LAC-",
	"POST /console/inbox/~spam":                               "LAC-",
	"POST /console/tickets/~give":                             "LAC-",
	"POST /console/tickets/~severity":                         "LAC-",
	"POST /console/replacements/~approve":                     "LA--",
	"POST /console/mails/:id/undo":                            "LAC-",
	"POST /console/queue/:id/give":                            "LAC-",
	"POST /console/queue/:id/notes":                           "LAC-",
	"POST /console/queue/~take":                               "LAC-",
	"POST /console/queue/~give":                               "LAC-",
	"POST /console/queue/~hand-back":                          "LAC-",
	"POST /console/queue/~retry":                              "LAC-",
	"POST /console/queue/~close":                              "LAC-",
	"GET /console/orders/:id/review":                          "LACM",
	"POST /console/orders/:id/review/accept":                  "LA--",
	"GET /console/orders/:id/reject":                          "LA--",
	"POST /console/orders/:id/reject":                         "LA--",
	"GET /console/orders/:id/amend":                           "LA--",
	"POST /console/orders/:id/amend":                          "LA--",
	"GET /console/orders/:id/cancel":                          "LA--",
	"POST /console/orders/:id/cancel":                         "LA--",
	"GET /console/orders/:id/terminate":                       "LA--",
	"POST /console/orders/:id/terminate":                      "LA--",
	"GET /console/replacements/labels":                        "LACM",
	"POST /console/replacements/~labels":                      "LACM",
	"GET /console/sign-in/second":                             "*",
	"POST /console/sign-in/second":                            "*",
	"POST /console/sign-in/fresh":                             "LACM",
	"GET /console/me":                                         "LACM",
	"GET /console/me/passkeys/new":                            "LACM",
	"POST /console/me/passkeys/new":                           "LACM",
	"GET /console/me/passkeys/:id/:change":                    "LACM",
	"POST /console/me/passkeys/:id/:change":                   "LACM",
	"GET /console/me/app":                                     "LACM",
	"POST /console/me/app":                                    "LACM",
	"GET /console/me/codes":                                   "LACM",
	"POST /console/me/codes":                                  "LACM",
	"GET /console/orders/:id/reopen":                          "LA--",
	"POST /console/orders/:id/reopen":                         "LA--",
	"GET /console/settings/replies":                           "LACM",
	"GET /console/settings/replies/:id":                       "LA--",
	"POST /console/settings/replies/:id":                      "LA--",
	"GET /console/settings/new-reply":                         "LA--",
	"POST /console/settings/new-reply":                        "LA--",
	"POST /console/tickets/:id/undo":                          "LAC-",
	"POST /console/tickets/:id/canned":                        "LAC-",
	"GET /console/inbox":                                      "LACM",
	"GET /console/inbox/:id":                                  "LACM",
	"GET /console/inbox/:id/mail":                             "LAC-",
	"GET /console/inbox/:id/do/:action":                       "LAC-",
	"POST /console/inbox/:id/do/:action":                      "LAC-",
	"GET /console/files/:id":                                  "LACM",
	"GET /console/files/:id/picture":                          "LACM",
	"GET /console/accounts/:id/domains/:domain/prove":         "LA--",
	"POST /console/accounts/:id/domains/:domain/prove":        "LA--",
	"GET /console/accounts/:id/connections/:connection/lift":  "LA--",
	"POST /console/accounts/:id/connections/:connection/lift": "LA--",
}

var tableRoles = []rules.Role{
	rules.OperatorLead, rules.OperatorAgent, rules.OperatorCSM, rules.OperatorManager,
}

func TestS53_EachRouteForEachRole(t *testing.T) {
	w := worldOn(t, storetest.Postgres(t), true)
	browsers := map[rules.Role]*browser{}
	for _, role := range tableRoles {
		browsers[role] = w.signedIn(byRole[role])
	}

	routes := w.site.routes()
	require.Len(t, routes, len(accessTable), "every route stands in the table")
	for _, r := range routes {
		name := r.method + " " + r.path
		want, ok := accessTable[name]
		require.True(t, ok, "%s is not in the table", name)
		path := strings.NewReplacer(":id", "tsk_none", ":action", "close", ":change", "disable").Replace(r.path)
		ask := func(b *browser) reply {
			if r.method == post {
				return b.post(path)
			}
			return b.get(path)
		}
		if want == "*" {
			continue
		}

		stranger := ask(w.browser())
		require.Equal(t, signInPath, stranger.path, "%s of nobody", name)
		for i, role := range tableRoles {
			answer := ask(browsers[role])
			if want[i] == '-' {
				require.Equal(t, http.StatusForbidden, answer.status, "%s of %s", name, role)
				require.Contains(t, answer.body, "Your role does not include this", "%s of %s", name, role)
				continue
			}
			require.NotEqual(t, http.StatusForbidden, answer.status, "%s of %s", name, role)
			require.Less(t, answer.status, 500, "%s of %s", name, role)
		}
	}
	require.NotContains(t, w.log.String(), "level=ERROR")
}

// What asks for a fresh sign-in says so, and goes on after it.
func TestS52_WhatNeedsAFreshSignInAsksForIt(t *testing.T) {
	w := issuerWorld(t)
	lead := w.signedIn(byRole[rules.OperatorLead])
	fresh := 0
	w.site.freshFor = 0
	for _, r := range w.site.routes() {
		if !r.fresh {
			continue
		}
		fresh++
		path := strings.NewReplacer(":id", "tsk_none", ":change", "disable").Replace(r.path)
		answer := lead.post(path, "label", "night shift")
		require.Equal(t, http.StatusForbidden, answer.status, r.path)
		require.Contains(t, answer.body, "Sign in again first", r.path)
		require.Contains(t, answer.body, "fresh=1", r.path)
	}
	require.Equal(t, 17, fresh)
}

func TestS52_WhatWasTypedIsThereAfterTheFreshSignIn(t *testing.T) {
	w := issuerWorld(t)
	p := byRole[rules.OperatorLead]
	lead := w.signedIn(p)
	w.site.freshFor = 0
	require.Contains(t, lead.post(tokensPath, "label", "night shift", "whose", "x y").body, "Sign in again first")
	w.site.freshFor = freshFor
	r := lead.get(StartPath + "?fresh=1&next=" + tokensPath + "&as=" + p.Email)
	require.Equal(t, tokensPath, r.path)
	require.Contains(t, r.body, `value="night shift"`)
	require.Contains(t, r.body, "Nothing was sent yet")
	require.NotContains(t, lead.get(tokensPath).body, "night shift")
}

// A sign-in counts as fresh by when the person proved themselves at the issuer, not by when the
// console let them in; and an issuer that does not ask anew is not believed.
func TestS52_AnOldSessionAtTheIssuerIsNotFresh(t *testing.T) {
	w := issuerWorld(t)
	p := byRole[rules.OperatorLead]
	w.issuer.SignedInAt(p.Subject, time.Now().Add(-5*time.Hour))
	lead := w.signedIn(p)
	require.Contains(t, lead.post(tokensPath, "label", "x").body, "Sign in again first")

	again := StartPath + "?fresh=1&next=" + tokensPath + "&as=" + p.Email
	w.issuer.Alter(func(c map[string]any) { c["auth_time"] = time.Now().Add(-time.Hour).Unix() })
	require.Equal(t, http.StatusBadRequest, lead.get(again).status)
	w.issuer.Alter(func(c map[string]any) { delete(c, "auth_time") })
	require.Equal(t, http.StatusBadRequest, lead.get(again).status)
	w.issuer.Alter(nil)
	require.Equal(t, tokensPath, lead.get(again).path)
	require.NotContains(t, lead.post(tokensPath, "label", "x").body, "Sign in again first")
}

func TestNoFormComesFromAnotherSite(t *testing.T) {
	w := issuerWorld(t)
	b := w.signedIn(staff[0])
	req, err := http.NewRequest(http.MethodPost, w.url+queuePath+"/pull", strings.NewReader(""))
	require.NoError(t, err)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, b.do(req).status)
}

// What gives somebody access to a customer's account asks for a fresh sign-in once it is
// confirmed, and keeps what was typed; nothing else does.
func TestS52_LettingSomebodyInAsksForAFreshSignIn(t *testing.T) {
	for name, c := range map[string]struct {
		kind   db.TaskKind
		action string
		typed  []string
		asks   bool
	}{
		"an invitation anew":         {db.TaskInvitationUnclaimed, "reissue", []string{"email", "a@acme.example"}, true},
		"an invitation asked for":    {db.TaskInvitationRequested, "reissue", nil, true},
		"a contact as administrator": {db.TaskDecideContact, "accept", []string{"invite_as", "ADMIN"}, true},
		"a contact as a reader":      {db.TaskDecideContact, "accept", []string{"invite_as", "READ_ONLY"}, true},
		"a contact refused":          {db.TaskDecideContact, "refuse", nil, false},
		"closed":                     {db.TaskSweepLate, "close", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := issuerWorld(t)
			task := w.raise(c.kind, "one")
			p := byRole[rules.OperatorAgent]
			b := w.signedIn(p)
			w.site.freshFor = 0
			path := taskPath(task.ID) + "/do/" + c.action
			ask := b.get(path)
			require.Equal(t, http.StatusOK, ask.status)
			form := append(c.typed, "reason", "asked by phone", "seen", hiddenIn(ask.body, "seen"),
				"version", hiddenIn(ask.body, "version"))
			require.Contains(t, b.post(path, form...).body, `name="confirmed"`, "it is confirmed first")

			r := b.post(path, append(form, "confirmed", "yes")...)
			if !c.asks {
				require.NotContains(t, r.body, "Sign in again first")
				return
			}
			require.Equal(t, http.StatusForbidden, r.status)
			require.Contains(t, r.body, "Sign in again first")
			open, err := w.Domains.DB.GetTask(w.system(), task.ID)
			require.NoError(t, err)
			require.Equal(t, db.TaskOpen, open.State)

			w.site.freshFor = freshFor
			r = b.get(StartPath + "?fresh=1&next=" + path + "&as=" + p.Email)
			require.Equal(t, path, r.path)
			require.Contains(t, r.body, "asked by phone")
			require.NotContains(t, b.post(path, append(form, "confirmed", "yes")...).body, "Sign in again first")
		})
	}
}

// The button is there for who may use it; the others read who that is.
func TestS53_AnEmergencyIsClosedByALeadInTheConsole(t *testing.T) {
	w := issuerWorld(t)
	lead := w.signedIn(byRole[rules.OperatorLead])
	own := w.raise(db.TaskBreakGlass, w.operatorOf(staff[0].Email).ID)
	other := w.raise(db.TaskBreakGlass, "opr_other")
	agent := w.signedIn(byRole[rules.OperatorAgent])
	for _, c := range []struct {
		who  *browser
		task db.OperatorTask
		may  bool
	}{{lead, own, false}, {agent, other, false}, {lead, other, true}} {
		page := c.who.get(taskPath(c.task.ID))
		button := taskPath(c.task.ID) + "/do/close"
		if c.may {
			require.Contains(t, page.body, button)
			require.Equal(t, http.StatusOK, c.who.get(button).status)
			continue
		}
		require.NotContains(t, page.body, button)
		require.Contains(t, page.body, "A lead closes this task")
		require.Equal(t, http.StatusForbidden, c.who.get(button).status)
	}
}

// Who disables a lead, or gives another role, reads which tokens end and how many go on.
func TestS53_AChangedOperatorsTokensAreNamed(t *testing.T) {
	w := issuerWorld(t)
	seller := w.Reseller(t, "Revenda Sul")
	b := w.signedIn(byRole[rules.OperatorLead])
	left := w.added("ana@desk.example", rules.OperatorLead)
	made := func(org string, role rules.Role) {
		ctx := db.WithScope(w.Context, db.Scope{System: true, Actor: db.Actor{ID: left.ID, Role: rules.OperatorLead}})
		_, _, err := w.CreateToken(ctx, identity.NewToken{
			OrgID: org, Role: role, Label: "x", ExpiresAt: time.Now().Add(time.Hour),
		})
		require.NoError(t, err)
	}
	require.NotContains(t, b.get(operatorsPath+"/"+left.ID+"/disable").body, "that the person made")
	made(account.OperatorOrgID, rules.OperatorAgent)
	made(seller.ID, rules.Reseller)
	made(seller.ID, rules.Reseller)
	for _, change := range []string{"disable", "role"} {
		page := b.get(operatorsPath + "/" + left.ID + "/" + change)
		require.Contains(t, page.body, "1 token of an operator that the person made ends")
		require.Contains(t, page.body, "2 tokens that the person made for sellers or customers go on")
	}
}
