package portal

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// The widths between which no page scrolls sideways: a small phone, a phone, a tablet, a
// small and a usual laptop, a desktop.
var widths = []int64{320, 390, 768, 1024, 1280, 1440}

// What people really call things, at its longest, and the longest that has no blank.
const (
	longCompany = "Companhia Brasileira de Desenvolvimento Tecnológico, Telecomunicações Integradas e " +
		"Serviços Compartilhados do Nordeste S.A."
	longPerson = "Maria Aparecida Fernandes de Albuquerque Cavalcanti e Vasconcelos Guimarães"
	longEmail  = "maria.aparecida.fernandes.de.albuquerque.cavalcanti.vasconcelos" +
		"@desenvolvimento-tecnologico-e-telecomunicacoes.example"
	longRoom = "Sala de Reuniões Presidente Juscelino Kubitschek de Oliveira – 27º andar, ala norte, " +
		"Donaudampfschifffahrtsgesellschaftskonferenzraum"
	longSerial = "LOGI2026SN0012345678901234567890ABCDEFGHIJ"
	longPlace  = "Centro Empresarial Governador Mário Covas – Avenida Engenheiro Luís Carlos Berrini"
)

// Every page of the portal, and every answer to a form, full of the longest real content: none
// scrolls sideways from 320 to 1,440 pixels with every menu open, none has a style or script of
// its own, and axe finds no fault; on a desk by day in English, on a phone by night in
// Portuguese. The narrowest width is measured in both languages, each other one and axe in one of
// them, in turn.
func TestEveryPageInABrowser(t *testing.T) {
	eachScreen(t, "every", []look{{"en", 1280}, {"pt-BR", 390}}, (*screen).everyPage)
}

func (s *screen) everyPage() {
	scheme := "light"
	if s.width < 768 {
		scheme = "dark"
	}
	_, err := chromedp.Call(s.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	require.NoError(s.t, err)

	full := s.fullAccount()
	s.open("/sign-in?lang=" + s.locale)
	s.signIn(longEmail)
	s.send("/account", []string{"account", full.id})
	for _, path := range full.pages {
		if !strings.Contains(path, os.Getenv("ROOMCOVER_PAGES")) { // those that are worked on
			continue
		}
		s.open(path)
		s.check(path)
		s.fits(path)
	}
	s.answersOf(slices.DeleteFunc(full.answers, func(f formSent) bool {
		return !strings.Contains(f.path, os.Getenv("ROOMCOVER_PAGES"))
	}))

	s.signOut()
	if strings.Contains(codesPath, os.Getenv("ROOMCOVER_PAGES")) {
		s.secondFactorPages()
	}
	for _, path := range s.pagesOutside() {
		s.open(path)
		s.check(path)
		s.fits(path)
	}
	s.answersOf(answersOutside)
}

// secondFactorPages are the pages of who has a second factor, from the sign-in on.
func (s *screen) secondFactorPages() {
	u, err := s.UserByEmail(s.Context, longEmail)
	require.NoError(s.t, err)
	key, sealed := s.People.NewAppKey(u.ID)
	codes, ok, err := s.People.UseApp(s.Context, u.ID, sealed, codeOf(s.t, key, 0), false)
	require.NoError(s.t, err)
	require.True(s.t, ok)

	s.open("/sign-in?lang=" + s.locale)
	s.signIn(longEmail)
	s.check(secondPath)
	s.fits(secondPath)
	s.answersOf([]formSent{
		{secondPath, []string{"code", longSerial}, anError},
		{secondPath, []string{"code", codes[0], "next", codesPath}, "main"},
		{codesPath, nil, aQuestion},
		{codesPath, []string{"confirmed", "yes"}, "main .codes"},
	})
	for _, path := range []string{provePath + "?next=/tokens", mePath} {
		s.open(path)
		s.check(path)
		s.fits(path)
	}
	s.answersOf([]formSent{
		{provePath, []string{"password", "x", "code", longSerial}, anError},
		{factorPath + "/fac_app/remove", nil, aQuestion},
		{factorPath + "/fac_app/remove", []string{"confirmed", "yes"}, "main"},
	})
	s.signOut()
}

// answersOf sends forms, and looks at each answer.
func (s *screen) answersOf(forms []formSent) {
	for _, f := range forms {
		s.send(f.path, f.fields)
		require.True(s.t, s.holds(`document.querySelector("`+f.shows+`") !== null`),
			"the answer of %s to %v shows %s", f.path, f.fields, f.shows)
		s.check(f.path)
		s.fits(f.path)
	}
}

// send sends a form from the page at hand, whatever that page lets a person type.
func (s *screen) send(path string, fields []string) {
	s.t.Helper()
	address, _ := json.Marshal(path)
	pairs, _ := json.Marshal(append([]string{}, fields...))
	sending := chromedp.EvaluateAsDevTools[bool](`((path, fields) => {
		const form = document.createElement("form");
		form.method = "post";
		form.action = path;
		for (let i = 0; i < fields.length; i += 2) {
			const input = document.createElement("input");
			input.type = "hidden";
			input.name = fields[i];
			input.value = fields[i + 1];
			form.append(input);
		}
		document.body.append(form);
		form.submit();
		return true;
	})(` + string(address) + ", " + string(pairs) + ")")
	s.press(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := sending(ctx, t)
		return err
	}))
}

// fits measures the page at hand at every width, but for those that another screen takes.
func (s *screen) fits(name string) {
	s.t.Helper()
	for i, width := range widths {
		if i > 0 && !s.shares(s.n+i) {
			continue
		}
		s.do(chromedp.EmulateViewport(width, 900))
		wide, err := chromedp.Run(s.ctx, chromedp.EvaluateAsDevTools[string](tooWideInPage))
		require.NoError(s.t, err)
		assert.Empty(s.t, wide, "%s, %s at %d", name, s.locale, width)
	}
	s.do(chromedp.EmulateViewport(s.width, 900))
}

// tooWideInPage opens whatever can be opened, and names what sticks out on the right; empty
// where the page fits.
const tooWideInPage = `(() => {
	document.querySelectorAll("details").forEach(d => { d.open = true });
	const all = document.documentElement;
	if (all.scrollWidth <= window.innerWidth) return "";
	return [...document.querySelectorAll("body *")]
		.filter(e => e.getBoundingClientRect().right > window.innerWidth + 0.5 && !e.closest(".nav"))
		.map(e => e.tagName + "." + e.getAttribute("class") + " to " +
			Math.round(e.getBoundingClientRect().right) + ": " + e.textContent.trim().slice(0, 40))
		.slice(0, 8).join("; ") || "width " + all.scrollWidth;
})()`

// formSent is a form that is sent, and what its answer shows: a question, what is wrong, or what
// was done.
type formSent struct {
	path   string
	fields []string
	shows  string // selector
}

// What an answer shows.
const (
	aQuestion = "main .confirm"
	anError   = "[aria-invalid='true'], main .problem, main .wrong"
	aProblem  = "main .head + .note + p .btn"
)

// leadOn are the forms whose answer is a page of another address, where it is looked at, or
// whose question is looked at as the page of its address.
var leadOn = map[string]bool{
	"/replacements/:id/withdraw":         true,
	"/tickets/:id/watchers":              true,
	"/tickets/:id/session":               true,
	"/tickets/:id/cancel":                true,
	"/rooms/:id/help":                    true,
	"/account":                           true,
	"/account/language":                  true,
	myNamePath:                           true,
	myZonePath:                           true,
	"/colleagues/:id/remove":             true,
	"/colleagues/:id/second-factor":      true,
	appKeyPath:                           true, // see secondfactor_test.go
	passkeyPath:                          true,
	"/colleagues/:id/export":             true,
	"/colleagues/invitations/:id/resend": true,
	"/colleagues/invitations/:id/revoke": true,
	"/colleagues/questions/:id/refuse":   true,
	"/tokens/:id/revoke":                 true,
	ownSignInPath + "/:id/remove":        true,
	"/directory/tokens/:id/revoke":       true,
	"/directory/groups/:id/remove":       true,
	"/directory/groups":                  true,
	partnersPath + "/:id/approve":        true,
	partnersPath + "/:id/refuse":         true,
	partnersPath + "/:id/end":            true,
	partnersPath + "/:id/sites":          true,
	partnersPath + "/keys/:id/revoke":    true,
	customersPath + "/:id/keys":          true,
	customersPath + "/:id/approve":       true,
	customersPath + "/:id/refuse":        true,
	customersPath + "/:id/end":           true,
	"/privacy":                           true,
	"/privacy/:id/file":                  true,
	"/sessions/end":                      true,
	"/sessions/end-others":               true,

	certificatesPath + "/:id/remove": true,
	syncSecretsPath + "/:id/end":     true,
	disconnectPath:                   true,
	syncAllPath:                      true,

	// roomsbrowser_test.go and devicesbrowser_test.go walk through these.
	"/rooms/assign":         true,
	"/rooms/new":            true,
	"/rooms/import":         true,
	"/rooms/:id/edit":       true,
	"/rooms/:id/move":       true,
	"/rooms/:id/release":    true,
	"/rooms/:id/archive":    true,
	"/devices/new":          true,
	"/devices/:id/place":    true,
	"/devices/:id/take-out": true,
	"/devices/:id/purchase": true,
}

// ofSecondFactor are the pages that only who has a second factor sees: secondFactorPages.
var ofSecondFactor = map[string]bool{
	codesPath:                  true,
	provePath:                  true,
	factorPath + "/:id/remove": true,
}

// answersOutside are the answers to the forms of who is not signed in.
var answersOutside = []formSent{
	{"/sign-in", []string{"email", longEmail, "password", "x"}, anError},
	{"/password-reset", []string{"email", longSerial}, anError},
	{"/password-reset", []string{"email", longEmail}, "main .note"},
	{"/invitation/request", []string{"email", longSerial}, anError},
	{"/invitation/request", []string{"email", longEmail}, "main .note"},
	{askHelpPath, []string{"email", longSerial, "text", longRoom, "kind", "OTHER"}, anError},
	{askHelpPath, []string{"email", longEmail, "text", longRoom, "kind", "OTHER"}, "main .note"},
}

// fullAccount is what a person of an account full of the longest content can look at: every
// page, and every answer to a form that stands at the form's own address.
type fullAccount struct {
	id      string
	pages   []string
	answers []formSent
}

// fullAccount fills an account with the longest content.
func (s *world) fullAccount() fullAccount {
	t := s.t
	c, u, _, _ := s.withSpare()
	s.proposed(c, u)
	cables, err := s.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{
		AccountID: c.Account,
		RoomID:    c.Room.ID,
		ModelCode: "STRONG-USB-CABLE",
		Quantity:  2,
		Fault:     "Loose",
	})
	require.NoError(t, err)
	r := s.DeliveredRMA(t, c)
	s.Assigned(t, s.Licences(t, c.Order)[1], s.Room(t, c.Account, "Sala 2"))
	second := storetest.FormFor("PO-50-2", "Acme Ltda", c.Admin.Email)
	second.Lines[0].Quantity = 50
	s.Fulfilled(t, s.Reseller(t, "Revenda Sul"), second)
	var onSite replacement.SpareUnit
	for _, unit := range s.Units(t, c.Account) {
		if unit.ID != u.ID {
			onSite = s.OnSite(t, s.Agreed(t, c, unit), "SP-100")
		}
	}
	var asked []replacement.RMA
	for _, serial := range []string{"SN-201", "SN-202"} {
		s.Device(t, c.Room, serial, "RALLY-BAR", "2026-06-01")
		s.Calendar.Set(s.Calendar.Now().Add(25 * time.Hour))
		one, err := s.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{Serial: serial, Fault: longRoom})
		require.NoError(t, err)
		asked = append(asked, one)
	}
	toUse, rejected := asked[0], asked[1]
	_, err = s.RejectRMA(storetest.Operator(), rejected.ID, replacement.RMARejection{
		Code:   rma.RejectNoDefect,
		Reason: longRoom,
	})
	require.NoError(t, err)
	s.member(c.Account, "dora@acme.example", identity.RoleAdmin)
	bareRoom := s.Room(t, c.Account, "Sala nua")
	tickets := s.fullTickets(c)
	q := s.question(c.Account, "PO-1234567890-1234567890-1234567890", "rui@acme.example")
	answered := s.question(c.Account, "PO-78", "lia@acme.example")
	_, err = s.AnswerContact(storetest.Customer(c.Account), answered.ID, identity.ContactAnswer{})
	require.NoError(t, err)
	inv := s.pending(c.Account, "pending@acme.example")
	_, other := s.site("gil@globex.example")
	eva := s.guest()
	eva.get(s.link(s.pending(other.ID, "eva@acme.example")))
	eva.post("/sign-in", "email", "eva@acme.example", "password", goodPassword)
	eva.post("/invitation/accept")
	s.looksAfter(c.Account, rules.CSMForm{
		Name:  longPerson,
		Email: longEmail,
		Phone: "+55 11 4000-1234",
	})

	delegations, served := s.fullDelegations(c.Account, "eva@acme.example")

	for _, change := range []string{
		"accounts SET legal_name = '" + longCompany + "', street = '" + longPlace + "'",
		"users SET name = '" + longPerson + "'",
		"users SET email = '" + longEmail + "' WHERE email = 'eva@acme.example'",
		"rooms SET name = '" + longRoom + "'",
		"sites SET name = '" + longPlace + "', street = '" + longPlace + "'",
		"devices SET serial = '" + longSerial + "' || id WHERE serial IS NOT NULL",
		"rmas SET faulty_serial = '" + longSerial + "', replacement_serial = '" + longSerial +
			"', tracking = '" + longSerial + "', carrier = '" + longPlace + "'",
		"spare_units SET serial = '" + longSerial + "' || id, tracking = '" + longSerial + "'",
		"contact_questions SET contact_name = '" + longPerson + "', email = '" + longEmail +
			"', seller = '" + longCompany + "', sent_by = '" + longCompany + "'",
		"invitations SET contact_name = '" + longPerson + "' WHERE id = '" + inv.ID + "'",
	} {
		require.NoError(t, s.Exec("UPDATE "+change), change)
	}

	token, grant := s.directory(c.Account)
	certificate, signs, places := s.fullSync(c)
	connection := s.OwnSignIn(t, c.Account, "empresa.example").ID
	require.NoError(t, s.Exec("UPDATE sso_connections SET issuer = 'http://127.0.0.1:1'"))
	ids := map[string]string{
		certificatesPath + "/:id/remove":     certificate,
		syncSecretsPath + "/:id/end":         signs,
		syncPlacesPath + "/:id":              places[0],
		"/directory/tokens/:id/revoke":       token,
		"/directory/groups/:id/remove":       grant,
		"/service-orders/:id/cancellation":   c.Order.ID,
		"/replacements/:id":                  r.Number,
		"/replacements/:id/withdraw":         cables.Number,
		"/colleagues/:id/remove":             s.memberIDs(c.Account)[longEmail],
		"/colleagues/:id/second-factor":      s.memberIDs(c.Account)[longEmail],
		"/colleagues/:id/privacy":            s.memberIDs(c.Account)["dora@acme.example"],
		"/colleagues/invitations/:id/revoke": inv.ID,
		"/colleagues/questions/:id":          q.ID,
		"/colleagues/questions/:id/refuse":   q.ID,
		"/tokens/:id/revoke":                 s.token(c.Account),
		ownSignInPath + "/:id/remove":        s.claimedDomain(c.Account),
		ownSignInPath + "/:id/enforce":       connection,
		"/sites/:id":                         c.Site.ID,
		"/rooms/:id":                         c.Room.ID,
		"/rooms/:id/history":                 c.Room.ID,
		"/rooms/:id/edit":                    c.Room.ID,
		"/rooms/:id/help":                    c.Room.ID,
		"/rooms/:id/move":                    c.Room.ID,
		"/rooms/:id/archive":                 c.Room.ID,
		"/tickets/:id":                       tickets[0].Number,
		"/tickets/:id/cancel":                tickets[1].Number,
		"/tickets/:id/guests":                tickets[1].Number,
	}
	maps.Copy(ids, delegations)
	devices, _, err := s.ListDevices(s.Context, entitlement.DeviceFilter{AccountID: c.Account})
	require.NoError(t, err)
	for _, page := range []string{"", "/place", "/take-out", "/purchase"} {
		ids["/devices/:id"+page] = devices[0].ID
	}
	contracts, _, err := s.Contracts(s.Context, entitlement.ContractFilter{AccountID: c.Account})
	require.NoError(t, err)
	ids["/contracts/:id"] = contracts[0].ID

	downloads := map[string]bool{
		"/replacements/:id/return-label": true,
		"/spares/:id/return-label":       true,
		filesPath + "/:id":               true,
		filesPath + "/:id/picture":       true,
		templatePath:                     true,
		againPath:                        true, // it leads to the provider
		ownSignInPath + "/:id/try":       true,
		helpLinkPath:                     true, // it leads on, see roomhelp_test.go
		"/rooms/import/:id":              true, // looked at in devicesbrowser_test.go
		"/rooms/:id/release":             true, // its address names the license, see roomsbrowser_test.go
	}
	full := fullAccount{id: c.Account}
	for _, route := range routes() {
		if route.method != get || route.access == anyone || downloads[route.path] ||
			ofSecondFactor[route.path] {
			continue
		}
		path := route.path
		if strings.Contains(path, ":id") {
			require.NotEmpty(t, ids[path], "no page is known for %s", path)
			path = strings.ReplaceAll(path, ":id", ids[path])
		}
		full.pages = append(full.pages, path)
	}
	for _, path := range []string{roomsPath, ticketsPath, contractsPath} {
		full.pages = append(full.pages, served+path)
	}

	wrongPlace := []string{
		"name", longPlace, "street", longPlace, "city", "", "region", longSerial, "country", "BR",
		"postal_code", "04551-060", "contact_name", longPerson, "contact_email", longSerial, "version", "1",
	}
	self := s.memberIDs(c.Account)[longEmail]
	reply := ticketPath(tickets[0].Number) + "/reply"
	full.answers = []formSent{
		{newTicketPath, []string{"room", c.Room.ID, "summary", longRoom + longRoom}, anError},
		{newTicketPath, aTicket(c.Room.ID), "main .promise"},
		{newTicketPath, aTicket(bareRoom.ID), "main #promise .named"},
		{reply, []string{"text", longSerial, "version", "1", "seq", "1", "act", "send"}, "main #reply .talk"},
		{reply, []string{"text", "", "act", "send"}, anError},
		{guestFormPath(tickets[0].Number), []string{"name", "", "email", longSerial}, anError},
		{
			guestFormPath(tickets[0].Number),
			[]string{"name", longPerson, "email", longEmail, "company", strings.TrimSuffix(longCompany, " S.A.")},
			aQuestion,
		},
		{cancellationPath(c.Order.ID), []string{"scope", "whole", "reason", longRoom}, aQuestion},
		{cancellationPath(c.Order.ID), []string{"scope", "part", "quantity", longSerial}, anError},
		{
			cancellationPath(c.Order.ID),
			[]string{"scope", "part", "quantity", strconv.Itoa(len(s.Licences(t, c.Order)) - 1), "reason", longRoom},
			"input[name='licence']",
		},
		{"/service-orders/claim", []string{"serial", longSerial + "!", "po_number", longRoom, "sku", longRoom,
			"purchased_on", longSerial}, anError},
		{requestPath, append([]string{"other", longSerial, "site", toOther}, wrongPlace...), anError},
		{requestPath, []string{"other", "SN100", "fault", longRoom}, anError},
		{accessoryPath, append([]string{"quantity", "999", "site", toOther}, wrongPlace...), anError},
		{"/replacements/" + rejected.Number + "/appeal", []string{"reason", ""}, anError},
		{"/replacements/" + toUse.Number + "/use-spare", nil, anError},
		{"/replacements/" + toUse.Number + "/use-spare", []string{"spare", onSite.ID}, aQuestion},
		{"/spares/" + u.ID + "/agree", []string{"version", strconv.FormatInt(s.unit(u.ID).Version, 10)}, aQuestion},
		{"/spares/" + u.ID + "/agree", []string{"version", "999"}, aProblem},
		{newSitePath, wrongPlace, anError},
		{"/sites/" + c.Site.ID, wrongPlace, anError},
		{myPasswordPath, []string{"password", "", "newpassword", longSerial}, anError},
		{timeZonePath, []string{"zone", longSerial}, anError},
		{"/colleagues", []string{"name", "", "email", longSerial, "role", "ADMIN"}, anError},
		{"/colleagues", []string{"name", longPerson, "email", "pending@acme.example", "role", "ADMIN"}, anError},
		{"/colleagues/" + self + "/role", []string{"role", "READ_ONLY"}, aQuestion},
		{"/colleagues/" + s.memberIDs(c.Account)["dora@acme.example"] + "/erase", []string{"confirm", "x"}, anError},
		{questionsPath + answered.ID + "/confirm", []string{"role", "ADMIN"}, "main .facts"},
		{"/tokens", []string{"label", "", "role", "CUSTOMER_ADMIN"}, anError},
		{ownSignInPath, []string{"act", "domain", "domain", longSerial}, anError},
		{ownSignInPath, []string{"act", "provider", "issuer", longSerial, "client", longSerial}, anError},
		{ownSignInPath + "/" + connection + "/enforce", []string{"confirmed", "yes"}, anError},
		{syncPath, []string{"region", "US"}, anError},
		{certificatesPath, nil, anError},
		{syncSecretsPath, []string{"once", "once_s"}, "#secret"},
		{syncGroupPath, []string{"group", longGroup, "site", longPlace, "country", "XX"}, anError},
		{syncRoomsPath, []string{"act", "ADD", "id", places[0], "id", places[1]}, "main [role='status']"},
		{syncPlacesPath + "/" + places[1], []string{"called", longRoom + "!"}, anError},
		{partnersPath, []string{"partner", longCompany, "role", "ADMIN", "days", "365"}, anError},
		{customersPath, []string{"email", longSerial, "role", "ADMIN", "days", longSerial}, anError},
		{customersPath, []string{"email", longEmail, "role", "ADMIN", "days", "365"}, "main .toast, .toast"},
		{"/directory", []string{"once", "once_7"}, "#secret"},
		{"/tokens", []string{"label", (longSerial + longSerial + longSerial)[:100], "role", "CUSTOMER_ADMIN"}, "#secret"},
	}
	for _, route := range routes() {
		if route.method != post || route.access == anyone || leadOn[route.path] ||
			ofSecondFactor[route.path] || route.path == "/invitation/accept" {
			continue
		}
		require.True(t, slices.ContainsFunc(full.answers, func(f formSent) bool { return route.leadsTo(f.path) }),
			"no answer is known of %s", route.path)
	}
	return full
}

// fullTickets are two tickets of the longest content: one in which everybody has said
// something, and one that nobody has answered.
func (s *world) fullTickets(c storetest.Covered) (out []ticket.Ticket) {
	for _, summary := range []string{longSerial + longSerial, longPlace} {
		one, err := s.Tickets.Open(storetest.Customer(c.Account), ticket.NewTicket{
			RoomID:   c.Room.ID,
			Category: rule.Hardware,
			Usable:   rule.UsableNo,
			Summary:  summary,
			Text:     longRoom + "\n" + longSerial + longSerial + longSerial,
			Once:     summary,
		})
		require.NoError(s.t, err)
		out = append(out, one)
	}
	s.did(out[0].ID, ticket.Command{Name: rule.DoAnswer, Text: longSerial + "\n\n" + longRoom})
	s.did(out[0].ID, ticket.Command{Name: rule.DoWaitCustomer, Text: longRoom, Reason: "x"})
	return out
}

// pagesOutside are the pages of who is not signed in.
func (s *screen) pagesOutside() []string {
	inv := s.latestInvitation("pending@acme.example")
	return []string{
		"/sign-in?next=/colleagues", "/password-reset", "/invitation/request", askHelpPath, "/nowhere",
		s.link(inv), "/password-reset/new?token=unknown",
	}
}
