package storetest

import (
	"context"
	"testing"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
)

// Room adds a room of the name to an account, in Brazil.
func (e Env) Room(t testing.TB, accountID, name string) entitlement.Room {
	t.Helper()
	return e.RoomIn(t, accountID, name, "BR")
}

// RoomIn adds a room in a country.
func (e Env) RoomIn(t testing.TB, accountID, name, country string) entitlement.Room {
	t.Helper()
	r, err := e.CreateRoom(e.Context, entitlement.NewRoom{
		AccountID: accountID,
		Form: licensing.RoomForm{
			Name:     name,
			Site:     "HQ",
			Country:  country,
			Platform: rules.PlatformTeamsWindows,
		},
	})

	require.NoError(t, err)
	return r
}

// Device registers a device bought on the day in a room.
func (e Env) Device(
	t testing.TB, room entitlement.Room, serial, model, purchasedOn string,
) entitlement.Device {
	t.Helper()
	d, err := e.RegisterDevice(e.Context, entitlement.NewDevice{
		AccountID: room.AccountID,
		RoomID:    room.ID,
		Form:      licensing.DeviceForm{Serial: serial, ModelCode: model, PurchasedOn: purchasedOn},
	})

	require.NoError(t, err)
	return d
}

// Licences are the licences of an order's first contract.
func (e Env) Licences(t testing.TB, o order.Order) []entitlement.Licence {
	t.Helper()
	contracts, err := e.ContractsOfOrder(e.Context, o.ID)
	require.NoError(t, err)
	require.NotEmpty(t, contracts)
	licences, err := e.LicencesOf(e.Context, contracts[0].ID)
	require.NoError(t, err)
	return licences
}

// Assigned assigns a licence to a room.
func (e Env) Assigned(
	t testing.TB, l entitlement.Licence, r entitlement.Room,
) entitlement.LicenceAssignment {
	t.Helper()
	out, err := e.Assign(e.Context, entitlement.AssignRequest{LicenceID: l.ID, RoomID: r.ID})
	require.NoError(t, err)
	return out.Assignments[0]
}

// ReadOnly is a context of a person who may only view the accounts.
func ReadOnly(accountIDs ...string) context.Context {
	return db.WithScope(context.Background(), db.Scope{
		AccountIDs: accountIDs,
		Actor:      db.Actor{ID: "usr_viewer", Role: rules.CustomerReadOnly},
	})
}

// RoomForm is a good room of the name in Brazil.
func RoomForm(name string) licensing.RoomForm {
	return licensing.RoomForm{
		Name:     name,
		Site:     "Paulista",
		Country:  "BR",
		Platform: rules.PlatformZoomPC,
	}
}

// AcmeForm is a customer with one fulfilled order of ten licences.
func AcmeForm(t *testing.T, env Env) (order.Order, string) {
	t.Helper()
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), Form("PO-1"))
	return o, *o.AccountID
}

// TermsOf returns a new version of a country's terms that counts from today, with
// change applied.
func TermsOf(country string, change func(*catalogue.CountryTerms)) catalogue.CountryTerms {
	c := catalogue.CountryTerms{
		Country:       country,
		EffectiveFrom: civil.DateOf(Now),
		Available:     true,
		RMASpeed:      calendar.SpeedNBD,
		Languages:     catalogue.DefaultProgram().Locales,
	}

	change(&c)
	return c
}
