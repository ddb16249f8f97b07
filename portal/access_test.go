package portal

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// ownAffairs are the POSTs that concern the visitor alone; every other one
// changes an account and is the administrator's.
var ownAffairs = map[string]bool{
	samlAnswerPath:      true, // whoever signs in
	"/account":          true,
	"/account/language": true,
	myNamePath:          true,
	myZonePath:          true,
	myPasswordPath:      true,
	secondPath:          true,
	provePath:           true,
	appKeyPath:          true,
	passkeyPath:         true,
	codesPath:           true,

	factorPath + "/:id/remove": true,

	"/invitation":          true,
	"/invitation/code":     true,
	"/invitation/person":   true,
	"/invitation/accept":   true,
	"/invitation/request":  true,
	askHelpPath:            true,
	"/sign-in":             true,
	"/sign-out":            true,
	"/sessions/end":        true,
	"/sessions/end-others": true,
	"/password-reset":      true,
	"/password-reset/new":  true,
	"/help/useful":         true,
	// of who sees one ticket alone, see guest_test.go
	"/guest/:id":        true,
	"/guest/:id/code":   true,
	"/guest/:id/leave":  true,
	"/privacy":          true,
	"/privacy/:id/file": true,
}

// wholeTeams are the POSTs of tickets that whoever belongs to the account may send (R55a); what a
// reader may not ask for with them is in tickets_test.go.
var wholeTeams = map[string]bool{
	newTicketPath:          true,
	"/rooms/:id/help":      true,
	"/tickets/:id/reply":   true,
	"/tickets/:id/session": true, // to agree to a time is a word in the conversation
}

func TestR42_ReadOnlyMayChangeNothing(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	bruno := w.member(inv.AccountID, "bruno@acme.example", identity.RoleReadOnly)
	w.member(inv.AccountID, "dora@acme.example", identity.RoleReadOnly)

	forms := w.adminForms(inv.AccountID)
	for _, r := range routes() {
		if r.method == post && wholeTeams[r.path] {
			require.Equal(t, member, r.access, r.path)
			continue
		}
		if r.method != post || ownAffairs[r.path] {
			continue
		}
		form, ok := forms[r.path]
		require.True(t, ok, "the route %s is not covered by this test", r.path)
		require.Equal(t, admin, r.access, r.path)
		refused := bruno.post(form[0], form[1:]...)
		require.Equal(t, 403, refused.status, r.path)
		require.Contains(t, refused.body, "For administrators only")
		require.Equal(t, "/sign-in", w.guest().post(form[0], form[1:]...).path, r.path)
		allowed := 200
		if r.path == ownSignInPath+"/:id/enforce" {
			allowed = 404 // there is no connection
		}
		require.Equal(t, allowed, ana.post(form[0], form[1:]...).status, r.path)
	}
	page := bruno.get("/colleagues").body
	require.NotContains(t, page, `method="post" action="/colleagues`)
	require.Contains(t, page, "ask an administrator")
}

// adminForms are the forms that change an account, by their routes: each one is right and
// works once. Somebody called dora@acme.example is a member.
func (w *world) adminForms(accountID string) map[string][]string {
	w.t.Helper()
	ids := w.memberIDs(accountID)
	again := w.pending(accountID, "again@acme.example")
	revoke := w.pending(accountID, "revoke@acme.example")
	forms := map[string][]string{
		"/colleagues": {
			"/colleagues", "name", "New", "email", "new@acme.example", "role", "ADMIN",
		},
		"/colleagues/:id/role":               {"/colleagues/" + ids["dora@acme.example"] + "/role", "role", "ADMIN"},
		"/colleagues/:id/remove":             {"/colleagues/" + ids["dora@acme.example"] + "/remove", "confirmed", "yes"},
		"/colleagues/:id/export":             {"/colleagues/" + ids["dora@acme.example"] + "/export"},
		"/colleagues/:id/erase":              {"/colleagues/" + ids["dora@acme.example"] + "/erase", "confirm", "dora@acme.example"},
		"/colleagues/invitations/:id/resend": {"/colleagues/invitations/" + again.ID + "/resend"},
		"/colleagues/invitations/:id/revoke": {"/colleagues/invitations/" + revoke.ID + "/revoke", "confirmed", "yes"},
	}
	orders, _, err := w.ListOrders(w.Context, order.OrderFilter{})
	require.NoError(w.t, err)
	forms["/service-orders/:id/cancellation"] = []string{
		"/service-orders/" + orders[0].ID + "/cancellation", "scope", "whole", "reason", "not needed", "confirmed", "yes",
	}
	forms["/service-orders/claim"] = []string{"/service-orders/claim", "serial", "OLD-1", "po_number", "4500/12"}
	forms["/account/language"] = []string{"/account/language", "language", "pt-BR"}
	forms["/account/time-zone"] = []string{
		"/account/time-zone", "zone", "America/Manaus", "reason", "moved",
	}
	forms["/me/name"] = []string{"/me/name", "name", "Ana Lima Souza"}
	forms["/me/time-zone"] = []string{"/me/time-zone", "zone", "America/Manaus"}
	forms["/me/password"] = []string{"/me/password", "password", goodPassword, "newpassword", goodPassword + " x"}
	forms[provePath] = []string{provePath, "password", goodPassword}
	forms[appKeyPath] = []string{appKeyPath, "code", "000000"}
	forms[passkeyPath] = []string{passkeyPath, "name", "Laptop", "passkey", "{}"}
	forms[codesPath] = []string{codesPath, "confirmed", "yes"}
	forms[factorPath+"/:id/remove"] = []string{factorPath + "/fac_app/remove", "confirmed", "yes"}
	w.member(accountID, "davi@acme.example", identity.RoleReadOnly) // the others end in between
	forms["/colleagues/:id/second-factor"] = []string{
		"/colleagues/" + w.memberIDs(accountID)["davi@acme.example"] + "/second-factor", "confirmed", "yes",
	}
	forms[ownSignInPath+"/:id/enforce"] = []string{ownSignInPath + "/ssc_1/enforce", "confirmed", "yes"}
	forms["/privacy"] = []string{"/privacy"}
	forms["/privacy/:id/file"] = []string{"/privacy/prv_none/file"}
	forms[ownSignInPath] = []string{ownSignInPath, "act", "domain", "domain", "acme.example"}
	forms[ownSignInPath+"/:id/remove"] = []string{
		ownSignInPath + "/" + w.claimedDomain(accountID) + "/remove", "confirmed", "yes",
	}
	forms["/directory"] = []string{"/directory", "once", "once_1"}
	forms["/directory/groups"] = []string{"/directory/groups", "group", "everybody"}
	token, grant := w.directory(accountID)
	forms["/directory/tokens/:id/revoke"] = []string{"/directory/tokens/" + token + "/revoke", "confirmed", "yes"}
	forms["/directory/groups/:id/remove"] = []string{"/directory/groups/" + grant + "/remove", "confirmed", "yes"}
	forms["/tokens"] = []string{"/tokens", "label", "Booking", "role", "CUSTOMER_READ_ONLY"}
	forms["/tokens/:id/revoke"] = []string{"/tokens/" + w.token(accountID) + "/revoke", "confirmed", "yes"}
	forms["/colleagues/questions/:id/confirm"] = []string{
		questionsPath + w.question(accountID, "PO-61", "rui@acme.example").ID + "/confirm", "role", "ADMIN",
	}
	forms["/colleagues/questions/:id/refuse"] = []string{
		questionsPath + w.question(accountID, "PO-62", "eva@acme.example").ID + "/refuse", "confirmed", "yes",
	}
	address := []string{"street", "Rua Funchal, 418", "city", "São Paulo", "country", "BR", "version", "1"}
	forms["/sites/new"] = append([]string{"/sites/new", "name", "Funchal"}, address...)
	forms["/sites/:id"] = append([]string{
		"/sites/" + w.Site(w.t, accountID, "Berrini", "BR", "SP").ID, "name", "Berrini",
	}, address...)
	w.replacementForms(accountID, forms)
	w.roomForms(accountID, forms)
	w.deviceForms(accountID, forms)
	w.ticketForms(accountID, forms)
	w.delegationForms(accountID, forms)
	w.syncForms(accountID, forms)
	return forms
}

// claimedDomain claims a mail domain for an account's organisation.
func (w *world) claimedDomain(accountID string) string {
	w.t.Helper()
	d, err := w.SSO.AddDomain(storetest.Customer(accountID), accountID, "acme.test")
	require.NoError(w.t, err)
	return d.ID
}

// token makes a token of an account.
func (w *world) token(accountID string) string {
	w.t.Helper()
	acc, err := w.GetAccount(w.Context, accountID)
	require.NoError(w.t, err)
	t, _, err := w.CreateToken(w.Context, identity.NewToken{
		OrgID:     acc.ParentOrgID,
		AccountID: accountID,
		Role:      rules.CustomerReadOnly,
		Label:     "booking",
		ExpiresAt: time.Now().Add(time.Hour),
	})
	require.NoError(w.t, err)
	return t.ID
}

func (w *world) memberIDs(accountID string) map[string]string {
	w.t.Helper()
	members, err := w.MembersOf(w.Context, accountID)
	require.NoError(w.t, err)
	out := map[string]string{}
	for _, m := range members {
		out[m.Email] = m.ID
	}
	return out
}

func (w *world) pending(accountID, email string) identity.Invitation {
	w.t.Helper()
	inv, err := w.Invite(w.Context, identity.NewInvite{
		AccountID:   accountID,
		Email:       email,
		ContactName: "P",
		Role:        identity.RoleReadOnly,
		Kind:        identity.InvitationForColleague,
	})
	require.NoError(w.t, err)
	return inv
}

// site opens another account with its own administrator.
func (w *world) site(email string) (*guest, account.Account) {
	w.t.Helper()
	acc, err := w.CreateAccount(w.as(rules.OperatorAgent),
		rules.Party{Company: "Globex", Address: storetest.Form("x").EndCustomer.Address}, "", account.ModeSite)
	require.NoError(w.t, err)
	g := w.guest()
	require.Equal(w.t, "/", g.accept(w.pending(acc.ID, email), "Gil").path)
	return g, acc
}

func TestC5_ForeignThingsDoNotExist(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, w *world) {
		_, inv := w.admin()
		gil, acc := w.site("gil@globex.example")
		require.NotEqual(t, inv.AccountID, acc.ID)
		ana := w.memberIDs(inv.AccountID)["ana.souza@acme.example"]
		open := w.pending(inv.AccountID, "open@acme.example")
		for path, form := range map[string][]string{
			"/colleagues/" + ana + "/role":                   {"role", "READ_ONLY"},
			"/colleagues/" + ana + "/remove":                 nil,
			"/colleagues/mem_missing/remove":                 nil,
			"/colleagues/invitations/" + open.ID + "/resend": nil,
			"/colleagues/invitations/" + open.ID + "/revoke": nil,
			"/colleagues/invitations/inv_missing/revoke":     nil,
			"/account": {"account", inv.AccountID},
			"/colleagues/" + strings.Repeat("x", 300) + "/role": {"role", "ADMIN"},
		} {
			require.Equal(t, 404, gil.post(path, form...).status, path)
		}
		require.True(t, w.state(open.ID).Live())
		for _, path := range []string{"/", "/service-orders", "/colleagues"} {
			require.NotContains(t, gil.get(path).body, "acme", path)
		}
		require.Contains(t, gil.get("/service-orders").body, "no service orders in this account")
	})
}

// A person may be administrator of one account and read-only in another: what
// they hold in the first opens nothing in the second.
func TestR42_ARoleHoldsInItsOwnAccountOnly(t *testing.T) {
	w := newWorld(t)
	_, inv := w.admin()
	gil, acc := w.site("gil@globex.example")
	gil.get(w.link(w.pending(inv.AccountID, "gil@globex.example")))
	require.Equal(t, "/", gil.post("/invitation/accept").path)
	require.Contains(t, gil.get("/").body, "Acme Ltda")
	require.Equal(t, 403, gil.post("/colleagues", "name", "X", "email", "x@acme.example", "role", "ADMIN").status)
	require.Contains(t, gil.post("/account", "account", acc.ID).body, "Globex")
	ids := w.memberIDs(inv.AccountID)
	require.Equal(t, 404, gil.post("/colleagues/"+ids["gil@globex.example"]+"/role", "role", "ADMIN").status)
	require.Equal(t, 404, gil.post("/colleagues/"+ids["ana.souza@acme.example"]+"/remove", "confirmed", "yes").status)
	require.Equal(t, 200, gil.post("/colleagues", "name", "Y", "email", "y@globex.example", "role", "READ_ONLY").status)
	require.Equal(t, acc.ID, w.latestInvitation("y@globex.example").AccountID)
}

func TestS18_TheLastAdministratorStays(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		me := "/colleagues/" + w.memberIDs(inv.AccountID)["ana.souza@acme.example"]
		page := ana.get("/colleagues").body
		require.Contains(t, page, "Make another person an administrator first", "said before the click")
		require.NotContains(t, page, me+"/remove")
		for _, form := range [][]string{{me + "/role", "role", "READ_ONLY"}, {me + "/remove", "confirmed", "yes"}} {
			r := ana.post(form[0], form[1:]...)
			require.Equal(t, 409, r.status)
			require.Contains(t, r.body, "needs an administrator")
		}
		bruno := w.member(inv.AccountID, "bruno@acme.example", identity.RoleAdmin)
		require.Contains(t, ana.get("/colleagues").body, me+"/remove", "another one is there")
		require.Equal(t, "/", ana.post(me+"/role", "role", "READ_ONLY", "confirmed", "yes").path)
		require.Equal(t, 403, ana.post("/colleagues", "name", "X", "email", "x@acme.example", "role", "ADMIN").status,
			"at once")
		require.Equal(t, "/colleagues", bruno.post(me+"/remove", "confirmed", "yes").path)
		r := ana.get("/")
		require.Equal(t, 403, r.status)
		require.Contains(t, r.body, "not have access to any account")
		require.Equal(t, 400, bruno.post(me+"/role", "role", "OWNER").status)
	})
}

func TestS19_AnAccountHasALimitOfPeople(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	pool, err := w.Pool()
	require.NoError(t, err)
	_, err = pool.Exec("UPDATE accounts SET user_limit = 1 WHERE id = '" + inv.AccountID + "'")
	require.NoError(t, err)
	page := ana.get("/colleagues").body
	require.Contains(t, page, "1 of 1 places taken", "said before the click")
	require.Contains(t, page, "Remove a person or withdraw an invitation to invite another one")
	require.NotContains(t, page, `name="email"`)
	r := ana.post("/colleagues", "name", "X", "email", "x@acme.example", "role", "ADMIN")
	require.Equal(t, 409, r.status)
	require.Contains(t, r.body, "limit of people")
	require.Contains(t, r.body, `value="x@acme.example"`, "what was typed stays")
}

func TestR117b_ColleaguesAreInvitedWithARole(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		for _, role := range []identity.MemberRole{identity.RoleAdmin, identity.RoleReadOnly} {
			email := strings.ToLower(string(role)) + "@acme.example"
			ana.post("/colleagues", "name", "Colleague", "email", email, "role", string(role))
			made := w.latestInvitation(email)
			require.Equal(t, role, made.Role)
			require.Equal(t, identity.InvitationForColleague, made.Kind)
			require.Equal(t, inv.AccountID, made.AccountID)
			require.NotEqual(t, "system", made.InvitedBy)
			g := w.guest()
			require.Equal(t, "/", g.accept(made, "Colleague").path)
		}
		for _, form := range [][]string{
			{"name", "", "email", "a@acme.example", "role", "ADMIN"},
			{"name", "A", "email", "not an address", "role", "ADMIN"},
		} {
			r := ana.post("/colleagues", form...)
			require.Equal(t, 422, r.status)
			require.Contains(t, r.body, "aria-invalid")
		}
		require.Equal(t, 409, ana.post("/colleagues", "name", "A", "email", "a@acme.example", "role", "OWNER").status)
		r := ana.post("/colleagues", "name", "Again", "email", "ADMIN@acme.example", "role", "ADMIN")
		require.Equal(t, 409, r.status)
		require.Contains(t, r.body, "already has access or a pending invitation")
	})
}

func TestR117b_OpenInvitationsAreSentAgainAndWithdrawn(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		old := w.pending(inv.AccountID, "bruno@acme.example")
		require.Contains(t, ana.get("/colleagues").body, "Valid until 23 December 2026")
		require.Equal(t, "/colleagues", ana.post("/colleagues/invitations/"+old.ID+"/resend").path)
		next := w.latestInvitation("bruno@acme.example")
		require.NotEqual(t, old.ID, next.ID)
		require.Equal(t, 410, w.guest().get(w.link(old)).status)
		require.Equal(t, "/colleagues", ana.post("/colleagues/invitations/"+next.ID+"/revoke", "confirmed", "yes").path)
		require.Equal(t, 410, w.guest().get(w.link(next)).status)
		require.NotContains(t, ana.get("/colleagues").body, "bruno@acme.example")
		taken := w.pending(inv.AccountID, "carla@acme.example")
		require.Equal(t, "/", w.guest().accept(taken, "Carla").path)
		r := ana.post("/colleagues/invitations/"+taken.ID+"/revoke", "confirmed", "yes")
		require.Equal(t, 409, r.status)
		require.NotContains(t, r.body, "was withdrawn", "no message of success on a refusal")
	})
}

func TestR117c_TheChecklistFollowsTheFacts(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	before := ana.get("/onboarding").body
	require.Contains(t, before, "0 of 4 done")
	require.Contains(t, before, `href="/colleagues">Invite</a>`)
	ana.post("/colleagues", "name", "B", "email", "b@acme.example", "role", "ADMIN")
	after := ana.get("/onboarding").body
	require.Contains(t, after, "1 of 4 done")
	require.Equal(t, 3, strings.Count(after, "#circle-dot"), "three are open")
	room := w.Room(t, inv.AccountID, "Sala 1")
	require.Contains(t, ana.get("/onboarding").body, "2 of 4 done")
	w.Device(t, room, "AB1234", "RALLY-BAR", "2026-06-01")
	require.Contains(t, ana.get("/onboarding").body, "3 of 4 done")
	o, _ := w.firstOrder()
	w.Assigned(t, w.Licences(t, o)[0], room)
	last := ana.get("/onboarding").body
	require.Contains(t, last, "4 of 4 done")
	require.NotContains(t, last, "#circle-dot")
	require.NotContains(t, ana.get("/").body, "Getting started</h2>", "what is done leaves the start page")

	gil, _ := w.site("gil@globex.example")
	require.Contains(t, gil.get("/onboarding").body, "0 of 4 done", "another account's rooms count for nothing")
}

func TestR42_ANewRoleDoesNotLiftASuspension(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	bruno := w.member(inv.AccountID, "bruno@acme.example", identity.RoleReadOnly)
	id := w.memberIDs(inv.AccountID)["bruno@acme.example"]
	_, err := w.ChangeMembership(w.as(rules.OperatorAgent), id, identity.RoleReadOnly, rules.MembershipSuspended,
		"dispute")
	require.NoError(t, err)
	require.Equal(t, 403, bruno.get("/").status)
	require.Contains(t, ana.post("/colleagues/"+id+"/role", "role", "ADMIN").body, "Access suspended")
	require.Equal(t, 403, bruno.get("/").status)
}

func TestR117b_InvitationsThatNeedAnotherTryAreShown(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	gone := w.pending(inv.AccountID, "gone@acme.example")
	lost := w.pending(inv.AccountID, "lost@acme.example")
	pool, err := w.Pool()
	require.NoError(t, err)
	_, err = pool.Exec("UPDATE invitations SET state = CASE id WHEN '" + gone.ID +
		"' THEN 'EXPIRED' ELSE 'BOUNCED' END WHERE id IN ('" + gone.ID + "','" + lost.ID + "')")
	require.NoError(t, err)
	page := ana.get("/colleagues").body
	require.Contains(t, page, "Expired on 23 December 2026")
	require.Contains(t, page, "could not be delivered")
	for _, i := range []identity.Invitation{gone, lost} {
		require.Equal(t, 200, ana.post("/colleagues/invitations/"+i.ID+"/resend").status)
	}
}
