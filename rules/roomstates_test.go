package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRoomMoves(t *testing.T) { expectMoves[RoomState](t, `>ACTIVE ACTIVE>ARCHIVED`) }

func TestDeviceMoves(t *testing.T) {
	expectMoves[DeviceState](t, `>UNPLACED+IN_ROOM+SPARE_ON_SITE UNPLACED>IN_ROOM+SPARE_ON_SITE+IN_RMA+RETIRED+LOST IN_ROOM>UNPLACED+IN_RMA+LOST
		SPARE_ON_SITE>IN_ROOM+UNPLACED+RETURNED+LOST IN_RMA>RETURNED+RETIRED+LOST RETURNED>RETIRED LOST>RETIRED`)
}

func TestR27c_OnlyRetiredDevicesFreeTheirSerial(t *testing.T) {
	for state, want := range map[DeviceState][2]bool{ // live, gone
		"": {false, false}, DeviceUnplaced: {true, false}, DeviceInRoom: {true, false}, DeviceSpareOnSite: {true, false},
		DeviceInRMA: {true, false}, DeviceReturned: {true, true}, DeviceLost: {true, true}, DeviceRetired: {false, true},
	} {
		require.Equal(t, want, [2]bool{state.Live(), state.Gone()}, state)
	}
}

func TestS28_RoomWithOpenTicketOrRMAStays(t *testing.T) {
	require.NoError(t, MayArchiveRoom(RoomActive, 0, 0))
	require.Equal(t, RoomBusy, CodeOf(MayArchiveRoom(RoomActive, 1, 0)))
	require.Equal(t, RoomBusy, CodeOf(MayArchiveRoom(RoomActive, 0, 1)))
	require.Equal(t, StateConflict, CodeOf(MayArchiveRoom(RoomArchived, 0, 0)))
}

func TestR70_Platforms(t *testing.T) {
	require.Equal(t, []Platform{"MTR_WINDOWS", "MTR_ANDROID", "ZOOM_PC", "ZOOM_APPLIANCE", "OTHER"}, Platforms())
	for _, p := range Platforms() {
		require.True(t, p.Valid())
	}
	require.False(t, Platform("").Valid())
	require.False(t, Platform("mtr_windows").Valid())
}

func TestR84_Criticalities(t *testing.T) {
	for _, c := range Criticalities() {
		require.True(t, c.Valid())
	}
	require.False(t, Criticality("").Valid())
}
