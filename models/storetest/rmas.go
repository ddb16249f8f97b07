package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// Covered is an account with everything that an RMA needs: an administrator, a site
// with a contact, a room at it under a licence, and a device in the room that has
// been registered for two days.
type Covered struct {
	Order   order.Order
	Account string
	Admin   identity.User
	Site    account.AccountSite
	Room    entitlement.Room
	Licence entitlement.Licence
	Device  entitlement.Device
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
	c := Covered{
		Order: e.Fulfilled(t, e.Reseller(t, "Revenda Sul"), FormFor("PO-"+serial, company, email)),
	}
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
func (e Env) Site(t testing.TB, accountID, name, country, region string) account.AccountSite {
	t.Helper()
	site, err := e.CreateSite(e.Context, account.NewSite{
		AccountID: accountID,
		Form: rules.SiteForm{
			Name:         name,
			ContactName:  "Rui Portaria",
			ContactEmail: "portaria@acme.example",
			Address: rules.Address{
				Street:     "Av. Paulista 1000",
				City:       "São Paulo",
				Region:     region,
				PostalCode: "01310-100",
				Country:    country,
			},
		},
	})

	require.NoError(t, err)
	return site
}

// Lead is a context of an operator's lead, who may waive fees.
func Lead() context.Context {
	return db.WithScope(context.Background(), db.Scope{
		System: true,
		Actor:  db.Actor{ID: "tok_lead", Role: rules.OperatorLead, OrgID: account.OperatorOrgID},
	})
}

// Requested is an RMA that an administrator has requested for the device.
func (e Env) Requested(t testing.TB, c Covered) replacement.RMA {
	t.Helper()
	r, err := e.RequestRMA(Customer(c.Account), replacement.NewRMA{
		AccountID: c.Account,
		Serial:    *c.Device.Serial,
		Fault:     "No picture",
	})

	require.NoError(t, err)
	return r
}

// Approved is a requested RMA that an agent has approved.
func (e Env) Approved(t testing.TB, c Covered) replacement.RMA {
	t.Helper()
	r, err := e.ApproveRMA(Operator(), e.Requested(t, c).ID,
		replacement.RMAApproval{DefectConfirmed: true})
	require.NoError(t, err)
	return r
}

// Shipped is an approved RMA whose replacement, NEW and the faulty serial, has left.
func (e Env) Shipped(t testing.TB, c Covered) replacement.RMA {
	t.Helper()
	r := e.Approved(t, c)
	_, err := e.AllocateRMA(Operator(), r.ID, "")
	require.NoError(t, err)
	r, err = e.ShipRMA(Operator(), r.ID, replacement.RMAShipment{Serial: "NEW" + *c.Device.Serial})
	require.NoError(t, err)
	return r
}

// DeliveredRMA is a shipped RMA whose replacement has arrived now.
func (e Env) DeliveredRMA(t testing.TB, c Covered) replacement.RMA {
	t.Helper()
	r := e.Shipped(t, c)
	for _, fact := range []rma.RMAFact{rma.FactPickedUp, rma.FactDelivered} {
		var err error
		r, err = e.RecordRMAFact(e.Context, r.ID, fact, time.Time{})
		require.NoError(t, err)
	}

	return r
}

// GetRMA reads an RMA.
func GetRMA(t *testing.T, env Env, id string) replacement.RMA {
	t.Helper()
	r, err := env.GetRMA(env.Context, id)
	require.NoError(t, err)
	return r
}

// AgentContext is the context of an operator's agent.
var AgentContext = Operator()

// Stocked is a depot of the country with so many units of a model.
func Stocked(t *testing.T, env Env, code, country, model string, units int) logistics.Depot {
	t.Helper()
	d, err := env.PutDepot(AgentContext, shipping.DepotForm{
		Code:     code,
		Name:     "Depot " + code,
		Street:   "Rua A 1",
		City:     "Campinas",
		Country:  country,
		TimeZone: "UTC",
	})

	require.NoError(t, err)
	if units > 0 {
		_, err = env.ReceiveStock(AgentContext, logistics.StockMove{
			DepotID:   d.ID,
			ModelCode: model,
			Quantity:  units,
			Cause:     code + model,
		})

		require.NoError(t, err)
	}

	return d
}

// Carried is a covered account whose RMAs go by the carrier "sim" from a depot with
// two units.
func Carried(t *testing.T, env Env) (Env, Covered) {
	t.Helper()
	env = env.WithCarrier(t, "sim")
	c := env.Covered(t)
	Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 2)
	return env, c
}

// ParcelsOf are the shipments of an RMA by their booking keys without its id.
func ParcelsOf(t *testing.T, env Env, id string) map[string]logistics.Shipment {
	t.Helper()
	all, _, err := env.ListShipments(env.Context, logistics.ShipmentFilter{SubjectID: id})
	require.NoError(t, err)

	out := map[string]logistics.Shipment{}
	for _, sh := range all {
		out[sh.BookingKey[len(id)+1:]] = sh
	}

	return out
}

// Outstanding lists the parcels of an RMA that the carrier has to be asked about.
func Outstanding(t *testing.T, env Env, id string) []logistics.OutstandingParcel {
	t.Helper()
	out, err := env.OutstandingParcels(env.Context, id)
	require.NoError(t, err)
	return out
}

// BookParcels answers every outstanding booking of an RMA as the carrier would, with
// the key as the tracking number.
func BookParcels(t *testing.T, env Env, id string) {
	t.Helper()
	var booked []logistics.BookedParcel
	for _, p := range Outstanding(t, env, id) {
		booked = append(booked, logistics.BookedParcel{
			ShipmentID: p.ID,
			Tracking:   p.BookingKey,
			MediaType:  "application/pdf",
			Label:      []byte("%PDF"),
		})
	}

	unused, err := env.StoreBookings(env.Context, booked)
	require.NoError(t, err)
	require.Empty(t, unused)
}

// Scanned sends the carrier's event of a scan of an RMA's parcel, now.
func Scanned(t *testing.T, env Env, id, key string, kind shipping.ScanKind) {
	t.Helper()
	_, err := env.ReceiveCarrierEvent(
		env.Context, CarrierEvent(id+"/"+key, kind, env.Calendar.Now()),
	)
	require.NoError(t, err)
}

// RunRMAUntil lets the days go by as an RMA's workflow does: from one timer to the next, up
// to an instant.
func RunRMAUntil(t *testing.T, env Env, id string, until time.Time) {
	t.Helper()
	env.runUntil(t, until,
		func() *time.Time { return GetRMA(t, env, id).NextAt },
		func() (db.ProcessStatus, error) { return env.RunRMATimers(env.Context, id) })
}

// runUntil goes from one timer of a process to the next, up to an instant.
func (e Env) runUntil(
	t *testing.T, until time.Time, next func() *time.Time, run func() (db.ProcessStatus, error),
) {
	t.Helper()
	for {
		at := next()
		if at == nil || at.After(until) {
			e.Calendar.Set(until)
			return
		}

		if at.After(e.Calendar.Now()) {
			e.Calendar.Set(*at)
		}
		_, err := run()
		require.NoError(t, err)
	}
}
