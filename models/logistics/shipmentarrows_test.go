package logistics_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/shipping"
)

// Each arrow of the shipment's table in RULES 2, told by the carrier's events or the
// service's own commands, an hour apart.
func TestShipmentArrows(t *testing.T) {
	scans := map[shipping.ShipmentState]shipping.ScanKind{
		shipping.ShipmentPickedUp:         shipping.ScanPickedUp,
		shipping.ShipmentInTransit:        shipping.ScanInTransit,
		shipping.ShipmentDelivered:        shipping.ScanDelivered,
		shipping.ShipmentException:        shipping.ScanException,
		shipping.ShipmentLost:             shipping.ScanLost,
		shipping.ShipmentReturnedToSender: shipping.ScanReturnedToSender,
	}
	for _, path := range [][]shipping.ShipmentState{
		{
			shipping.ShipmentCreated, shipping.ShipmentLabelled, shipping.ShipmentPickedUp, shipping.ShipmentInTransit,
			shipping.ShipmentDelivered,
		},
		{shipping.ShipmentCreated, shipping.ShipmentLabelled, shipping.ShipmentException, shipping.ShipmentInTransit},
		{
			shipping.ShipmentCreated, shipping.ShipmentLabelled, shipping.ShipmentPickedUp, shipping.ShipmentException,
			shipping.ShipmentDelivered,
		},
		{
			shipping.ShipmentCreated, shipping.ShipmentLabelled, shipping.ShipmentPickedUp, shipping.ShipmentInTransit,
			shipping.ShipmentException, shipping.ShipmentLost,
		},
		{
			shipping.ShipmentCreated, shipping.ShipmentLabelled, shipping.ShipmentPickedUp, shipping.ShipmentInTransit,
			shipping.ShipmentException, shipping.ShipmentReturnedToSender,
		},
		{shipping.ShipmentCreated, shipping.ShipmentCancelled},
		{shipping.ShipmentCreated, shipping.ShipmentLabelled, shipping.ShipmentCancelled},
	} {
		name := ""
		for _, s := range path {
			name += " " + string(s)
		}
		t.Run(name[1:], func(t *testing.T) {
			env := storetest.SQLite(t)
			sh, err := env.CreateShipment(env.Context, logistics.NewShipment{
				AccountID:  storetest.AccountOf(t, env),
				Direction:  shipping.ShipOut,
				SubjectID:  "rma_1",
				BookingKey: "rma_1/out/1",
				Carrier:    "sim",
			})
			require.NoError(t, err)
			require.Equal(t, path[0], sh.State)
			for i, to := range path[1:] {
				from := sh.State
				env.Calendar.Set(storetest.Now.Add(time.Duration(i) * time.Hour))
				switch to {
				case shipping.ShipmentLabelled:
					_, err = env.ShipmentBooked(env.Context, sh.ID, "TRK1")
				case shipping.ShipmentCancelled:
					_, err = env.CancelShipment(env.Context, sh.ID, "not needed")
				default:
					_, err = env.ReceiveCarrierEvent(
						env.Context, storetest.CarrierEvent("TRK1", scans[to], env.Calendar.Now()),
					)
				}
				require.NoError(t, err)
				sh, err = env.GetShipment(env.Context, sh.ID)
				require.NoError(t, err)
				require.Equal(t, to, sh.State, "from %s", from)
				require.True(t, from.CanBecome(to), "%s to %s is no arrow", from, to)
				require.False(t, sh.Contradicted)
			}
		})
	}
}
