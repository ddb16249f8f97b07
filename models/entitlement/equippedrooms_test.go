package entitlement_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

func equipped(accountID, once string, serials ...string) entitlement.EquippedRoom {
	n := entitlement.EquippedRoom{
		AccountID: accountID,
		Row:       licensing.RoomRow{Room: storetest.RoomForm("Sala Ipê")},
		Once:      once,
	}
	for _, s := range serials {
		n.Row.Devices = append(n.Row.Devices, licensing.DeviceForm{
			Serial:      s,
			ModelCode:   "RALLY-BAR",
			PurchasedOn: "2026-06-01",
		})
	}
	return n
}

// refusedFields are the codes of a refusal by their pointers.
func refusedFields(t *testing.T, err error) (map[string]string, *entitlement.NotAdded) {
	t.Helper()
	var refused *entitlement.NotAdded
	require.ErrorAs(t, err, &refused)
	var refusal *rules.Error
	require.True(t, errors.As(err, &refusal))
	codes := map[string]string{}
	for _, f := range refusal.Fields {
		codes[f.Pointer] = f.Code
	}
	return codes, refused
}

// A room and its devices are added together or not at all, and the same request again is the
// same room.
func TestR27a_ARoomIsAddedWithItsDevicesAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, accountID := storetest.AcmeForm(t, env)
		ctx := storetest.Customer(accountID)
		n := equipped(accountID, "once_1", "ab-12 34", "CD 99-1")
		n.Row.Address = licensing.SiteAddress{Street: "Av. Paulista, 1000", City: "São Paulo"}
		room, err := env.AddEquippedRoom(ctx, n)
		require.NoError(t, err)
		again, err := env.AddEquippedRoom(ctx, n)
		require.NoError(t, err)
		require.Equal(t, room.ID, again.ID, "a second press of the button adds nothing")
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM rooms"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM sites"))
		inside, _, err := env.ListDevices(ctx, entitlement.DeviceFilter{RoomID: room.ID})
		require.NoError(t, err)
		require.Len(t, inside, 2)
		require.Equal(t, "AB1234", *inside[1].Serial)

		bad := equipped(accountID, "once_2", "XY-1", "", "XY1", "n/a")
		bad.Row.Room.Name = ""
		bad.Row.Devices[0].PurchasedOn = "2027-06-01" // ahead (S62)
		_, err = env.AddEquippedRoom(ctx, bad)
		codes, _ := refusedFields(t, err)
		require.Equal(t, map[string]string{
			"/name":                   rules.Required,
			"/devices/0/purchased_on": rules.InTheFuture,
			"/devices/1/serial":       rules.Required,
			"/devices/2/serial":       rules.Duplicate,
			"/devices/3/serial":       rules.SerialPlaceholder,
		}, codes)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM rooms"))
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM devices"))
		_, err = env.AddEquippedRoom(storetest.ReadOnly(accountID), equipped(accountID, ""))
		require.Equal(t, rules.Forbidden, rules.CodeOf(err))
		_, err = env.AddEquippedRoom(storetest.Customer("acc_other"), equipped(accountID, ""))
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
		env.AuditHolds(t)
	})
}

// R27c: what the account has already is named with its room; what another account has is
// claimed, without its owner, and an operator decides. Nothing of the form is stored.
func TestR27c_ASerialThatIsTakenKeepsTheWholeFormOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, accountID := storetest.AcmeForm(t, env)
		ctx := storetest.Customer(accountID)
		room := env.Room(t, accountID, "Sala Jacarandá")
		there := env.Device(t, room, "AB1234", "RALLY-BAR", "2026-06-01")
		other := betaRoom(t, env)
		env.Device(t, other, "ZZ-900", "RALLY-BAR", "2026-06-01")

		_, err := env.AddEquippedRoom(ctx, equipped(accountID, "", "ab-12 34", "zz 900", "NEW-1"))
		codes, refused := refusedFields(t, err)
		require.Equal(t, map[string]string{
			"/devices/0/serial": licensing.SerialRegistered,
			"/devices/1/serial": licensing.SerialClaimed,
		}, codes)
		require.Equal(t, there.ID, refused.Taken[0].DeviceID)
		require.Equal(t, room.ID, refused.Taken[0].RoomID)
		require.NotContains(t, refused.Taken, 1)
		require.NotContains(t, err.Error(), other.AccountID)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM device_claims"))
		require.Equal(t, 1, env.Count(t,
			"SELECT count(*) FROM operator_tasks WHERE kind = '"+string(db.TaskSerialClaimed)+"'"))
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM devices"))

		n := equipped(accountID, "")
		n.Row.Room = storetest.RoomForm("sala  jacarandá")
		n.Row.Room.Site = "hq"
		_, err = env.AddEquippedRoom(ctx, n)
		codes, refused = refusedFields(t, err)
		require.Equal(t, map[string]string{"/name": rules.Duplicate}, codes)
		require.Equal(t, room.ID, refused.RoomID)
	})
}

// Devices are registered in a room or in none, all or none; the same form again is done.
func TestR27a_DevicesAreRegisteredTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, accountID := storetest.AcmeForm(t, env)
		ctx := storetest.Customer(accountID)
		room := env.Room(t, accountID, "Sala 1")
		forms := equipped(accountID, "", "A-100", "A-101").Row.Devices
		for _, roomID := range []string{room.ID, ""} {
			n := entitlement.NewDevices{AccountID: accountID, RoomID: roomID, Forms: forms, Once: "once_1"}
			made, err := env.RegisterDevices(ctx, n)
			require.NoError(t, err)
			require.Len(t, made, 2)
			_, err = env.RegisterDevices(ctx, n)
			require.NoError(t, err, "the second press")
			n.Once = "once_2"
			_, err = env.RegisterDevices(ctx, n)
			codes, refused := refusedFields(t, err)
			require.Equal(t, licensing.SerialRegistered, codes["/devices/1/serial"])
			require.Equal(t, roomID, refused.Taken[1].RoomID)
			forms = equipped(accountID, "", "B-100", "B-101").Row.Devices
		}
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM devices WHERE state = 'UNPLACED'"))
		foreign := betaRoom(t, env)
		_, err := env.RegisterDevices(ctx, entitlement.NewDevices{
			AccountID: accountID, RoomID: foreign.ID, Forms: equipped(accountID, "", "C-1").Row.Devices,
		})
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
	})
}

// betaRoom is a room of another customer.
func betaRoom(t *testing.T, env storetest.Env) entitlement.Room {
	t.Helper()
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Oeste"),
		storetest.FormFor("PO-9", "Beta SA", "bia@beta.example"))
	return env.Room(t, *o.AccountID, "Elsewhere")
}
