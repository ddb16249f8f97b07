package portal

import (
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// covered is an account whose device may be replaced, with an administrator and a
// colleague who only reads.
func (w *world) covered() (storetest.Covered, *guest, *guest) {
	w.t.Helper()
	c := w.Covered(w.t)
	return c, w.member(c.Account, "eva@acme.example", models.RoleAdmin), w.member(c.Account, "bruno@acme.example", models.RoleReadOnly)
}

// rejected is a requested replacement that an agent rejected.
func (w *world) rejected(c storetest.Covered) models.RMA {
	w.t.Helper()
	r, err := w.RejectRMA(storetest.Operator(), w.Requested(w.t, c).ID, models.RMARejection{Code: rules.RejectNoDefect, Reason: "works here"})
	require.NoError(w.t, err)
	return r
}

// onlyRMA is the account's only replacement.
func (w *world) onlyRMA() models.RMA {
	w.t.Helper()
	all, _, err := w.ListRMAs(w.Context, models.RMAFilter{})
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
	w.Assigned(w.t, w.Licences(w.t, w.Fulfilled(w.t, w.Reseller(w.t, "Revenda Sul"), storetest.Form("PO-R42")))[0], room)
	for _, serial := range []string{"SN-1", "SN-2", "SN-3"} {
		w.Device(w.t, room, serial, "RALLY-BAR", "2026-06-01")
	}
	w.Calendar.Set(w.Calendar.Now().Add(25 * time.Hour))
	ask := func(serial string) models.RMA {
		r, err := w.RequestRMA(storetest.Customer(accountID), models.NewRMA{Serial: serial, Fault: "No picture"})
		require.NoError(w.t, err)
		return r
	}
	appealed := ask("SN-2")
	_, err := w.RejectRMA(storetest.Operator(), appealed.ID, models.RMARejection{Code: rules.RejectNoDefect, Reason: "works here"})
	require.NoError(w.t, err)
	forms["/replacements/request"] = []string{"/replacements/request", "serial", "SN-1", "fault", "No picture"}
	forms["/replacements/request/accessory"] = []string{"/replacements/request/accessory", "room", room.ID, "model", "STRONG-USB-CABLE", "quantity", "1", "fault", "Broken"}
	forms["/replacements/:id/withdraw"] = []string{"/replacements/" + ask("SN-3").ID + "/withdraw"}
	forms["/replacements/:id/appeal"] = []string{"/replacements/" + appealed.ID + "/appeal", "reason", "It does not work here"}
}
