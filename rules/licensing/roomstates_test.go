package licensing

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rulestest"
)

func TestRoomMoves(t *testing.T) {
	rulestest.ExpectMoves[RoomState](t, `>ACTIVE ACTIVE>ARCHIVED ARCHIVED>ACTIVE`)
}

func TestDeviceMoves(t *testing.T) {
	rulestest.ExpectMoves[DeviceState](
		t,
		`>UNPLACED+IN_ROOM+SPARE_ON_SITE UNPLACED>IN_ROOM+SPARE_ON_SITE+IN_RMA+RETIRED+LOST IN_ROOM>UNPLACED+IN_RMA+LOST
		SPARE_ON_SITE>IN_ROOM+UNPLACED+RETURNED+LOST IN_RMA>RETURNED+RETIRED+LOST RETURNED>RETIRED LOST>RETIRED`,
	)
}

func TestR27c_OnlyRetiredDevicesFreeTheirSerial(t *testing.T) {
	for state, want := range map[DeviceState][2]bool{ // live, gone
		"":                {false, false},
		DeviceUnplaced:    {true, false},
		DeviceInRoom:      {true, false},
		DeviceSpareOnSite: {true, false},
		DeviceInRMA:       {true, false},
		DeviceReturned:    {true, true},
		DeviceLost:        {true, true},
		DeviceRetired:     {false, true},
	} {
		require.Equal(t, want, [2]bool{state.Live(), state.Gone()}, state)
	}
}

func TestS28_RoomWithOpenTicketOrRMAStays(t *testing.T) {
	require.NoError(t, MayArchiveRoom(RoomActive, 0, 0))
	require.Equal(t, RoomBusy, rules.CodeOf(MayArchiveRoom(RoomActive, 1, 0)))
	require.Equal(t, RoomBusy, rules.CodeOf(MayArchiveRoom(RoomActive, 0, 1)))
	require.Equal(t, rules.StateConflict, rules.CodeOf(MayArchiveRoom(RoomArchived, 0, 0)))
}

func TestR70_Platforms(t *testing.T) {
	require.Equal(t, []rules.Platform{"MTR_WINDOWS", "MTR_ANDROID", "ZOOM_PC", "ZOOM_APPLIANCE", "OTHER"},
		rules.Platforms())
	for _, p := range rules.Platforms() {
		require.True(t, p.Valid())
	}
	require.False(t, rules.Platform("").Valid())
	require.False(t, rules.Platform("mtr_windows").Valid())
}

func TestR84_Criticalities(t *testing.T) {
	for _, c := range rules.Criticalities() {
		require.True(t, c.Valid())
	}
	require.False(t, rules.Criticality("").Valid())
}
