package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/rules/spare"
)

// CSM is a context of a customer success manager of the operator.
func CSM() context.Context {
	return db.WithScope(context.Background(), db.Scope{
		System: true,
		Actor:  db.Actor{ID: "tok_csm", Role: rules.OperatorCSM, OrgID: account.OperatorOrgID},
	})
}

// Units are the spare units of an account's parent, the oldest first.
func (e Env) Units(t testing.TB, accountID string) []replacement.SpareUnit {
	t.Helper()
	acc, err := e.GetAccount(e.Context, accountID)
	require.NoError(t, err)

	var units []replacement.SpareUnit
	for page := (db.Page{Limit: 200}); ; {
		some, next, err := e.ListSpareUnits(e.Context, replacement.SpareFilter{
			ParentID: acc.ParentOrgID,
			Page:     page,
		})

		require.NoError(t, err)
		units = append(units, some...)
		if page.After = next; next == "" {
			slices.Reverse(units)
			return units
		}
	}
}

// Spare is a covered account of fifty licences, with the unit that these earn, which
// waits for its model and site.
func (e Env) Spare(t testing.TB) (Covered, replacement.SpareUnit) {
	t.Helper()
	return e.SpareFor(t, "Acme Ltda", "ana.souza@acme.example", "SN-100")
}

// SpareFor is Spare for a company, with the serial of its device.
func (e Env) SpareFor(
	t testing.TB, company, email, serial string,
) (Covered, replacement.SpareUnit) {
	t.Helper()
	c := e.CoveredFor(t, company, email, serial)
	f := FormFor("PO-50-"+serial, company, email)
	f.Lines[0].Quantity = 50
	e.Fulfilled(t, e.Reseller(t, "Revenda Sul"), f)
	units := e.Units(t, c.Account)
	require.Len(t, units, 1)
	return c, units[0]
}

// Agreed is a spare whose model and site, those of the covered device, the customer
// has agreed to.
func (e Env) Agreed(t testing.TB, c Covered, u replacement.SpareUnit) replacement.SpareUnit {
	t.Helper()
	_, err := e.SelectSpare(CSM(), u.ID, replacement.SpareChoice{
		ModelCode: c.Device.ModelCode,
		SiteID:    c.Site.ID,
	})

	require.NoError(t, err)
	u, err = e.AgreeSpare(Customer(c.Account), u.ID, 0)
	require.NoError(t, err)
	return u
}

// OnSite brings a unit that waits for its shipment on site, under a serial.
func (e Env) OnSite(t testing.TB, u replacement.SpareUnit, serial string) replacement.SpareUnit {
	t.Helper()
	_, err := e.ShipSpare(Operator(), u.ID, replacement.Parcel{Serial: serial})
	require.NoError(t, err)
	u, err = e.RecordSpareFact(e.Context, u.ID, spare.SpareDelivered, time.Time{})
	require.NoError(t, err)
	return u
}

// SpareOnSite is a covered account with a spare of its device's model on site, under
// the serial SP-100.
func (e Env) SpareOnSite(t testing.TB) (Covered, replacement.SpareUnit) {
	t.Helper()
	c, u := e.Spare(t)
	return c, e.OnSite(t, e.Agreed(t, c, u), "SP-100")
}

// OrderForm is an order of n three-year Select licences for a company's site.
func OrderForm(po, company, street string, n int64) ordering.OrderForm {
	f := FormFor(po, company, "ana.souza@acme.example")
	f.EndCustomer.Address.Street = street
	f.Lines[0].Quantity = n
	return f
}

// ParentOf is the parent of an order's account.
func ParentOf(t *testing.T, env Env, o order.Order) string {
	acc, err := env.GetAccount(env.Context, *o.AccountID)
	require.NoError(t, err)
	return acc.ParentOrgID
}

// LedgerOf returns the whole ledger of a parent, the oldest line first.
func LedgerOf(t *testing.T, env Env, parent string) []spare.SpareEntry {
	lines, err := env.SpareLines(env.Context, parent)
	require.NoError(t, err)
	return lines
}

// Entitled returns how many spares a parent is entitled to.
func Entitled(t *testing.T, env Env, parent string) int {
	p, err := env.GetSpares(env.Context, parent)
	require.NoError(t, err)
	return p.Entitled
}

// UnitOf reads a spare unit.
func UnitOf(t *testing.T, env Env, id string) replacement.SpareUnit {
	t.Helper()
	u, err := env.GetSpareUnit(env.Context, id)
	require.NoError(t, err)
	return u
}

// LoseLicences cancels 20 of the 50 licences that earned the covered account's spare: 60
// become 40.
func LoseLicences(t *testing.T, env Env, c Covered) {
	t.Helper()
	id := env.Strings(t, "SELECT id FROM orders WHERE account_id = '"+c.Account+"' AND id <> '"+
		c.Order.ID+"' ORDER BY id")[0]

	_, _, err := env.CancelOrder(Operator(), id, order.CancelRequest{
		Quantity: 20,
		Reason:   "too many",
	})

	require.NoError(t, err)
}

// RunSpareUntil is RunRMAUntil for a spare unit.
func RunSpareUntil(t *testing.T, env Env, id string, until time.Time) {
	t.Helper()
	env.runUntil(t, until,
		func() *time.Time { return UnitOf(t, env, id).NextAt },
		func() (db.ProcessStatus, error) { return env.RunSpareTimers(env.Context, id) })
}
