package replacement_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

// The outage ends with the swap: the spare is in the room, nothing was shipped, and
// the faulty unit is due back.
func TestR35d_ASpareEndsTheOutageAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.SpareOnSite(t)
		r := env.Requested(t, c)
		for range 2 {
			var err error
			r, err = env.UseSpare(storetest.Customer(c.Account), r.ID, u.ID)
			require.NoError(t, err)
		}
		require.Equal(t, rma.OutboundSwapped, r.StoredOutbound)
		require.Equal(t, rma.RMAAwaitingReturn, r.StoredState)
		require.NotNil(t, r.ReturnDueAt)
		require.Equal(t, "SP100", r.ReplacementSerial)
		require.Equal(t, licensing.DeviceInRoom, deviceState(t, env, u.DeviceID))
		require.Equal(t, licensing.DeviceInRMA, deviceState(t, env, &c.Device.ID))
		placements, err := env.PlacementsOf(env.Context, *u.DeviceID)
		require.NoError(t, err)
		require.Len(t, placements, 1)
		require.Equal(t, c.Room.ID, placements[0].RoomID)
		d, err := env.GetDevice(env.Context, *u.DeviceID)
		require.NoError(t, err)
		require.Equal(t, c.Device.ID, *d.ReplacesDeviceID)
		u = storetest.UnitOf(t, env, u.ID)
		require.Equal(t, spare.SpareConsumed, u.State)
		require.Equal(t, r.ID, *u.RMAID)
		require.Equal(t, 2, stepsTold(t, env, rules.TemplateRMA, r.ID)["SWAPPED"], "administrator and site, once")
		require.Zero(t, env.Count(t, "SELECT count(*) FROM shipments"))
		env.AuditHolds(t)
	})
}

// CONSUMED to REPLENISHING by the approval, and ON_SITE again: the same unit,
// another device.
func TestS26_AUsedSpareIsReplenishedOnceTheRMAIsApproved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.SpareOnSite(t)
		r := env.Requested(t, c)
		_, err := env.UseSpare(storetest.Customer(c.Account), r.ID, u.ID)
		require.NoError(t, err)
		_, err = env.ShipSpare(storetest.Operator(), u.ID, replacement.Parcel{Serial: "SP-200"})
		storetest.RequireCode(t, rules.StateConflict, err)
		for range 2 {
			_, err = env.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true})
			require.NoError(t, err)
			require.Equal(t, spare.SpareReplenishing, storetest.UnitOf(t, env, u.ID).State)
		}
		told := lastMail(t, env, r.ID)
		require.Equal(t, "APPROVED_SWAPPED", told.Params["step"], "no device is on its way")
		require.NotEmpty(t, told.Params["return_on"])
		_, err = env.RecordSpareFact(storetest.Operator(), u.ID, spare.SpareDelivered, time.Time{})
		storetest.RequireCode(t, rules.StateConflict, err)
		again := env.OnSite(t, u, "SP-200")
		require.Equal(t, spare.SpareOnSite, again.State)
		require.NotEqual(t, *u.DeviceID, *again.DeviceID)
		require.Equal(t, licensing.DeviceSpareOnSite, deviceState(t, env, again.DeviceID))
		require.Equal(t, licensing.DeviceInRoom, deviceState(t, env, u.DeviceID))
		require.Equal(t, 4, stepsTold(t, env, rules.TemplateSpare, u.ID)["ON_SITE"], "it was twice on site")
		env.AuditHolds(t)
	})
}

// The mail of the approval says what comes: nothing more where the entitlement went, and
// nothing to return where the faulty unit is on its way already.
func TestS26_TheApprovalSaysWhetherASpareFollows(t *testing.T) {
	for step, meanwhile := range map[string]func(*testing.T, storetest.Env, storetest.Covered, string){
		"APPROVED_NO_SPARE": func(t *testing.T, env storetest.Env, c storetest.Covered, _ string) {
			storetest.LoseLicences(t, env, c)
		},
		"APPROVED_SWAPPED_LAST": func(t *testing.T, env storetest.Env, _ storetest.Covered, rmaID string) {
			telling(rma.FactReturnScanned)(t, env, rmaID)
		},
	} {
		t.Run(step, func(t *testing.T) {
			env := storetest.SQLite(t)
			c, u := env.SpareOnSite(t)
			r := env.Requested(t, c)
			_, err := env.UseSpare(storetest.Customer(c.Account), r.ID, u.ID)
			require.NoError(t, err)
			env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
			meanwhile(t, env, c, r.ID)
			_, err = env.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true})
			require.NoError(t, err)
			require.Equal(t, step, lastMail(t, env, r.ID).Params["step"])
		})
	}
}

// Approved before it was used: it is replenished at once, and the booked parcel of
// the replacement is cancelled.
func TestR35d_ASpareMayBeUsedUntilAReplacementLeft(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.SpareOnSite(t)
		r := env.Approved(t, c)
		_, err := env.AllocateRMA(storetest.Operator(), r.ID, "")
		require.NoError(t, err)
		sh, err := env.CreateShipment(env.Context, logistics.NewShipment{
			AccountID:  c.Account,
			Direction:  shipping.ShipOut,
			SubjectID:  r.ID,
			BookingKey: r.ID + "/out/1",
			Carrier:    "post",
		})
		require.NoError(t, err)
		r, err = env.UseSpare(storetest.Customer(c.Account), r.ID, u.ID)
		require.NoError(t, err)
		require.Equal(t, rma.OutboundSwapped, r.StoredOutbound)
		require.Equal(t, spare.SpareReplenishing, storetest.UnitOf(t, env, u.ID).State)
		sh, err = env.GetShipment(env.Context, sh.ID)
		require.NoError(t, err)
		require.Equal(t, shipping.ShipmentCancelled, sh.State)
		_, err = env.ShipRMA(storetest.Operator(), r.ID, replacement.RMAShipment{Serial: "NEW-1"})
		storetest.RequireCode(t, rules.StateConflict, err)
	})
}

func TestR88c_SwapOnlyLikeForLike(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.SpareOnSite(t)
		env.Device(t, c.Room, "MU-1", "MEETUP", "2026-06-01")
		env.Calendar.Set(env.Calendar.Now().Add(48 * time.Hour))
		r, err := env.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{Serial: "MU-1", Fault: "No sound"})
		require.NoError(t, err)
		_, err = env.UseSpare(storetest.Customer(c.Account), r.ID, u.ID)
		storetest.RequireCode(t, rma.NotLikeForLike, err)
		require.Equal(t, spare.SpareOnSite, storetest.UnitOf(t, env, u.ID).State)
	})
}

func TestC5_ASpareOfAnotherAccountIsNotFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, u := env.SpareOnSite(t)
		other := env.CoveredFor(t, "Beta SA", "bia@beta.example", "SN-200")
		r := env.Requested(t, other)
		_, foreign := env.UseSpare(storetest.Customer(other.Account), r.ID, u.ID)
		_, unknown := env.UseSpare(storetest.Customer(other.Account), r.ID, "spu_unknown")
		storetest.RequireCode(t, rules.NotFound, foreign)
		require.Equal(t, unknown.Error(), foreign.Error())
		_, err := env.UseSpare(storetest.Operator(), r.ID, u.ID)
		storetest.RequireCode(t, rules.NotFound, err)
	})
}

// Two people, two faulty devices, one spare: exactly one has it.
func TestR35d_OfTwoWhoUseTheSameSpareAtOnceOneWins(t *testing.T) {
	env := storetest.Postgres(t)
	c, u := env.SpareOnSite(t)
	var rmas []replacement.RMA
	for _, serial := range []string{"RB-1", "RB-2", "RB-3", "RB-4"} {
		env.Device(t, c.Room, serial, "RALLY-BAR", "2026-06-01")
		r, err := env.RequestRMA(storetest.Operator(), replacement.NewRMA{
			Serial:      serial,
			Fault:       "No picture",
			SerialProof: "file/1",
		})
		require.NoError(t, err)
		rmas = append(rmas, r)
	}
	errs := make([]error, len(rmas))
	var together sync.WaitGroup
	for i, r := range rmas {
		together.Go(func() { _, errs[i] = env.UseSpare(storetest.Customer(c.Account), r.ID, u.ID) })
	}
	together.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		storetest.RequireCode(t, rules.StateConflict, err)
	}
	require.Equal(t, 1, won)
	require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM rmas WHERE swapped_at IS NOT NULL"))
	env.AuditHolds(t)
}

// After the entitlement went, a used spare is not replenished (S26): its RMA goes on
// with its return (S10).
func TestS10_S26_NotAfterTheEntitlementWent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.SpareOnSite(t)
		r := env.Requested(t, c)
		_, err := env.UseSpare(storetest.Customer(c.Account), r.ID, u.ID)
		require.NoError(t, err)
		cancelAll(t, env, c.Account)
		for _, id := range env.Strings(t, "SELECT id FROM order_cancellations ORDER BY id") {
			_, err := env.CompensateCancellation(env.Context, id)
			require.NoError(t, err)
		}
		require.Equal(t, spare.SpareVoided, storetest.UnitOf(t, env, u.ID).State)
		r, err = env.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true})
		require.NoError(t, err)
		require.Equal(t, rma.RMAAwaitingReturn, r.StoredState, "the return and its fee go on (S10)")
		require.Equal(t, spare.SpareVoided, storetest.UnitOf(t, env, u.ID).State)
		require.Equal(t, licensing.DeviceInRoom, deviceState(t, env, u.DeviceID), "what was used stays in use")
	})
}
