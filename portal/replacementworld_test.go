package portal

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/rma"
)

// covered is an account whose device may be replaced, with an administrator and a
// colleague who only reads.
func (w *world) covered() (storetest.Covered, *guest, *guest) {
	w.t.Helper()
	c := w.Covered(w.t)
	return c, w.member(c.Account, "eva@acme.example",
		identity.RoleAdmin), w.member(c.Account, "bruno@acme.example", identity.RoleReadOnly)
}

// rejected is a requested replacement that an agent rejected.
func (w *world) rejected(c storetest.Covered) replacement.RMA {
	w.t.Helper()
	r, err := w.RejectRMA(storetest.Operator(), w.Requested(w.t, c).ID, replacement.RMARejection{
		Code:   rma.RejectNoDefect,
		Reason: "works here",
	})
	require.NoError(w.t, err)
	return r
}

// onlyRMA is the account's only replacement.
func (w *world) onlyRMA() replacement.RMA {
	w.t.Helper()
	all, _, err := w.ListRMAs(w.Context, replacement.RMAFilter{})
	require.NoError(w.t, err)
	require.Len(w.t, all, 1)
	return all[0]
}

// replacementForms adds the forms about replacements to those that R42 holds
// against every role. Each one works once: the account gets a room under a licence
// and devices for it.
func (w *world) replacementForms(accountID string, forms map[string][]string) {
	w.t.Helper()
	w.Site(w.t, accountID, "HQ", "BR", "SP")
	room := w.Room(w.t, accountID, "Sala R42")
	w.Assigned(w.t, w.Licences(w.t, w.Fulfilled(w.t, w.Reseller(w.t, "Revenda Sul"), storetest.Form("PO-R42")))[0],
		room)
	hundred := storetest.Form("PO-100")
	hundred.Lines[0].Quantity = 100
	w.Fulfilled(w.t, w.Reseller(w.t, "Revenda Sul"), hundred)
	for _, serial := range []string{"SN-1", "SN-2", "SN-3", "SN-4"} {
		w.Device(w.t, room, serial, "RALLY-BAR", "2026-06-01")
	}
	w.Calendar.Set(w.Calendar.Now().Add(25 * time.Hour))
	ask := func(serial string) replacement.RMA {
		r, err := w.RequestRMA(storetest.Customer(accountID), replacement.NewRMA{Serial: serial, Fault: "No picture"})
		require.NoError(w.t, err)
		return r
	}
	appealed := ask("SN-2")
	_, err := w.RejectRMA(storetest.Operator(), appealed.ID, replacement.RMARejection{
		Code:   rma.RejectNoDefect,
		Reason: "works here",
	})
	require.NoError(w.t, err)
	forms["/replacements/request"] = []string{"/replacements/request", "serial", "SN-1", "fault", "No picture"}
	forms["/replacements/request/accessory"] = []string{
		"/replacements/request/accessory", "room", room.ID, "model", "STRONG-USB-CABLE", "quantity", "1", "fault",
		"Broken",
	}
	unit := w.sparesOf(accountID)
	forms["/replacements/:id/use-spare"] = []string{
		"/replacements/" + ask("SN-4").Number + "/use-spare", "spare", unit[0].ID, "confirmed", "yes",
	}
	forms["/spares/:id/agree"] = []string{"/spares/" + unit[1].ID + "/agree", "version", fmt.Sprint(unit[1].Version), "confirmed", "yes"}
	forms["/replacements/:id/withdraw"] = []string{"/replacements/" + ask("SN-3").Number + "/withdraw", "confirmed", "yes"}
	forms["/replacements/:id/appeal"] = []string{
		"/replacements/" + appealed.Number + "/appeal", "reason", "It does not work here",
	}
}

// sparesOf are two spares of the account: one on site, one that is proposed.
func (w *world) sparesOf(accountID string) []replacement.SpareUnit {
	w.t.Helper()
	sites, _, err := w.ListSites(w.Context, accountID, db.Page{})
	require.NoError(w.t, err)
	units := w.Units(w.t, accountID)
	require.Len(w.t, units, 2)
	for i := range units {
		units[i], err = w.SelectSpare(storetest.CSM(), units[i].ID, replacement.SpareChoice{
			ModelCode: "RALLY-BAR",
			SiteID:    sites[0].ID,
		})
		require.NoError(w.t, err)
	}
	units[0], err = w.AgreeSpare(storetest.Customer(accountID), units[0].ID, 0)
	require.NoError(w.t, err)
	units[0] = w.OnSite(w.t, units[0], "SP-R42")
	return units
}
