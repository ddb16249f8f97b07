package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules/shipping"
)

// ShipmentOf is a booked shipment with one event of its carrier.
func ShipmentOf(t *testing.T, env Env, accountID, tracking string) logistics.Shipment {
	t.Helper()
	sh, err := env.CreateShipment(env.Context, logistics.NewShipment{
		AccountID:  accountID,
		Direction:  shipping.ShipOut,
		SubjectID:  "rma_" + tracking,
		BookingKey: "rma_" + tracking + "/out/1",
		Carrier:    "sim",
		PromisedOn: "2026-11-24",

		PossibleFrom: Now.AddDate(0, 0, -30),
	})

	require.NoError(t, err)
	sh, err = env.ShipmentBooked(env.Context, sh.ID, tracking)
	require.NoError(t, err)
	require.Equal(t, shipping.ShipmentLabelled, sh.State)
	_, err = env.ReceiveCarrierEvent(
		env.Context, CarrierEvent(tracking, shipping.ScanPickedUp, Now),
	)
	require.NoError(t, err)
	return sh
}

// CarrierEvent is a message of the carrier "sim" about a parcel. Kind, parcel and
// second make its id: the same ones are the same event.
func CarrierEvent(tracking string, kind shipping.ScanKind, at time.Time) logistics.NewCarrierEvent {
	id := fmt.Sprintf("%s-%s-%d", tracking, kind, at.Unix())
	return logistics.NewCarrierEvent{
		Carrier:    "sim",
		EventID:    id,
		Tracking:   tracking,
		Kind:       string(kind),
		OccurredAt: at,
		Raw:        []byte(`{"event_id":"` + id + `"}`),
	}
}

// AccountOf fulfils an order and returns the id of its account.
func AccountOf(t *testing.T, env Env) string {
	t.Helper()
	return *env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), Form("PO-1")).AccountID
}

// Balanced checks that the levels are the sum of the ledger, and that the audit holds.
func Balanced(t *testing.T, env Env) {
	t.Helper()
	wrong, err := env.StockBalance(env.Context)
	require.NoError(t, err)
	require.Empty(t, wrong)
	env.AuditHolds(t)
}
