package shipping

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rulestest"
)

func TestShipmentMoves(t *testing.T) {
	rulestest.ExpectMoves[ShipmentState](
		t,
		`>CREATED CREATED>LABELLED+CANCELLED LABELLED>PICKED_UP+EXCEPTION+CANCELLED PICKED_UP>IN_TRANSIT+EXCEPTION
		IN_TRANSIT>DELIVERED+EXCEPTION EXCEPTION>IN_TRANSIT+DELIVERED+LOST+RETURNED_TO_SENDER`,
	)
}

func TestShipmentsReachWhatFollows(t *testing.T) {
	ahead := map[ShipmentState]int{
		"":                9,
		ShipmentCreated:   8,
		ShipmentLabelled:  7,
		ShipmentPickedUp:  5,
		ShipmentInTransit: 5,
		ShipmentException: 5,
	}
	for _, from := range append([]ShipmentState{""}, ShipmentStates()...) {
		n := 0
		for _, to := range ShipmentStates() {
			if from.CanReach(to) {
				n++
			}
		}
		require.Equal(t, ahead[from], n, from)
	}
	require.False(t, ShipmentCreated.CanReach(ShipmentCreated))
	require.False(t, ShipmentPickedUp.CanReach(ShipmentCancelled))
	require.True(t, ShipmentInTransit.CanReach(ShipmentInTransit), "after an exception")
}

func TestShipmentsThatLiveOrMayBeCancelled(t *testing.T) {
	for state, want := range map[ShipmentState][2]bool{ // live, cancellable
		"": {false, false}, ShipmentCreated: {
			true, true,
		}, ShipmentLabelled: {true, true}, ShipmentPickedUp: {true, false}, ShipmentInTransit: {true, false},
		ShipmentException: {true, false}, ShipmentDelivered: {
			false, false,
		}, ShipmentLost: {false, false}, ShipmentReturnedToSender: {false, false}, ShipmentCancelled: {false, false},
	} {
		require.Equal(t, want, [2]bool{state.Live(), state.Cancellable()}, state)
		require.Equal(t, want[1], rules.CodeOf(MayCancelShipment(state)) != ShipmentNotCancellable, state)
	}
}

func TestShipmentDirections(t *testing.T) {
	for _, d := range []ShipmentDirection{ShipOut, ShipReturn, ShipSpare, ShipRecall} {
		require.True(t, d.Valid())
	}
	require.False(t, ShipmentDirection("").Valid())
	require.False(t, ShipmentDirection("out").Valid())
}
