package portal

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web/crawltest"
)

// delegates are a customer and a service partner, each with somebody signed in.
type delegates struct {
	ana, pia *guest
	customer string // account
	home     string // of the partner's people
	partner  string // organisation
	base     string // of the addresses of the customer's pages
	piaID    string
}

// partnered has a customer, Acme, and a service partner, Parceira, without a delegation. Who
// administers at the partner has a second factor.
func (w *world) partnered() delegates {
	w.t.Helper()
	var d delegates
	var inv identity.Invitation
	d.ana, inv = w.admin()
	d.customer = inv.AccountID
	d.base = forPrefix + d.customer

	acc, err := w.CreateAccount(w.as(rules.OperatorAgent),
		rules.Party{Company: "Parceira Ltda", Address: storetest.Form("x").EndCustomer.Address},
		"", account.ModeSite)
	require.NoError(w.t, err)
	d.home = acc.ID
	org, err := w.PutOrg(w.as(rules.OperatorAgent), account.OrgChange{
		Kind: account.OrgPartner, Name: "Parceira Ltda", Country: "BR",
	})
	require.NoError(w.t, err)
	d.partner = org.ID
	_, err = w.MakePartner(w.as(rules.OperatorAgent), org.ID, acc.ID, "their contract")
	require.NoError(w.t, err)
	d.pia = w.member(acc.ID, "pia@parceira.example", identity.RoleAdmin)
	u, err := w.UserByEmail(w.Context, "pia@parceira.example")
	require.NoError(w.t, err)
	d.piaID = u.ID
	d.pia.setsAppUp()
	return d
}

// delegated is partnered with a delegation, made in the portal by both sides.
func (w *world) delegated(role identity.MemberRole) delegates {
	w.t.Helper()
	d := w.partnered()
	asked := d.ana.post(partnersPath, "partner", "Parceira Ltda", "role", string(role),
		"days", "365")
	require.Equal(w.t, 200, asked.status, asked.body)
	request := w.Strings(w.t, "SELECT id FROM delegations WHERE state = 'PROPOSED'")[0]
	accepted := d.pia.post(customersPath + "/" + request + "/approve")
	require.Equal(w.t, customersPath, accepted.path)
	require.Contains(w.t, accepted.body, "Acme Ltda")
	return d
}

// delegationID is the delegation that there is.
func (w *world) delegationID() string {
	w.t.Helper()
	return w.Strings(w.t, "SELECT id FROM delegations ORDER BY id DESC")[0]
}

// R41a, R41b, R41d, S51: a customer asks, the partner accepts and acts in the customer's pages,
// the customer ends it, and the next request finds nothing.
func TestR41a_R41b_R41d_S51_APartnerActsUntilTheCustomerEndsIt(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		d := w.delegated(identity.RoleAdmin)
		room := w.Room(t, d.customer, "Sala Ipê")

		page := d.pia.get(d.base + roomsPath)
		require.Equal(t, 200, page.status)
		require.Contains(t, page.body, "Sala Ipê")
		require.Contains(t, page.body, "You act for Acme Ltda, as a person of Parceira Ltda.")
		require.NotContains(t, d.pia.get(roomsPath).body, "Sala Ipê", "at home")
		one := d.pia.get(d.base + "/rooms/" + room.ID)
		require.Equal(t, 200, one.status)
		require.Contains(t, one.body, `href="`+d.base+"/rooms/"+room.ID)
		changed := d.pia.post(d.base+"/rooms/new", "room", "Sala Angico", "site", "Paulista",
			"country", "BR", "region", "SP", "platform", "OTHER", "criticality", "HIGH", "once", "once_1")
		require.Equal(t, 200, changed.status, changed.body)
		require.True(t, strings.HasPrefix(changed.path, d.base+"/"), changed.path)

		own := d.ana.get(partnersPath).body
		require.Contains(t, own, "Parceira Ltda")
		require.Contains(t, own, "last changed something")
		list := d.ana.get(activityPath).body
		require.Contains(t, list, "(Parceira Ltda)")

		asks := d.ana.get(partnersPath + "/" + w.delegationID() + "/end")
		require.Contains(t, asks.body, "with their next click")
		d.ana.post(partnersPath+"/"+w.delegationID()+"/end", "confirmed", "yes")
		for _, path := range []string{roomsPath, "/rooms/" + room.ID, "/tickets"} {
			gone := d.pia.get(d.base + path)
			random := d.pia.get(forPrefix + "acc_00000000000000000000000000" + path)
			require.Equal(t, 404, gone.status, path)
			require.Equal(t, 404, random.status, path)
			require.Equal(t, random.body, gone.body, path)
		}
		require.Equal(t, 404, d.pia.post(d.base+"/rooms/new", "room", "X").status)
	})
}

// R41e: each entry says who, of which partner, for which account.
func TestR41e_TheAuditNamesPersonPartnerAndAccount(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		d := w.delegated(identity.RoleAdmin)
		room := w.Room(t, d.customer, "Sala Ipê")
		r := d.pia.post(d.base+"/rooms/"+room.ID+"/archive", "version", "1", "confirmed", "yes")
		require.Equal(t, 200, r.status, r.body)
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'room.archived' "+
			"AND actor_id = '"+d.piaID+"' AND actor_role = 'PARTNER_ADMIN' AND acting_org = '"+d.partner+
			"' AND on_behalf_of = '"+d.customer+"' AND account_id = '"+d.customer+"'"))
	})
}

// R41c, R41b: any account without a delegation is a page that does not exist, the partner's
// colleagues included, and so is what is never delegated.
func TestR41c_WhatIsNotDelegatedDoesNotExist(t *testing.T) {
	w := newWorld(t)
	d := w.delegated(identity.RoleAdmin)
	gil, globex := w.site("gil@globex.example")
	for _, id := range []string{globex.ID, d.home, "acc_missing", "x", "acc_1;"} {
		require.Equal(t, 404, d.pia.get(forPrefix+id+roomsPath).status, id)
	}
	require.Equal(t, 404, gil.get(d.base+roomsPath).status)
	require.Equal(t, 404, d.ana.get(d.base+roomsPath).status, "the customer's own are at home")
	require.Equal(t, "/sign-in", w.guest().get(d.base+roomsPath).path)

	for _, r := range routes() {
		if r.delegable() || r.path == "/" {
			continue
		}
		path := d.base + strings.ReplaceAll(r.path, ":id", "dlg_1")
		got := 0
		if r.method == get {
			got = d.pia.get(path).status
		} else {
			got = d.pia.post(path).status
		}
		require.Contains(t, []int{404, 405}, got, r.method+" "+r.path)
	}
}

// R42, RULES 4: a partner who reads changes nothing, and is offered nothing that changes.
func TestR42_R55a_APartnerWhoReadsChangesNothing(t *testing.T) {
	w := newWorld(t)
	d := w.delegated(identity.RoleReadOnly)
	forms := w.formsOf(d.customer)
	before := w.Count(t, "SELECT count(*) FROM audit_events")
	for _, r := range routes() {
		form, known := forms[r.path]
		if r.method != post || !r.delegable() || !known {
			continue
		}
		refused := d.pia.post(d.base+form[0], form[1:]...)
		require.Equal(t, 403, refused.status, r.path)
	}
	require.Equal(t, before, w.Count(t, "SELECT count(*) FROM audit_events"))
	require.Equal(t, 403, d.pia.get(d.base+newTicketPath).status, "before anything is typed")
	require.NotContains(t, d.pia.get(d.base+ticketsPath).body, newTicketPath)
	for _, path := range []string{roomsPath, devicesPath, ticketsPath, "/replacements", "/sites", "/spares"} {
		page := d.pia.get(d.base + path)
		require.Equal(t, 200, page.status, path)
		for _, form := range regexp.MustCompile(`method="post" action="([^"]*)"`).FindAllStringSubmatch(page.body, -1) {
			require.NotContains(t, form[1], forPrefix, path)
		}
	}
}

// R42: a partner who administers may what RULES 4 lets one.
func TestR42_APartnerWhoAdministersChangesWhatIsDelegated(t *testing.T) {
	w := newWorld(t)
	d := w.delegated(identity.RoleAdmin)
	forms := w.formsOf(d.customer)
	tried := 0
	for _, r := range routes() {
		form, known := forms[r.path]
		if r.method != post || !r.delegable() || !known {
			continue
		}
		tried++
		require.Equal(t, 200, d.pia.post(d.base+form[0], form[1:]...).status, r.path)
	}
	require.Greater(t, tried, 15)
}

// S52: without a second factor nobody administers for a customer, and the page says why.
func TestS52_WithoutASecondFactorAPartnerReads(t *testing.T) {
	w := newWorld(t)
	d := w.delegated(identity.RoleAdmin)
	require.NoError(t, w.Exec("UPDATE users SET totp_secret = ''"))
	page := d.pia.get(d.base + roomsPath)
	require.Equal(t, 200, page.status)
	require.Contains(t, page.body, "You can only read")
	require.Contains(t, page.body, `href="/me">Set one up`)
	refused := d.pia.post(d.base+"/rooms/new", "room", "X")
	require.Equal(t, 403, refused.status)
	require.Contains(t, refused.body, "A second factor is missing")
}

// S52: who lets a partner in has proved lately who they are, with all that they have.
func TestS52_LettingAPartnerInAsksForThePassword(t *testing.T) {
	w := newWorld(t)
	d := w.partnered()
	w.portal.freshFor = 0
	form := []string{"partner", "Parceira Ltda", "role", "READ_ONLY", "days", "30"}
	r := d.ana.post(partnersPath, form...)
	require.Equal(t, 422, r.status)
	require.Zero(t, w.Count(t, "SELECT count(*) FROM delegations"))
	require.Equal(t, 200, d.ana.post(partnersPath, append(form, "password", goodPassword)...).status)
	id := w.delegationID()
	half := d.pia.post(customersPath+"/"+id+"/approve", "password", goodPassword)
	require.Equal(t, 422, half.status, "she has a second factor")
	w.portal.freshFor = freshFor
	require.Equal(t, 200, d.pia.post(customersPath+"/"+id+"/approve").status)
	require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM delegations WHERE state = 'ACTIVE'"))
	w.portal.freshFor = 0
	require.Equal(t, provePath, d.ana.post(partnersPath+"/"+id+"/sites").path)
}

// R41c: the answer to a partner who asks is the same, whether there is such a customer.
func TestR41c_S51_APartnerAsksWithoutLearningWhoIsACustomer(t *testing.T) {
	w := newWorld(t)
	d := w.partnered()
	form := []string{"role", "READ_ONLY", "days", "30"}
	known := d.pia.post(customersPath, append(form, "email", anaMail)...)
	unknown := d.pia.post(customersPath, append(form, "email", "nobody@nowhere.example")...)
	require.Equal(t, known.body, unknown.body)
	require.NotContains(t, known.body, "Acme")

	require.Contains(t, d.ana.get(partnersPath).body, "Asks for 30 days.")
	id := w.delegationID()
	require.Equal(t, 404, d.pia.get(customersPath+"/"+id+"/end").status)
	require.Contains(t, d.ana.get(partnersPath+"/"+id+"/approve").body, "Let Parceira Ltda act for you?")
	require.Equal(t, partnersPath, d.ana.post(partnersPath+"/"+id+"/approve").path)
	require.Contains(t, d.pia.get(customersPath).body, "Acme Ltda")
	require.Equal(t, 404, d.ana.get(customersPath).status, "she is of no partner")
}

// S51, R41c: the start page of who answers a request leads to it, on both sides, and says when
// access ends soon; readers, and who asked, are told nothing.
func TestS51_R41c_TheStartPageLeadsToTheRequestThatWaits(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		d := w.partnered()
		rita := w.member(d.home, "rita@parceira.example", identity.RoleReadOnly)
		leo := w.member(d.customer, "leo@acme.example", identity.RoleReadOnly)

		d.pia.post(customersPath, "email", anaMail, "role", "READ_ONLY", "days", "30")
		asked := d.ana.get("/")
		require.Contains(t, toDoList(asked.body),
			"Answer the request of Parceira Ltda to act for your company (Read-only)")
		require.Contains(t, asked.body, partnersPath+"/"+w.delegationID()+"/approve")
		require.Contains(t, toDoList(d.ana.get("/?lang=pt-BR").body),
			"Responder ao pedido da Parceira Ltda para atuar pela sua empresa")
		d.ana.get("/?lang=en")
		for _, g := range []*guest{d.pia, rita, leo} {
			require.NotContains(t, toDoList(g.get("/").body), "Answer the request")
		}
		d.ana.post(partnersPath+"/"+w.delegationID()+"/refuse", "confirmed", "yes")
		require.NotContains(t, toDoList(d.ana.get("/").body), "Parceira")

		d.ana.post(partnersPath, "partner", "Parceira Ltda", "role", "READ_ONLY", "days", "30")
		offered := w.withinBudget(d.pia, "/")
		require.Contains(t, toDoList(offered.body),
			"Answer the request of Acme Ltda that your company acts for it (Read-only)")
		require.NotContains(t, toDoList(rita.get("/").body), "Acme")
		require.Equal(t, customersPath,
			d.pia.post(customersPath+"/"+w.delegationID()+"/approve").path)
		require.NotContains(t, toDoList(d.pia.get("/").body), "Acme")

		w.Calendar.Set(w.Calendar.Now().AddDate(0, 0, 26))
		require.Contains(t, toDoList(d.ana.get("/").body),
			"The access of Parceira Ltda to your account ends soon")
		require.Contains(t, toDoList(d.pia.get("/").body),
			"Your access to the account of Acme Ltda ends soon")
		require.NotContains(t, toDoList(leo.get("/").body), "ends soon")
	})
}

// R47c: right after accepting an invitation, the way to a partner is there.
func TestR47c_APartnerIsOfferedRightAfterAccepting(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.admin()
	require.Contains(t, ana.get("/").body, `href="/partners"`)
	require.Contains(t, ana.get(partnersPath).body, `name="partner"`)
}

// A partner's list of its customers costs the same, however many there are.
func TestR41b_AListOf200CustomersIsFewStatements(t *testing.T) {
	w := newWorld(t)
	d := w.delegated(identity.RoleReadOnly)
	for range 199 {
		acc, err := w.CreateAccount(w.as(rules.OperatorAgent),
			rules.Party{Company: "Globex", Address: storetest.Form("x").EndCustomer.Address}, "",
			account.ModeSite)
		require.NoError(t, err)
		require.NoError(t, w.Exec("INSERT INTO delegations SELECT 'dlg_' || '"+acc.ID+"', '"+acc.ID+
			"', partner_org_id, role, state, days, asked_side, asked_by, asked_at, answer_until, "+
			"answered_by, starts_at, ends_at, closed_side, closed_by, closed_at, sites FROM delegations "+
			"WHERE account_id = '"+d.customer+"'"))
	}
	d.pia.get(customersPath)
	w.Statements.Reset()
	page := d.pia.get(customersPath)
	list := slices.DeleteFunc(w.Statements.List(), func(sql string) bool {
		return strings.Contains(sql, "set_config(") || strings.HasPrefix(sql, "SET LOCAL")
	})
	require.LessOrEqual(t, len(list), pageStatements, "%v", list)
	require.Equal(t, mostActive, strings.Count(page.body, `class="btn" href="`+forPrefix))
	require.Less(t, len(page.body), 60<<10)

	older := regexp.MustCompile(`href="(/customers\?after=[^"]*)" rel="next"`)
	seen, pages := map[string]bool{}, 1
	for ; ; pages++ {
		opens := regexp.MustCompile(`class="btn" href="(/for/[^"]*)"`)
		for _, m := range opens.FindAllStringSubmatch(page.body, -1) {
			seen[m[1]] = true
		}
		next := older.FindStringSubmatch(page.body)
		if next == nil {
			break
		}
		page = d.pia.get(next[1])
	}
	require.Len(t, seen, 200)
	require.Equal(t, 4, pages)
}

// R41e, R41d: rooms of a file are the partner's doing in the audit as well, and a file goes no
// further than the delegation by which it came.
func TestR41d_R41e_AFileOfAPartnerIsTheirDoingAndEndsWithTheDelegation(t *testing.T) {
	w := newWorld(t)
	d := w.delegated(identity.RoleAdmin)
	sent := d.pia.upload(d.base+importPath, "salas.csv", []byte(twoRows), "do", "import")
	require.Equal(t, 200, sent.status, sent.body)
	w.works(sent)
	require.Equal(t, 2, w.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'room.created' "+
		"AND actor_id = '"+d.piaID+"' AND actor_role = 'PARTNER_ADMIN' AND acting_org = '"+d.partner+
		"' AND on_behalf_of = '"+d.customer+"'"))

	more := strings.ReplaceAll(twoRows, "Sala", "Outra")
	sent = d.pia.upload(d.base+importPath, "mais.csv", []byte(more), "do", "import")
	id := sent.path[strings.LastIndexByte(sent.path, '/')+1:]
	d.ana.post(partnersPath+"/"+w.delegationID()+"/end", "confirmed", "yes")
	job, err := w.Jobs.GetImport(w.Context, id, true)
	require.NoError(t, err)
	job.State = importjob.ImportStoring
	require.NoError(t, w.Jobs.ImportProgress(w.Context, job))
	rows := []entitlement.RoomOfFile{{No: 2}}
	_, err = w.CheckRooms(w.Context, job, rows)
	storetest.RequireCode(t, rules.Forbidden, err)
	job, err = w.StoreRooms(w.Context, job, rows)
	require.NoError(t, err)
	require.Equal(t, importjob.ImportFailed, job.State)
	require.Equal(t, 2, w.Count(t, "SELECT count(*) FROM rooms"))
}

// R41, S47: who is told of a ticket and who else sees it stays with the customer; a partner is
// offered none of it, and refused.
func TestR41_S47_APartnerChangesNotWhoSeesATicket(t *testing.T) {
	w := newWorld(t)
	d := w.delegated(identity.RoleAdmin)
	forms := map[string][]string{}
	w.ticketForms(d.customer, forms)
	session := forms[ticketsPath+"/:id/session"][0]
	page := d.pia.get(d.base + strings.TrimSuffix(session, "/session"))
	require.Equal(t, 200, page.status)
	for _, none := range []string{`/watchers"`, `/guests"`} {
		require.NotContains(t, page.body, none)
	}
	require.Equal(t, 404,
		d.pia.post(d.base+session, "act", actUninvite, "guest", "par_missing").status)
}

// partnerIn makes a service partner of a name, with the account of its people.
func (w *world) partnerIn(name, accountID string) account.Org {
	w.t.Helper()
	org, err := w.PutOrg(w.as(rules.OperatorAgent), account.OrgChange{
		Kind: account.OrgPartner, Name: name, Country: "BR",
	})
	require.NoError(w.t, err)
	_, err = w.MakePartner(w.as(rules.OperatorAgent), org.ID, accountID, "their contract")
	require.NoError(w.t, err)
	return org
}

// requestTo is a request that waits for the account's answer, as its customer.
func (w *world) requestTo(accountID, name string) (org account.Org, id string) {
	w.t.Helper()
	acc, err := w.CreateAccount(w.as(rules.OperatorAgent),
		rules.Party{Company: name, Address: storetest.Form("x").EndCustomer.Address}, "",
		account.ModeSite)
	require.NoError(w.t, err)
	org = w.partnerIn(name, acc.ID)
	id = db.NewID(db.PrefixDelegation)
	w.storeDelegation(id, accountID, org.ID, "PARTNER", "PROPOSED")
	return org, id
}

func (w *world) storeDelegation(id, accountID, orgID, side, state string) {
	w.t.Helper()
	now := w.DB.Now()
	d := identity.Delegation{
		ID:           id,
		AccountID:    accountID,
		PartnerOrgID: orgID,
		Role:         identity.RoleReadOnly,
		State:        identity.DelegationState(state),
		Days:         30,
		AskedSide:    identity.DelegationSide(side),
		AskedBy:      "usr_x",
		AskedAt:      now,
		AnswerUntil:  now.AddDate(0, 0, 90),
	}
	if state == "ACTIVE" {
		end := now.AddDate(0, 0, 30)
		d.StartsAt, d.EndsAt = &now, &end
	}
	require.NoError(w.t, w.DB.Write(w.Context, func(tx *db.Tx) error {
		return tx.Create(&d).Error
	}))
}

// delegationForms are the forms about partners, and, as the account is one too, about its
// customers: each one is right and works once.
func (w *world) delegationForms(accountID string, forms map[string][]string) {
	w.t.Helper()
	_, approved := w.requestTo(accountID, "Parceira Um")
	_, refused := w.requestTo(accountID, "Parceira Dois")
	active, ended := w.requestTo(accountID, "Parceira Três")
	require.NoError(w.t, w.Exec("DELETE FROM delegations WHERE id = '"+ended+"'"))
	w.storeDelegation(ended, accountID, active.ID, "CUSTOMER", "ACTIVE")
	free, gone := w.requestTo(accountID, "Parceira Quatro")
	require.NoError(w.t, w.Exec("DELETE FROM delegations WHERE id = '"+gone+"'"))
	forms[partnersPath] = []string{
		partnersPath, "partner", free.Name, "role", "READ_ONLY", "days", "30",
	}
	forms["/partners/:id/approve"] = []string{"/partners/" + approved + "/approve"}
	forms["/partners/:id/sites"] = []string{"/partners/" + ended + "/sites"}
	forms["/partners/keys/:id/revoke"] = []string{
		partnerKeyPath + "/" + w.partnerKey(accountID, ended) + "/revoke", "confirmed", "yes",
	}
	forms["/partners/:id/refuse"] = []string{"/partners/" + refused + "/refuse", "confirmed", "yes"}
	forms["/partners/:id/end"] = []string{"/partners/" + ended + "/end", "confirmed", "yes"}

	own := w.partnerIn("Acme Serviços", accountID)
	asked := func(state string) string {
		acc, err := w.CreateAccount(w.as(rules.OperatorAgent),
			rules.Party{Company: "Globex", Address: storetest.Form("x").EndCustomer.Address}, "",
			account.ModeSite)
		require.NoError(w.t, err)
		id := db.NewID(db.PrefixDelegation)
		w.storeDelegation(id, acc.ID, own.ID, "CUSTOMER", state)
		return id
	}
	forms[customersPath] = []string{
		customersPath, "email", "nobody@nowhere.example", "role", "READ_ONLY", "days", "30",
	}
	forms["/customers/:id/approve"] = []string{"/customers/" + asked("PROPOSED") + "/approve"}
	forms["/customers/:id/keys"] = []string{
		"/customers/" + asked("ACTIVE") + "/keys", "label", "Monitoring", "role", "PARTNER_READ_ONLY",
	}
	forms["/customers/:id/refuse"] = []string{
		"/customers/" + asked("PROPOSED") + "/refuse", "confirmed", "yes",
	}
	forms["/customers/:id/end"] = []string{
		"/customers/" + asked("ACTIVE") + "/end", "confirmed", "yes",
	}
}

// partnerKey is a key by which a partner acts for an account, by a delegation that there is.
func (w *world) partnerKey(accountID, delegationID string) string {
	w.t.Helper()
	org := w.Strings(w.t, "SELECT partner_org_id FROM delegations WHERE id = '"+delegationID+"'")[0]
	maker := w.Strings(w.t, "SELECT id FROM users ORDER BY id")[0]
	t := identity.APIToken{
		ID:           db.NewID(db.PrefixToken),
		OrgID:        org,
		Role:         rules.PartnerReadOnly,
		AccountID:    &accountID,
		DelegationID: &delegationID,
		Label:        "Monitoring",
		Prefix:       "rct_abcdef",
		Hash:         db.NewID("hash"),
		CreatedAt:    db.RealNow(),
		CreatedBy:    maker,
		ExpiresAt:    db.RealNow().AddDate(0, 0, 30),
	}
	require.NoError(w.t, w.DB.Write(w.Context, func(tx *db.Tx) error {
		return tx.Omit("Org").Create(&t).Error
	}))
	return t.ID
}

// S51: who is delegated some sites finds nothing of the others: not a page, a form, a file or a
// name in a list; what is about the account as a whole is not there.
func TestS51_AtOtherSitesAPartnerFindsNothing(t *testing.T) {
	w := newWorld(t)
	d := w.delegated(identity.RoleAdmin)
	forms := w.formsOf(d.customer)
	w.Site(t, d.customer, "Filial", "BR", "RJ")
	limited := d.ana.post(partnersPath+"/"+w.delegationID()+"/sites", "site", "Filial")
	require.Equal(t, partnersPath, limited.path)
	require.Contains(t, limited.body, "Only at: Filial")

	const did = "SELECT verb FROM audit_events WHERE on_behalf_of <> ''"
	before := w.Strings(t, did)
	tried := 0
	for _, r := range routes() {
		form, known := forms[r.path]
		if !known || !r.delegable() {
			continue
		}
		tried++
		got := 0
		if r.method == get {
			got = d.pia.get(d.base + form[0]).status
		} else {
			got = d.pia.post(d.base+form[0], form[1:]...).status
		}
		switch {
		case strings.Contains(r.path, ":id") || r.wholeAccount():
			require.Equal(t, 404, got, r.method+" "+r.path)
		case r.method == post:
			require.GreaterOrEqual(t, got, 400, r.path)
		}
	}
	require.Greater(t, tried, 20)
	require.ElementsMatch(t, before, w.Strings(t, did))

	names := w.Strings(t, "SELECT name FROM rooms WHERE name <> '' UNION SELECT serial FROM devices "+
		"WHERE serial <> '' UNION SELECT number FROM tickets UNION SELECT number FROM rmas")
	for _, path := range []string{"/", roomsPath, devicesPath, ticketsPath, "/replacements", "/sites",
		newRoomPath, newDevicePath, newTicketPath, "/replacements/request", assignPath,
	} {
		page := d.pia.get(d.base + path)
		require.Equal(t, 200, page.status, path)
		for _, name := range names {
			require.NotContains(t, page.body, name, path)
		}
	}
	for _, path := range []string{"/service-orders", contractsPath, "/spares", importPath, "/sites/new"} {
		require.Equal(t, 404, d.pia.get(d.base+path).status, path)
	}
	room := d.pia.post(d.base+newRoomPath, "room", "Sala Filial", "site", "filial", "country", "BR",
		"region", "RJ", "platform", "OTHER", "criticality", "HIGH", "once", "once_f")
	require.Equal(t, 200, room.status, room.body)
	require.Contains(t, d.pia.get(d.base+roomsPath).body, "Sala Filial")
}

// R41b, R41e: a partner's administrator makes a key for one customer, whose people see and revoke
// it.
func TestR41b_R41e_AKeyOfAPartnerIsSeenByBothSides(t *testing.T) {
	w := newWorld(t)
	d := w.delegated(identity.RoleAdmin)
	keys := customersPath + "/" + w.delegationID() + "/keys"
	require.Equal(t, 404, d.ana.get(keys).status)
	made := d.pia.post(keys, "label", "Monitoramento", "role", "PARTNER_ADMIN", "once", "once_k")
	require.Equal(t, 200, made.status, made.body)
	require.Contains(t, made.body, "rct_")
	require.NotContains(t, d.ana.get("/tokens").body, "Monitoramento")

	id := w.Strings(t, "SELECT id FROM api_tokens WHERE delegation_id IS NOT NULL")[0]
	for _, side := range []struct {
		of   *guest
		page string
	}{{d.ana, partnersPath}, {d.pia, customersPath}} {
		page := side.of.get(side.page).body
		require.Contains(t, page, "Monitoramento")
		require.Contains(t, page, partnerKeyPath+"/"+id+"/revoke")
	}
	gil, _ := w.site("gil@globex.example")
	require.Equal(t, 404, gil.post(partnerKeyPath+"/"+id+"/revoke", "confirmed", "yes").status)
	ended := d.ana.post(partnerKeyPath+"/"+id+"/revoke", "confirmed", "yes")
	require.Equal(t, partnersPath, ended.path)
	require.NotContains(t, ended.body, "Monitoramento")
}

// Every address on every page for a customer, in whatever attribute it stands, is one of the
// customer's where a partner's people have that page: a page that is written later and gives an
// address in another way does not slip through.
func TestR41b_EachAddressOfAPageForACustomerIsTheirs(t *testing.T) {
	w := newWorld(t)
	d := w.delegated(identity.RoleAdmin)
	forms := w.formsOf(d.customer)

	begin := []string{d.base + "/"}
	for _, r := range routes() {
		if form, known := forms[r.path]; known && r.delegable() && r.method == get {
			begin = append(begin, d.base+form[0])
		}
	}
	theirs, seen := 0, map[string]bool{}
	crawltest.Crawl(t, begin, func(address string) (int, string, string) {
		path, _, _ := strings.Cut(address, "?")
		own, isTheirs := strings.CutPrefix(path, d.base)
		if !isTheirs {
			return 200, "text/plain", "" // at home
		}
		page := d.pia.get(address)
		media := page.header.Get("Content-Type")
		if strings.HasPrefix(media, "text/html") {
			seen[shapeOf(own)] = true
			theirs += w.addressedTo(d, address, page.body)
		}
		if answersOtherwise[shapeOf(own)] == page.status {
			return 200, media, page.body
		}
		return page.status, media, page.body
	})
	require.Greater(t, theirs, 500)
	require.Greater(t, len(seen), 25, "%v", slices.Sorted(maps.Keys(seen)))
}

// addressedTo counts the addresses of the customer on a page for them; none is the same page of
// the partner's own people. The value of a field is sent to the service, which leads on by itself.
func (w *world) addressedTo(d delegates, address, body string) (theirs int) {
	w.t.Helper()
	page, err := html.Parse(strings.NewReader(body))
	require.NoError(w.t, err)
	for n := range page.Descendants() {
		for _, a := range n.Attr {
			to := strings.TrimSpace(a.Val)
			switch {
			case n.Data == "input" && a.Key == "value":
				continue
			case n.Data == "meta": // such as 3; url=/rooms
				_, to, _ = strings.Cut(to, "url=")
			}
			if i := strings.IndexAny(to, "?#"); i >= 0 {
				to = to[:i]
			}
			require.False(w.t, strings.HasPrefix(to, "/") && delegatedPath(to),
				"%s of %s leads home, on %s", a.Key, to, address)
			if strings.HasPrefix(to, d.base+"/") {
				theirs++
			}
		}
	}
	return theirs
}

// What people write is never taken for an address of ours, whatever it looks like.
func TestR41b_WhatPeopleWriteIsNoAddress(t *testing.T) {
	w := newWorld(t)
	d := w.delegated(identity.RoleAdmin)
	w.Room(t, d.customer, `Sala" href="/rooms`)
	page := d.pia.get(d.base + roomsPath).body
	require.Contains(t, page, `Sala&#34; href=&#34;/rooms`)
	require.NotContains(t, page, `Sala&#34; href=&#34;`+forPrefix)
}
