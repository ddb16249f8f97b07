package shipping

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules/calendar"
)

func TestTheCarrierIsAskedForTheServiceThatKeepsThePromise(t *testing.T) {
	require.Equal(t, ServiceExpress, ServiceFor(calendar.SpeedNBD))
	require.Equal(t, ServiceExpress, ServiceFor("2BD"))
	require.Equal(t, ServiceStandard, ServiceFor("3BD"), "STANDARD takes three business days")
	require.Equal(t, ServiceStandard, ServiceFor(calendar.SpeedStandard))
	require.Equal(t, ServiceStandard, ServiceFor("NONE"), "nothing is promised")

	require.True(t, ServiceExpress.Valid())
	require.True(t, ServiceStandard.Valid())
	require.False(t, ShipmentService("").Valid(), "a person hands it to a carrier")
}

func TestReplacementsAndSparesGoOutAndTheOthersComeBack(t *testing.T) {
	require.True(t, ShipOut.Outward())
	require.True(t, ShipSpare.Outward())
	require.False(t, ShipReturn.Outward())
	require.False(t, ShipRecall.Outward())
}
