package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

// Covered is an account with everything that an RMA needs: an administrator, a site
// with a contact, a room at it under a licence, and a device in the room that has
// been registered for two days.
type Covered struct {
	Order   models.Order
	Account string
	Admin   models.User
	Site    models.AccountSite
	Room    models.Room
	Licence models.Licence
	Device  models.Device
}

// Covered makes such an account, and ends two days later, from Now on Wednesday, 25 November
// 2026, 09:00 in São Paulo.
func (e Env) Covered(t testing.TB) Covered {
	t.Helper()
	return e.CoveredFor(t, "Acme Ltda", "ana.souza@acme.example", "SN-100")
}

// CoveredFor is Covered for a company, with the serial of its device.
func (e Env) CoveredFor(t testing.TB, company, email, serial string) Covered {
	t.Helper()
	c := Covered{Order: e.Fulfilled(t, e.Reseller(t, "Revenda Sul"), FormFor("PO-"+serial, company, email))}
	c.Account = *c.Order.AccountID
	c.Admin, _ = e.Join(t, e.InvitationOf(t, c.Order.ID))
	c.Site = e.Site(t, c.Account, "HQ", "BR", "SP")
	c.Room = e.Room(t, c.Account, "Sala 1")
	c.Licence = e.Licences(t, c.Order)[0]
	e.Assigned(t, c.Licence, c.Room)
	c.Device = e.Device(t, c.Room, serial, "RALLY-BAR", "2026-06-01")
	e.Calendar.Set(e.Calendar.Now().Add(48 * time.Hour))
	return c
}

// Site adds a known ship-to to an account.
func (e Env) Site(t testing.TB, accountID, name, country, region string) models.AccountSite {
	t.Helper()
	site, err := e.CreateSite(e.Context, models.NewSite{AccountID: accountID, Form: rules.SiteForm{Name: name, ContactName: "Rui Portaria", ContactEmail: "portaria@acme.example",
		Address: rules.Address{Street: "Av. Paulista 1000", City: "São Paulo", Region: region, PostalCode: "01310-100", Country: country}}})
	require.NoError(t, err)
	return site
}

// Lead is a context of an operator's lead, who may waive fees.
func Lead() context.Context {
	return models.WithScope(context.Background(), models.Scope{System: true, Actor: models.Actor{ID: "tok_lead", Role: rules.OperatorLead, OrgID: models.OperatorOrgID}})
}

// Requested is an RMA that an administrator has requested for the device.
func (e Env) Requested(t testing.TB, c Covered) models.RMA {
	t.Helper()
	r, err := e.RequestRMA(Customer(c.Account), models.NewRMA{AccountID: c.Account, Serial: *c.Device.Serial, Fault: "No picture"})
	require.NoError(t, err)
	return r
}

// Approved is a requested RMA that an agent has approved.
func (e Env) Approved(t testing.TB, c Covered) models.RMA {
	t.Helper()
	r, err := e.ApproveRMA(Operator(), e.Requested(t, c).ID, models.RMAApproval{DefectConfirmed: true})
	require.NoError(t, err)
	return r
}

// Shipped is an approved RMA whose replacement, NEW and the faulty serial, has left.
func (e Env) Shipped(t testing.TB, c Covered) models.RMA {
	t.Helper()
	r := e.Approved(t, c)
	_, err := e.AllocateRMA(Operator(), r.ID, "")
	require.NoError(t, err)
	r, err = e.ShipRMA(Operator(), r.ID, models.RMAShipment{Serial: "NEW" + *c.Device.Serial})
	require.NoError(t, err)
	return r
}

// DeliveredRMA is a shipped RMA whose replacement has arrived now.
func (e Env) DeliveredRMA(t testing.TB, c Covered) models.RMA {
	t.Helper()
	r := e.Shipped(t, c)
	for _, fact := range []rules.RMAFact{rules.FactPickedUp, rules.FactDelivered} {
		var err error
		r, err = e.RecordRMAFact(e.Context, r.ID, fact, time.Time{})
		require.NoError(t, err)
	}
	return r
}
