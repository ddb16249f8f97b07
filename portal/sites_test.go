package portal

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/rma"
)

var funchal = []string{
	"name", "HQ", "street", "Rua Funchal, 418", "postal_code", "04551-060", "city", "São Paulo",
	"region", "br-sp", "country", "BR", "contact_name", "Rui Portaria", "contact_email", "Rui@acme.example",
}

// typed is a form with some of its fields typed otherwise.
func typed(form []string, changes ...string) []string {
	out := append([]string{}, form...)
	for i := 0; i < len(changes); i += 2 {
		for j := 0; j < len(out); j += 2 {
			if out[j] == changes[i] {
				out[j+1] = changes[i+1]
			}
		}
	}
	return out
}

// An account with more sites than a page of the API has sees all of them: rooms at them are
// not said to have no address.
func TestS25_AnAccountWithHundredsOfSitesSeesAllOfThem(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		w.Room(t, inv.AccountID, "Sala Ipê") // at HQ
		w.Site(t, inv.AccountID, "HQ", "BR", "SP")
		for i := range 205 { // newer ones
			w.Site(t, inv.AccountID, fmt.Sprintf("Filial %d", i), "BR", "SP")
		}
		page := ana.get("/sites").body
		require.NotContains(t, page, "Address missing")
		require.Contains(t, page, "Filial 204")
		require.Contains(t, page, "HQ")
	})
}

// S25: an administrator adds the address of a site that rooms name, sees it with the time
// there, and changes it; a reader looks.
func TestS25_AnAdministratorKeepsTheSites(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		bruno := w.member(inv.AccountID, "bruno@acme.example", identity.RoleReadOnly)
		room := w.Room(t, inv.AccountID, "Sala Ipê") // at HQ

		page := ana.get("/sites").body
		require.Contains(t, page, "Address missing")
		require.Contains(t, page, "<b>HQ</b>")
		require.Contains(t, page, "/sites/new?room="+room.ID)
		require.NotContains(t, bruno.get("/sites").body, "/sites/new")
		require.Contains(t, ana.get("/sites/new?room="+room.ID).body, `value="HQ"`)

		saved := ana.post("/sites/new", funchal...)
		require.Equal(t, "/sites", saved.path)
		require.Contains(t, saved.body, "Rua Funchal, 418")
		require.Contains(t, saved.body, "São Paulo, SP, 04551-060")
		require.Contains(t, saved.body, "Brazil")
		require.Contains(t, saved.body, "Rui Portaria")
		require.Contains(t, saved.body, "09:00 in São Paulo")
		require.NotContains(t, saved.body, "Address missing")
		require.Contains(t, ana.get("/sites?lang=pt-BR").body, "Brasil")
		ana.get("/sites?lang=en")

		sites, _, err := w.ListSites(w.Context, inv.AccountID, db.Page{Limit: 10})
		require.NoError(t, err)
		require.Len(t, sites, 1)
		path := "/sites/" + sites[0].ID
		require.Equal(t, "rui@acme.example", sites[0].ContactEmail)
		require.Contains(t, ana.get(path).body, `value="Rua Funchal, 418"`)
		require.Equal(t, 403, bruno.get(path).status)

		changed := ana.post(path, append(typed(funchal, "street", "Rua Funchal, 500"), "version", "1")...)
		require.Equal(t, "/sites", changed.path)
		require.Contains(t, changed.body, "Rua Funchal, 500")

		late := ana.post(path, append(typed(funchal, "street", "Rua Funchal, 600"), "version", "1")...)
		require.Equal(t, 409, late.status)
		require.Contains(t, late.body, "Somebody else changed this site in the meantime")
		require.Contains(t, late.body, `value="Rua Funchal, 600"`, "what was typed stays")
		require.Contains(t, late.body, `name="version" value="2"`)

		gil, _ := w.site("gil@globex.example")
		require.Equal(t, 404, gil.get(path).status)
		require.Equal(t, 404, gil.post(path, append(funchal, "version", "2")...).status)
		require.Equal(t, 404, gil.get("/sites/new?room="+room.ID).status)
		w.AuditHolds(t)
	})
}

// Whatever is wrong is said beside its field, and what was typed stays.
func TestS25_AWrongSiteIsShownAgain(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	w.Site(t, inv.AccountID, "Berrini", "BR", "SP")
	for problem, change := range map[string][]string{
		"Fill in this field.":                     {"street", " "},
		"already has another site with this name": {"name", "berrini"},
		"Enter the code of the state or region":   {"region", "Sao Paulo"},
		"Enter a valid e-mail address":            {"contact_email", "rui"},
		"without links or addresses":              {"contact_name", "Pay at https://evil.example"},
		"invisible characters":                    {"city", "São\u200bPaulo"},
	} {
		page := ana.post("/sites/new", typed(funchal, change...)...)
		require.Equal(t, 422, page.status, problem)
		require.Contains(t, page.body, problem)
		require.Contains(t, page.body, `value="04551-060"`, problem)
	}
}

// §4.1: where the room's site has no address, the form offers the account's own and another
// one that is typed; neither is a dead end.
func TestS25_AReplacementIsAskedForWhereNoSiteIsKnown(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		room := w.Room(t, inv.AccountID, "Sala Ipê")
		w.Assigned(t, w.Licences(t, w.Fulfilled(t, w.Reseller(t, "Revenda Sul"), storetest.Form("PO-S25")))[0], room)
		for _, serial := range []string{"SN-1", "SN-2"} {
			w.Device(t, room, serial, "RALLY-BAR", "2026-06-01")
		}
		w.Calendar.Set(w.Calendar.Now().AddDate(0, 0, 2))

		ask := func(serial string, more ...string) reply {
			return ana.post("/replacements/request", append([]string{
				"serial", serial, "fault", "No picture", "once", "once_" + serial,
			}, more...)...)
		}
		refused := ask("SN-1")
		require.Equal(t, 422, refused.status)
		require.Contains(t, refused.body, "We do not have an address for the room’s site")
		require.Contains(t, refused.body, `<option value="account">To the account’s address: `)
		require.Contains(t, refused.body, `<option value="other">`)
		require.Contains(t, refused.body, `<a class="link" href="/sites">`)

		accepted := ask("SN-1", "site", "account")
		require.Equal(t, 200, accepted.status)
		require.Contains(t, accepted.body, "We have your request.")

		incomplete := ask("SN-2", append(typed(funchal, "city", ""), "site", "other")...)
		require.Equal(t, 422, incomplete.status)
		require.Contains(t, incomplete.body, "Fill in this field.")
		require.Contains(t, incomplete.body, `<details class="shipto" open>`)
		require.Contains(t, incomplete.body, `value="Rua Funchal, 418"`)

		typedIn := ask("SN-2", append(typed(funchal, "name", ""), "site", "other")...)
		require.Equal(t, 200, typedIn.status)
		rmas, _, err := w.ListRMAs(w.Context, replacement.RMAFilter{AccountID: inv.AccountID, Serial: "SN2"})
		require.NoError(t, err)
		require.Len(t, rmas, 1)
		require.Equal(t, []string{rma.ReviewShipToNew}, rmas[0].ReviewReasons)
		require.Contains(t, ana.get("/sites").body, "Rua Funchal, 418")
		require.NotContains(t, ana.get("/replacements/request").body, `<option value="account">`,
			"it is one of the sites by now")
	})
}
