package replacement_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

// carrierSays has a carrier tell of a parcel.
func carrierSays(t *testing.T, env storetest.Env, carrier, tracking, kind string, at time.Time) {
	t.Helper()
	_, err := env.ReceiveCarrierEvent(env.Context, logistics.NewCarrierEvent{
		Carrier:    carrier,
		EventID:    tracking + kind + at.String(),
		Tracking:   tracking,
		Kind:       kind,
		OccurredAt: at,
	})
	require.NoError(t, err)
}

// SHIPPED to APPROVED: a parcel that is lost, or comes back, has the unit wait for
// another one; the lost one tells nothing about it any more.
func TestALostSpareIsShippedAnew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.Spare(t)
		u = env.Agreed(t, c, u)
		for i, end := range []string{"LOST", "RETURNED_TO_SENDER"} {
			tracking := storetest.PO(i)
			shipped, err := env.ShipSpare(storetest.Operator(), u.ID,
				replacement.Parcel{Serial: fmt.Sprint("SP-10", i), Carrier: "post", Tracking: tracking})
			require.NoError(t, err)
			carrierSays(t, env, "post", tracking, "EXCEPTION", env.Calendar.Now())
			carrierSays(t, env, "post", tracking, end, env.Calendar.Now())
			u = storetest.UnitOf(t, env, u.ID)
			require.Equal(t, spare.SpareApproved, u.State)
			require.Nil(t, u.DeviceID)
			require.Contains(t, []licensing.DeviceState{licensing.DeviceLost, licensing.DeviceRetired},
				deviceState(t, env, shipped.DeviceID))
		}
		u = env.OnSite(t, u, "SP-300")
		carrierSays(t, env, "post", storetest.PO(0), "DELIVERED", env.Calendar.Now())
		require.Equal(t, "SP300", storetest.UnitOf(t, env, u.ID).Serial)
		storetest.LoseLicences(t, env, c)
		require.Equal(t, spare.SpareRecallRequested, storetest.UnitOf(t, env, u.ID).State)
	})
}

// A parcel that was delivered before the warehouse told its serial: nothing is lost.
func TestASpareThatArrivesBeforeItsSerialIsTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.Spare(t)
		u = env.Agreed(t, c, u)
		sh, err := env.CreateShipment(env.Context, logistics.NewShipment{
			AccountID:  c.Account,
			Direction:  shipping.ShipSpare,
			SubjectID:  u.ID,
			BookingKey: u.ID + "/spare/1",
			Carrier:    "post",
		})
		require.NoError(t, err)
		_, err = env.ShipmentBooked(env.Context, sh.ID, "TRK-1")
		require.NoError(t, err)
		carrierSays(t, env, "post", "TRK-1", "PICKED_UP", env.Calendar.Now())
		carrierSays(t, env, "post", "TRK-1", "DELIVERED", env.Calendar.Now())
		require.Equal(t, spare.SpareApproved, storetest.UnitOf(t, env, u.ID).State)
		u, err = env.ShipSpare(storetest.Operator(), u.ID, replacement.Parcel{Serial: "SP-100"})
		require.NoError(t, err)
		require.Equal(t, spare.SpareOnSite, u.State)
		require.Equal(t, "TRK-1", u.Tracking)
	})
}
