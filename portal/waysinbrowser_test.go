package portal

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/provisioning"
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// Every state of the pages about who else gets in, in a browser: the company's own sign-in from
// nothing to a sign-in that is refused, the directory, and partners on both sides.
func TestEachWayInInABrowser(t *testing.T) {
	eachScreen(t, "waysin", []look{{"en", 1280}, {"pt-BR", 390}}, (*screen).waysIn)
}

func (s *screen) waysIn() {
	c := newCompany(s.world)
	s.open("/sign-in?lang=" + s.locale)
	s.signIn("ana.souza@acme.example")
	s.looksAt("/directory")
	s.looksAt("/directory/requests")
	s.looksAt(partnersPath)
	s.setsOwnSignInUp(c)
	s.connectsDirectory(c.account)
	s.signOut()
	s.refusedAtCompany(c)
}

// looksAt opens a page, and checks it at each width.
func (s *screen) looksAt(path string) {
	s.t.Helper()
	s.open(path)
	s.check(path)
	s.fits(path)
}

// answers sends a form, and checks what it answers at each width.
func (s *screen) answers(name, path string, fields ...string) {
	s.t.Helper()
	s.send(path, fields)
	s.check(path + "-" + name)
	s.fits(path)
}

func (s *screen) setsOwnSignInUp(c *company) {
	s.portal.freshFor = 0
	s.looksAt(ownSignInPath)
	s.answers("guess", ownSignInPath, "act", "prove", "password", "a guess")
	s.portal.freshFor = freshFor
	s.send(ownSignInPath, []string{"act", "prove", "password", goodPassword})
	s.looksAt(ownSignInPath)
	s.answers("wrong-domain", ownSignInPath, "act", "domain", "domain", "gmail.com")
	s.answers("domain", ownSignInPath, "act", "domain", "domain", "acme.example")
	settings, err := s.SSO.SettingsOf(storetest.Customer(c.account), c.account)
	require.NoError(s.t, err)
	domain := settings.Domains[0]
	s.answers("no-record", ownSignInPath, "act", "check", "domain", domain.ID)

	s.answers("wrong-provider", ownSignInPath, "act", "provider", "issuer", "https://10.0.0.1",
		"client", "roomcover", "secret", "hush")
	provider := []string{"act", "provider", "issuer", c.issuer.URL, "client", "roomcover", "secret"}
	s.answers("provider", ownSignInPath, append(provider, "wrong")...)
	settings, err = s.SSO.SettingsOf(storetest.Customer(c.account), c.account)
	require.NoError(s.t, err)
	draft := settings.Connections[0]
	s.answers("untried", ownSignInPath, "act", "enable", "connection", draft.ID)
	s.looksAt(ownSignInPath + "/" + draft.ID + "/try")
	s.send(ownSignInPath, append(provider, "hush"))
	s.looksAt(ownSignInPath + "/" + draft.ID + "/try")
	s.looksAt(ownSignInPath)
	c.zone["acme.example"] = []string{domain.Record()}
	s.answers("proved", ownSignInPath, "act", "check", "domain", domain.ID)
	s.looksAt(ownSignInPath + "/" + draft.ID + "/try")
	s.looksAt(ownSignInPath)
	s.answers("on", ownSignInPath, "act", "enable", "connection", draft.ID)

	s.answers("saml", ownSignInPath, "act", "saml")
	s.answers("wrong-metadata", ownSignInPath, "act", "metadata", "xml", "<nothing/>")
	s.looksAt(ownSignInPath + "/" + domain.ID + "/remove")
	s.looksAt(ownSignInPath + "/" + draft.ID + "/remove")
}

func (s *screen) connectsDirectory(accountID string) {
	s.answers("token", "/directory", "once", "once_1")
	token, grant := s.directory(accountID)
	acc, err := s.GetAccount(s.Context, accountID)
	require.NoError(s.t, err)
	from := provisioning.Directory{OrgID: acc.ParentOrgID, TokenID: token}
	for _, r := range []provisioning.Request{
		{
			Method: "POST", Address: "/scim/v2/Users", Status: 201, Outcome: "PERSON_CREATED",
			Body: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"` +
				longEmail + `"}`,
		},
		{
			Method: "POST", Address: "/scim/v2/Users", Status: 400, Outcome: "REFUSED_NOT_PROVED",
			Detail: "The domain is not proved.", Ignored: "shoeSize, name.middleName",
			Body: `{"userName":"` + longEmail + `"}`,
		},
	} {
		require.NoError(s.t, s.Provisioning.Record(s.Context, from, r))
	}
	s.looksAt("/directory")
	s.looksAt("/directory/requests")
	s.looksAt("/directory/tokens/" + token + "/revoke")
	s.looksAt("/directory/groups/" + grant + "/remove")
}

// refusedAtCompany signs in where the company has its own sign-in, and comes back as somebody
// whom nobody has invited.
func (s *screen) refusedAtCompany(c *company) {
	s.looksAt("/sign-in")
	s.answers("company", "/sign-in", "email", "eva@acme.example")
	s.answers("password", "/sign-in", "email", "eva@elsewhere.example")
	settings, err := s.SSO.SettingsOf(storetest.Customer(c.account), c.account)
	require.NoError(s.t, err)
	var live sso.Connection
	for _, one := range settings.Connections {
		if one.State.Live() {
			live = one
		}
	}
	s.looksAt(callbackPath)
	s.looksAt("/sso/unknown")
	s.send("/sign-in", []string{"email", "eva@acme.example"}) // the provider is told
	s.looksAt("/sso/" + live.Slug)
}

// partnerOf makes a service partner of the people of an account, of a new one where
// none is given, and returns that account.
func (w *world) partnerOf(name, accountID string) (home string) {
	w.t.Helper()
	if accountID == "" {
		acc, err := w.CreateAccount(w.as(rules.OperatorAgent),
			rules.Party{Company: name, Address: storetest.Form("x").EndCustomer.Address},
			"", account.ModeSite)
		require.NoError(w.t, err)
		accountID = acc.ID
	}
	org, err := w.PutOrg(w.as(rules.OperatorAgent), account.OrgChange{
		Kind: account.OrgPartner, Name: name, Country: "BR",
	})
	require.NoError(w.t, err)
	_, err = w.MakePartner(w.as(rules.OperatorAgent), org.ID, accountID, "their contract")
	require.NoError(w.t, err)
	return accountID
}

// fullDelegations has partners that act for the account, that ask to and that did, and makes the
// account itself a partner with customers of each kind. It returns the ids by path, and the base
// of a customer's pages.
func (w *world) fullDelegations(accountID, admin string) (ids map[string]string, base string) {
	w.t.Helper()
	terms := identity.DelegationTerms{Role: identity.RoleAdmin, Days: 365}
	last := func() string {
		return w.Strings(w.t, "SELECT id FROM delegations ORDER BY asked_at DESC, id DESC")[0]
	}
	acts := func(customer, name, home string) string {
		d, err := w.People.AskPartner(storetest.Customer(customer), customer, name, terms)
		require.NoError(w.t, err)
		_, err = w.People.AnswerDelegation(storetest.Customer(home), d.ID, true)
		require.NoError(w.t, err)
		return d.ID
	}
	ids = map[string]string{}

	home := w.partnerOf("Parceira Ltda", "")
	w.member(home, "pia@parceira.example", identity.RoleAdmin)
	acting := acts(accountID, "Parceira Ltda", home)
	ids[partnersPath+"/:id/end"] = acting
	ids[partnersPath+"/:id/sites"] = acting
	ids[partnerKeyPath+"/:id/revoke"] = w.partnerKey(accountID, acting)
	second := w.partnerOf("Segunda Ltda", "")
	require.NoError(w.t, w.People.AskCustomer(storetest.Customer(second), second, admin, terms))
	ids[partnersPath+"/:id/approve"] = last()
	ids[partnersPath+"/:id/refuse"] = last()
	third := w.partnerOf("Terceira Ltda", "")
	over := acts(accountID, "Terceira Ltda", third)
	_, err := w.People.EndDelegation(storetest.Customer(accountID), over, "")
	require.NoError(w.t, err)

	w.partnerOf("Quarta Ltda", accountID)
	customer := func(name string) string {
		acc, err := w.CreateAccount(w.as(rules.OperatorAgent),
			rules.Party{Company: name, Address: storetest.Form("x").EndCustomer.Address},
			"", account.ModeSite)
		require.NoError(w.t, err)
		return acc.ID
	}
	served := customer("Delta Ltda")
	w.Room(w.t, served, "Sala Ipê")
	ids[customersPath+"/:id/end"] = acts(served, "Quarta Ltda", accountID)
	ids[customersPath+"/:id/keys"] = ids[customersPath+"/:id/end"]
	asking := customer("Epsilon Ltda")
	d, err := w.People.AskPartner(storetest.Customer(asking), asking, "Quarta Ltda", terms)
	require.NoError(w.t, err)
	ids[customersPath+"/:id/approve"] = d.ID
	ids[customersPath+"/:id/refuse"] = d.ID
	return ids, forPrefix + served
}
