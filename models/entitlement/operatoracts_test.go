package entitlement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"

	"roomcover.dev/roomcover/models/entitlement"
)

// A room that was archived by mistake comes back empty, with its history; another one of its
// name in use meanwhile stands in the way.
func TestS28_AnOperatorRestoresAnArchivedRoom(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		ctx := storetest.Operator()
		_, err := env.RestoreRoom(ctx, c.Room.ID, "by mistake")
		storetest.RequireCode(t, rules.StateConflict, err)
		_, err = env.ArchiveRoom(ctx, c.Room.ID, "closed")
		require.NoError(t, err)

		_, err = env.RestoreRoom(storetest.Customer(c.Account), c.Room.ID, "by mistake")
		storetest.RequireCode(t, rules.Forbidden, err)
		_, err = env.RestoreRoom(ctx, c.Room.ID, "")
		storetest.RequireCode(t, rules.ReasonRequired, err)
		other := env.Room(t, c.Account, "SALA 1")
		_, err = env.RestoreRoom(ctx, c.Room.ID, "by mistake")
		storetest.RequireCode(t, rules.StateConflict, err)
		_, err = env.ArchiveRoom(ctx, other.ID, "the other is meant")
		require.NoError(t, err)

		room, err := env.RestoreRoom(ctx, c.Room.ID, "by mistake")
		require.NoError(t, err)
		require.Equal(t, licensing.RoomActive, room.State)
		require.Nil(t, room.ArchivedAt)
		inside, _, err := env.ListDevices(ctx, entitlement.DeviceFilter{RoomID: room.ID})
		require.NoError(t, err)
		require.Empty(t, inside, "its devices are where they went")
		stays, err := env.PlacementsIn(ctx, room.ID, 10)
		require.NoError(t, err)
		require.Len(t, stays, 1, "its history stays")
		env.Assigned(t, c.Licence, room)

		events, err := env.Timeline(ctx, room.ID)
		require.NoError(t, err)
		last := events[len(events)-1]
		require.Equal(t, "room.restored", last.Verb)
		require.Equal(t, "by mistake", last.Details["reason"])
	})
}

// A lost device is covered by nothing and keeps its serial; a retired one frees it.
func TestR27c_ADeviceIsLostOrRetiredByAnOperator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		ctx := storetest.Operator()
		end := func(state licensing.DeviceState, reason string) (entitlement.Device, error) {
			return env.EndUse(ctx, c.Device.ID, state, 0, reason)
		}
		_, err := end(licensing.DeviceInRoom, "r")
		storetest.RequireCode(t, rules.ValidationFailed, err)
		_, err = end(licensing.DeviceLost, " ")
		storetest.RequireCode(t, rules.ReasonRequired, err)
		_, err = env.EndUse(storetest.Customer(c.Account), c.Device.ID, licensing.DeviceLost, 0, "r")
		storetest.RequireCode(t, rules.Forbidden, err)
		_, err = env.EndUse(ctx, c.Device.ID, licensing.DeviceLost, c.Device.Version+1, "r")
		storetest.RequireCode(t, rules.StateConflict, err)

		r := env.Requested(t, c)
		_, err = end(licensing.DeviceLost, "not found")
		storetest.RequireCode(t, rules.StateConflict, err)
		_, err = env.WithdrawRMA(ctx, r.ID, "not needed")
		require.NoError(t, err)

		lost, err := end(licensing.DeviceLost, "not found since the move")
		require.NoError(t, err)
		require.Equal(t, licensing.DeviceLost, lost.State)
		require.NotNil(t, lost.GoneAt)
		stays, err := env.PlacementsOf(ctx, lost.ID)
		require.NoError(t, err)
		require.NotNil(t, stays[0].ToAt, "it left its room")
		covered, err := env.Coverage(ctx, []entitlement.CoverSubject{{Serial: *lost.Serial}}, env.Calendar.Now(),
			cover.ForHardware)
		require.NoError(t, err)
		require.False(t, covered[0].Answer.Covered)
		taken := entitlement.NewDevice{
			AccountID: c.Account, RoomID: c.Room.ID, Reason: "r",
			Form: licensing.DeviceForm{Serial: *lost.Serial, ModelCode: "RALLY-BAR", PurchasedOn: "2026-06-01"},
		}
		_, err = env.RegisterDevice(ctx, taken)
		storetest.RequireCode(t, licensing.SerialRegistered, err)

		_, err = end(licensing.DeviceRetired, "written off")
		require.NoError(t, err)
		_, err = env.RegisterDevice(ctx, taken)
		require.NoError(t, err, "its serial is free")
		events, err := env.Timeline(ctx, lost.ID)
		require.NoError(t, err)
		require.Subset(t, storetest.VerbsOf(events), []string{"device.lost", "device.retired"})
	})
}
