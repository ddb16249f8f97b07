package replacement_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

func TestRejectedOnceAppealedOnce(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	r := env.Requested(t, c)
	customer := storetest.Customer(c.Account)
	_, err := env.RejectRMA(storetest.AgentContext, r.ID, replacement.RMARejection{Code: "BECAUSE", Reason: "x"})
	storetest.RequireCode(t, rules.ValidationFailed, err)
	_, err = env.ApproveRMA(storetest.AgentContext, r.ID, replacement.RMAApproval{})
	storetest.RequireCode(t, rma.DefectOpen, err)
	_, err = env.ApproveRMA(customer, r.ID, replacement.RMAApproval{DefectConfirmed: true})
	storetest.RequireCode(t, rules.Forbidden, err)
	r, err = env.RejectRMA(storetest.AgentContext, r.ID, replacement.RMARejection{
		Code:   rma.RejectNoDefect,
		Reason: "mended by a restart",
	})
	require.NoError(t, err)
	require.Equal(t, rma.RMARejected, r.StoredState)
	require.NotNil(t, r.ClosedAt)
	require.Equal(t, "REJECTED", lastMail(t, env, r.ID).Params["step"])
	_, err = env.AppealRMA(customer, r.ID, "")
	storetest.RequireCode(t, rules.ReasonRequired, err)
	r, err = env.AppealRMA(customer, r.ID, "It happened again")
	require.NoError(t, err)
	require.Equal(t, rma.RMARequested, r.StoredState)
	require.Nil(t, r.ClosedAt)
	_, err = env.RejectRMA(storetest.AgentContext, r.ID, replacement.RMARejection{
		Code:   rma.RejectNoDefect,
		Reason: "mended again",
	})
	require.NoError(t, err)
	require.Equal(t, "REJECTED_FINAL", lastMail(t, env, r.ID).Params["step"], "nobody is told to appeal again")
	_, err = env.AppealRMA(customer, r.ID, "Please")
	storetest.RequireCode(t, rules.StateConflict, err)
	require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskDecideRMA)[0].State)
	again, err := env.RequestRMA(customer, replacement.NewRMA{Serial: "SN-100", Fault: "Broken"})
	require.NoError(t, err, "the device is free for another RMA")
	require.NotEqual(t, r.ID, again.ID)
	env.AuditHolds(t)
}

func TestAppealFindsAnotherOpenRMA(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	r := env.Requested(t, c)
	_, err := env.RejectRMA(storetest.AgentContext, r.ID, replacement.RMARejection{
		Code:   rma.RejectNoAnswer,
		Reason: "no answer",
	})
	require.NoError(t, err)
	env.Requested(t, c)
	_, err = env.AppealRMA(storetest.Customer(c.Account), r.ID, "I am here")
	storetest.RequireCode(t, rma.RMAOpen, err)
}

// What the carrier tells late changes nothing: the room has the new device in the end.
func TestS24_InspectedBeforeTheDeliveryWasTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		r := env.Shipped(t, c)
		_, err := env.InspectRMA(storetest.AgentContext, r.ID, replacement.RMAInspection{
			Serial:  "SN-100",
			Outcome: rma.OutcomeDefect,
		})
		require.NoError(t, err)
		require.Equal(t, licensing.DeviceReturned, device(t, env, c.Device.ID).State)
		require.Empty(t, roomOf(t, env, c.Device.ID))
		env.Calendar.Set(env.Calendar.Now().Add(2 * time.Hour))
		r, err = env.RecordRMAFact(env.Context, r.ID, rma.FactDelivered, env.Calendar.Now().Add(-time.Hour))
		require.NoError(t, err)
		require.Equal(t, rma.RMAClosed, r.StoredState)
		require.Equal(t, c.Room.ID, roomOf(t, env, *r.ReplacementDeviceID))
		require.Equal(t, licensing.DeviceInRoom, device(t, env, *r.ReplacementDeviceID).State)
		require.Equal(t, licensing.DeviceReturned, device(t, env, c.Device.ID).State)
		env.AuditHolds(t)
	})
}

// The unit may be at the depot before its replacement has left, and then the RMA be
// withdrawn: nobody may bill the damage any more, so nobody is asked to.
func TestWithdrawnAfterDamageWasFoundAsksNobody(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	r := env.Shipped(t, c)
	_, err := env.InspectRMA(storetest.AgentContext, r.ID, replacement.RMAInspection{
		Serial:  "SN-100",
		Outcome: rma.OutcomeDamage,
	})
	require.NoError(t, err)
	require.Equal(t, db.TaskOpen, env.Tasks(t, db.TaskRMAFee)[0].State)
	_, err = env.WithdrawRMA(storetest.AgentContext, r.ID, "")
	require.NoError(t, err)
	require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskRMAFee)[0].State)
	_, err = env.BillRMA(storetest.AgentContext, r.ID, "")
	storetest.RequireCode(t, rules.StateConflict, err)
}

func TestS24_WithdrawnBeforeThePickUpOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		r := env.Shipped(t, c)
		newSerial := *r.ReplacementDeviceID
		r, err := env.WithdrawRMA(storetest.Customer(c.Account), r.ID, "found a spare part")
		require.NoError(t, err)
		require.Equal(t, rma.RMAWithdrawn, r.StoredState)
		require.Equal(t, licensing.DeviceRetired, device(t, env, newSerial).State, "its serial is free again")
		require.Equal(t, c.Room.ID, roomOf(t, env, c.Device.ID))
		again, err := env.WithdrawRMA(storetest.Customer(c.Account), r.ID, "again")
		require.NoError(t, err)
		require.Equal(t, r.Version, again.Version, "nothing changes")
		// The carrier had it before, and tells late.
		env.Calendar.Set(env.Calendar.Now().Add(2 * time.Hour))
		for _, fact := range []rma.RMAFact{rma.FactDelivered, rma.FactPickedUp} {
			r, err = env.RecordRMAFact(env.Context, r.ID, fact, env.Calendar.Now().Add(-time.Hour))
			require.NoError(t, err)
		}
		require.Equal(t, rma.RMAAwaitingReturn, r.StoredState)
		require.Equal(t, c.Room.ID, roomOf(t, env, newSerial))
		env.AuditHolds(t)
	})
}

func TestWithdrawAfterThePickUpIsRefused(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	r := env.Shipped(t, c)
	_, err := env.RecordRMAFact(env.Context, r.ID, rma.FactPickedUp, time.Time{})
	require.NoError(t, err)
	_, err = env.WithdrawRMA(storetest.Customer(c.Account), r.ID, "")
	storetest.RequireCode(t, rules.StateConflict, err)
}

func TestS21_BackorderPromisesAnewAndTheBreachCountsFromTheFirst(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	r := env.Approved(t, c)
	first := *r.PromiseDueAt
	_, err := env.BackorderRMA(storetest.AgentContext, r.ID, replacement.RMABackorder{ExpectedOn: "2026-11-24"})
	storetest.RequireCode(t, rules.ValidationFailed, err)
	_, err = env.BackorderRMA(storetest.AgentContext, r.ID, replacement.RMABackorder{
		ExpectedOn: "2026-11-30",
		Model:      "MEETUP",
	})
	storetest.RequireCode(t, rma.NotLikeForLike, err)
	r, err = env.BackorderRMA(storetest.AgentContext, r.ID, replacement.RMABackorder{ExpectedOn: "2026-11-30"})
	require.NoError(t, err)
	require.Equal(t, rma.RMABackordered, r.StoredState)
	require.Equal(t, "2026-12-01", r.Promise.On.String(), "the business day after Monday")
	require.Empty(t, r.Promise.Steps[0].At, "nothing was approved on that day")
	require.Equal(t, "2026-11-26", r.FirstPromise.On.String())
	require.Equal(t, first, *r.PromiseDueAt)

	env.Calendar.Set(first.Add(-time.Second))
	st, err := env.RunRMATimers(env.Context, r.ID)
	require.NoError(t, err)
	require.Equal(t, first, *st.At, "not yet")
	env.Calendar.Set(first)
	for range 2 {
		st, err = env.RunRMATimers(env.Context, r.ID)
		require.NoError(t, err)
		require.Nil(t, st.At)
	}
	require.Len(t, env.Tasks(t, db.TaskRMALate), 1)
	require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'event.rma_breached'"), "once")
	require.Len(t, storetest.ListOf(env.ListRMAs(storetest.AgentContext, replacement.RMAFilter{Late: true}))(t), 1)

	_, err = env.AllocateRMA(storetest.AgentContext, r.ID, "")
	require.NoError(t, err)
	_, err = env.ShipRMA(storetest.AgentContext, r.ID, replacement.RMAShipment{Serial: "NEW1"})
	require.NoError(t, err)
	_, err = env.RecordRMAFact(env.Context, r.ID, rma.FactDelivered, time.Time{})
	require.NoError(t, err)
	require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskRMALate)[0].State)
	require.Len(t, storetest.ListOf(env.ListRMAs(storetest.AgentContext, replacement.RMAFilter{Late: true}))(t), 1,
		"it stays late")
}

func TestR88c_BetterModelMayBeSent(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	env.Device(t, c.Room, "SN-M", "MEETUP", "2026-06-01")
	r, err := env.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{
		Serial:      "SN-M",
		SerialProof: "invoice",
		Fault:       "Broken",
	})
	require.NoError(t, err)
	_, err = env.ApproveRMA(storetest.AgentContext, r.ID, replacement.RMAApproval{DefectConfirmed: true})
	require.NoError(t, err)
	_, err = env.AllocateRMA(storetest.AgentContext, r.ID, "TAP")
	storetest.RequireCode(t, rma.NotLikeForLike, err)
	r, err = env.AllocateRMA(storetest.AgentContext, r.ID, "rally-bar-mini")
	require.NoError(t, err)
	require.Equal(t, "RALLY-BAR-MINI", r.ReplacementModel)
	r, err = env.ShipRMA(storetest.AgentContext, r.ID, replacement.RMAShipment{Serial: "MINI1"})
	require.NoError(t, err)
	require.Equal(t, "RALLY-BAR-MINI", device(t, env, *r.ReplacementDeviceID).ModelCode)
	_, err = env.RecordRMAFact(storetest.AgentContext, r.ID, rma.FactDelivered, time.Time{})
	require.NoError(t, err)
	require.Equal(t, "Rally Bar Mini", lastMail(t, env, r.ID).Params["other_model"], "as people call it")
}

func TestR27c_ReplacementOfATakenSerialIsRefused(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	r := env.Approved(t, c)
	_, err := env.AllocateRMA(storetest.AgentContext, r.ID, "")
	require.NoError(t, err)
	_, err = env.ShipRMA(storetest.AgentContext, r.ID, replacement.RMAShipment{Serial: "SN-100"})
	storetest.RequireCode(t, licensing.SerialRegistered, err)
	_, err = env.ShipRMA(storetest.AgentContext, r.ID, replacement.RMAShipment{})
	storetest.RequireCode(t, rules.ValidationFailed, err)
}

func TestS23_ReplacementHasTheRemainderOrThirtyDays(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	r := env.DeliveredRMA(t, c)
	_, err := env.PlaceDevice(env.Context, *r.ReplacementDeviceID, "", "")
	require.NoError(t, err)
	for wall, covered := range map[string]bool{
		"2026-12-20 12:00": true,
		"2028-05-31 12:00": true,
		"2028-06-01 12:00": false,
	} {
		env.SetLocal(t, "America/Sao_Paulo", wall)
		out, err := env.Coverage(env.Context, []entitlement.CoverSubject{{Serial: r.ReplacementSerial}},
			env.Calendar.Now(), cover.ForHardware)
		require.NoError(t, err)
		require.Equal(t, covered, out[0].Answer.Covered, "%s: the remainder of two years from the purchase", wall)
	}
}

func TestS22_RemindersOverdueConfirmationAndFee(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		r := env.DeliveredRMA(t, c)
		var kinds []rma.RMATimerKind
		for r.NextAt != nil {
			kinds = append(kinds, r.NextTimer)
			env.Calendar.Set(*r.NextAt)
			_, err := env.RunRMATimers(env.Context, r.ID)
			require.NoError(t, err)
			r = storetest.GetRMA(t, env, r.ID)
		}
		require.Equal(t, []rma.RMATimerKind{
			rma.TimerReminder, rma.TimerReminder, rma.TimerReminder, rma.TimerOverdue, rma.TimerFeeConfirm,
		}, kinds)
		require.Equal(t, rma.RMAOverdue, r.StoredState)
		require.Equal(t, 8, returnMails(t, env, r.ID), "three reminders and overdue, to two people")
		require.Len(t, env.Tasks(t, db.TaskRMAFee), 1)
		require.Equal(t, 0, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind LIKE 'event.fee%'"),
			"only after a person confirms")

		_, err := env.BillRMA(storetest.Customer(c.Account), r.ID, "")
		storetest.RequireCode(t, rules.Forbidden, err)
		_, err = env.WaiveRMA(storetest.AgentContext, r.ID, "goodwill")
		storetest.RequireCode(t, rules.Forbidden, err)
		r, err = env.BillRMA(storetest.AgentContext, r.ID, "")
		require.NoError(t, err)
		require.Equal(t, rma.RMANonReturnBilled, r.StoredState)
		require.Equal(t, licensing.DeviceLost, device(t, env, c.Device.ID).State)
		_, err = env.BillRMA(storetest.AgentContext, r.ID, "")
		require.NoError(t, err)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'event.fee_billed'"))

		_, err = env.RecordRMAFact(env.Context, r.ID, rma.FactReturnReceived, time.Time{})
		require.NoError(t, err)
		r, err = env.InspectRMA(storetest.AgentContext, r.ID, replacement.RMAInspection{
			Serial:  "SN-100",
			Outcome: rma.OutcomeNoFault,
		})
		require.NoError(t, err)
		require.Equal(t, rma.RMAClosed, r.StoredState)
		require.Equal(t, rma.FeeCredited, r.Fee())
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'event.fee_credited'"),
			"a late return credits")
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskRMAFee)[0].State)
		env.AuditHolds(t)
	})
}

// Of the reminders that were missed only the last is sent, and the word that the unit is
// overdue comes after it, not beside it.
func TestS22_TimersThatFireLateRemindOnceBeforeTheOverdueMail(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	r := env.DeliveredRMA(t, c)
	env.Calendar.Set(*r.ReturnDueAt)
	_, err := env.RunRMATimers(env.Context, r.ID)
	require.NoError(t, err)
	require.Nil(t, storetest.GetRMA(t, env, r.ID).OverdueAt)
	require.Equal(t, 2, returnMails(t, env, r.ID), "one reminder, to two people")

	env.Calendar.Set(*storetest.GetRMA(t, env, r.ID).NextAt)
	_, err = env.RunRMATimers(env.Context, r.ID)
	require.NoError(t, err)
	require.NotNil(t, storetest.GetRMA(t, env, r.ID).OverdueAt)
	require.Equal(t, 4, returnMails(t, env, r.ID), "and overdue")
}

func TestS22_LeadWaivesTheFee(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	r := env.DeliveredRMA(t, c)
	_, err := env.BillRMA(storetest.AgentContext, r.ID, "")
	storetest.RequireCode(t, rules.StateConflict, err)
	env.Calendar.Set(*r.ReturnDueAt)
	_, err = env.BillRMA(storetest.AgentContext, r.ID, "")
	storetest.RequireCode(t, rma.FeeNotDue, err)
	_, err = env.WaiveRMA(storetest.Lead(), r.ID, "")
	storetest.RequireCode(t, rules.ReasonRequired, err)
	r, err = env.WaiveRMA(storetest.Lead(), r.ID, "goodwill")
	require.NoError(t, err)
	require.Equal(t, rma.RMANoReturn, r.StoredState)
	require.Equal(t, rma.FeeWaived, r.Fee())
	require.Equal(t, licensing.DeviceRetired, device(t, env, c.Device.ID).State)
}

func TestS22_OutcomesOfTheInspection(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		r := env.DeliveredRMA(t, c)
		env.Calendar.Set(env.Calendar.Now().Add(5 * 24 * time.Hour))
		_, err := env.InspectRMA(storetest.AgentContext, r.ID, replacement.RMAInspection{
			Serial:  "SN-100",
			Outcome: "FINE",
		})
		storetest.RequireCode(t, rules.ValidationFailed, err)
		due := *r.ReturnDueAt
		r, err = env.InspectRMA(storetest.AgentContext, r.ID, replacement.RMAInspection{
			Serial:  "SN-999",
			Outcome: rma.OutcomeWrongUnit,
		})
		require.NoError(t, err)
		require.Equal(t, rma.RMAAwaitingReturn, r.StoredState, "another unit is a WRONG_UNIT")
		require.True(t, r.ReturnDueAt.After(due), "the window begins anew")
		require.Equal(t, licensing.DeviceInRMA, device(t, env, c.Device.ID).State)
		require.Len(t, env.Tasks(t, db.TaskRMAWrongUnit), 1)
		r, err = env.InspectRMA(storetest.AgentContext, r.ID,
			replacement.RMAInspection{Serial: "SN-100", Outcome: rma.OutcomeDamage, Reason: "wet"})
		require.NoError(t, err)
		require.Equal(t, rma.RMAInspected, r.StoredState)
		require.Equal(t, rma.FeeAsked, r.Fee())
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskRMAWrongUnit)[0].State)
		_, err = env.InspectRMA(storetest.AgentContext, r.ID, replacement.RMAInspection{
			Serial:  "SN-100",
			Outcome: rma.OutcomeDefect,
		})
		storetest.RequireCode(t, rules.StateConflict, err)
		r, err = env.BillRMA(storetest.AgentContext, r.ID, "wet")
		require.NoError(t, err)
		require.Equal(t, rma.RMAClosed, r.StoredState)
		require.Equal(t, rma.FeeBilled, r.Fee())
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'event.fee_billed'"))
	})
}

func TestNoReturnNeedsAPhoto(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	r := env.DeliveredRMA(t, c)
	_, err := env.KeepRMAUnit(storetest.AgentContext, r.ID, "", "policy")
	storetest.RequireCode(t, rma.PhotoMissing, err)
	r, err = env.KeepRMAUnit(storetest.AgentContext, r.ID, "photo 9", "policy")
	require.NoError(t, err)
	require.Equal(t, rma.RMANoReturn, r.StoredState)
	require.NotNil(t, r.ClosedAt)
	require.Equal(t, licensing.DeviceRetired, device(t, env, c.Device.ID).State)
}

func TestParcelSilentForThreeBusinessDaysIsSentAnewOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		r := env.Shipped(t, c)
		lost := *r.ReplacementDeviceID
		require.Equal(t, time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC), *r.SilenceDueAt, "Thursday, Friday, Monday")
		env.Calendar.Set(r.SilenceDueAt.Add(-time.Hour))
		_, err := env.RecordRMAFact(env.Context, r.ID, rma.FactPickedUp, time.Time{})
		require.NoError(t, err)
		env.Calendar.Set(*r.SilenceDueAt)
		_, err = env.RunRMATimers(env.Context, r.ID)
		require.NoError(t, err)
		require.Empty(t, env.Tasks(t, db.TaskRMASilent), "the carrier gave a sign on Monday")
		r = storetest.GetRMA(t, env, r.ID)
		require.Equal(t, time.Date(2026, 12, 4, 3, 0, 0, 0, time.UTC), *r.NextAt)
		env.Calendar.Set(*r.NextAt)
		st, err := env.RunRMATimers(env.Context, r.ID)
		require.NoError(t, err)
		require.Nil(t, st.At)
		require.Len(t, env.Tasks(t, db.TaskRMASilent), 1)

		r, err = env.WaitForRMA(storetest.AgentContext, r.ID, "the carrier is looking")
		require.NoError(t, err)
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskRMASilent)[0].State)
		env.Calendar.Set(*r.NextAt)
		_, err = env.RunRMATimers(env.Context, r.ID)
		require.NoError(t, err)
		require.Equal(t, db.TaskOpen, env.Tasks(t, db.TaskRMASilent)[0].State, "asked again")

		r, err = env.ReshipRMA(storetest.AgentContext, r.ID, "lost")
		require.NoError(t, err)
		require.Equal(t, rma.RMAApproved, r.StoredState)
		require.Equal(t, licensing.DeviceLost, device(t, env, lost).State)
		_, err = env.AllocateRMA(storetest.AgentContext, r.ID, "")
		require.NoError(t, err)
		r, err = env.ShipRMA(storetest.AgentContext, r.ID, replacement.RMAShipment{Serial: "SECOND"})
		require.NoError(t, err)
		_, err = env.ReshipRMA(storetest.AgentContext, r.ID, "lost too")
		storetest.RequireCode(t, rma.ReshipLimit, err)
		env.AuditHolds(t)
	})
}

// waitOutSilence lets the days pass after which an agent is asked about a parcel.
func waitOutSilence(t *testing.T, env storetest.Env, r replacement.RMA) {
	t.Helper()
	env.Calendar.Set(*r.SilenceDueAt)
	_, err := env.RunRMATimers(env.Context, r.ID)
	require.NoError(t, err)
	require.NotNil(t, storetest.GetRMA(t, env, r.ID).SilenceAskedAt)
}

// RULES 2: "lost after 3 business days silent → one re-ship by agent decision". Where the
// shipment itself says that it will not arrive, nobody has to wait for silence.
func TestRMAParcelIsSentAnewOnlyOnceItMayBeLost(t *testing.T) {
	for name, c := range map[string]struct {
		told []shipping.ScanKind
		want string
	}{
		"a second after shipping":    {nil, rma.ParcelNotLost},
		"picked up":                  {[]shipping.ScanKind{shipping.ScanPickedUp}, rma.ParcelNotLost},
		"an exception":               {[]shipping.ScanKind{"PICKED_UP", shipping.ScanException}, rma.ParcelNotLost},
		"the carrier has lost it":    {[]shipping.ScanKind{"PICKED_UP", shipping.ScanLost}, ""},
		"the carrier brings it back": {[]shipping.ScanKind{"PICKED_UP", shipping.ScanReturnedToSender}, ""},
		"it arrived":                 {[]shipping.ScanKind{shipping.ScanDelivered}, rules.StateConflict},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				r := env.Approved(t, env.Covered(t))
				_, err := env.AllocateRMA(storetest.AgentContext, r.ID, "")
				require.NoError(t, err)
				r, err = env.ShipRMA(storetest.AgentContext, r.ID,
					replacement.RMAShipment{Serial: "FIRST", Carrier: "sim", Tracking: "T1"})
				require.NoError(t, err)
				env.Calendar.Set(env.Calendar.Now().Add(time.Second))
				list := env.ListShipments
				sh := storetest.ListOf(list(storetest.AgentContext, logistics.ShipmentFilter{SubjectID: r.ID}))(t)[0]
				for _, kind := range c.told {
					_, err := env.RecordScan(env.Context, sh.ID,
						logistics.NewScan{Kind: kind, Source: logistics.ScanByCarrier, CauseKey: string(kind)})
					require.NoError(t, err)
				}

				asked := len(env.Tasks(t, db.TaskRMASilent))
				_, err = env.ReshipRMA(storetest.AgentContext, r.ID, "lost")
				if c.want != "" {
					storetest.RequireCode(t, c.want, err)
					require.Zero(t, asked)
					return
				}
				require.NoError(t, err)
				require.Equal(t, 1, asked, "an agent is asked at once")
				require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskRMASilent)[0].State)
				require.Equal(t, rma.RMAApproved, storetest.GetRMA(t, env, r.ID).StoredState)
				env.AuditHolds(t)
			})
		})
	}
}

// RULES 2: the right serial number is no WRONG_UNIT, and without one nobody knows which
// unit came back.
func TestRMAInspectionThatContradictsItsSerialIsRefused(t *testing.T) {
	for name, in := range map[string]replacement.RMAInspection{
		"right serial, called wrong": {Serial: "sn-100", Outcome: rma.OutcomeWrongUnit},
		"no serial":                  {Outcome: rma.OutcomeDefect},
	} {
		t.Run(name, func(t *testing.T) {
			env := storetest.SQLite(t)
			r := env.DeliveredRMA(t, env.Covered(t))
			_, err := env.InspectRMA(storetest.AgentContext, r.ID, in)
			storetest.RequireCode(t, rules.ValidationFailed, err)
			r = storetest.GetRMA(t, env, r.ID)
			require.Equal(t, rma.RMAAwaitingReturn, r.StoredState)
			require.Nil(t, r.WrongUnitAt)
			require.Empty(t, env.Tasks(t, db.TaskRMAWrongUnit))
		})
	}
}

func TestLostParcelThatTurnsUpSaysNothingAboutTheRMA(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	r := env.Approved(t, c)
	_, err := env.AllocateRMA(storetest.AgentContext, r.ID, "")
	require.NoError(t, err)
	r, err = env.ShipRMA(storetest.AgentContext, r.ID,
		replacement.RMAShipment{Serial: "FIRST", Carrier: "sim", Tracking: "T1"})
	require.NoError(t, err)
	first := storetest.ListOf(env.ListShipments(storetest.AgentContext, logistics.ShipmentFilter{SubjectID: r.ID}))(
		t,
	)[0]
	waitOutSilence(t, env, r)
	_, err = env.ReshipRMA(storetest.AgentContext, r.ID, "lost")
	require.NoError(t, err)
	got, err := env.GetShipment(storetest.AgentContext, first.ID)
	require.NoError(t, err)
	require.Equal(t, shipping.ShipmentLost, got.State)
	_, err = env.RecordScan(env.Context, first.ID,
		logistics.NewScan{Kind: shipping.ScanDelivered, Source: logistics.ScanByCarrier, CauseKey: "late"})
	require.NoError(t, err)
	require.Equal(t, rma.RMAApproved, storetest.GetRMA(t, env, r.ID).StoredState)
	require.Len(t, env.Tasks(t, db.TaskShipmentContradicted), 1, "a person sees it")
}

func TestS10_CancellationOfTheOrderBothWays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		room := env.Room(t, c.Account, "Sala 2")
		env.Assigned(t, env.Licences(t, c.Order)[1], room)
		second := c
		second.Device = env.Device(t, room, "SN-200", "MEETUP", "2026-06-01")
		// by its own warranty
		third := env.Device(t, env.Room(t, c.Account, "Sala 3"), "SN-300", "MEETUP", "2026-06-01")
		env.Calendar.Set(env.Calendar.Now().Add(25 * time.Hour))
		shipped, waiting := env.Shipped(t, c), env.Approved(t, second)
		warranty, err := env.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{
			Serial: *third.Serial,
			Fault:  "x",
		})
		require.NoError(t, err)
		_, cancellation, err := env.CancelOrder(storetest.AgentContext, c.Order.ID,
			order.CancelRequest{Reason: "no longer wanted"})
		require.NoError(t, err)
		for range 2 {
			_, err = env.CompensateCancellation(env.Context, cancellation.ID)
			require.NoError(t, err)
		}
		require.Equal(t, rma.RMAWithdrawn, storetest.GetRMA(t, env, waiting.ID).StoredState, "not shipped")
		require.Equal(t, rma.RMARequested, storetest.GetRMA(t, env, warranty.ID).StoredState,
			"covered by no licence of the order")
		require.Equal(t, rma.RMAShipped, storetest.GetRMA(t, env, shipped.ID).StoredState, "shipped: it goes on")
		r, err := env.RecordRMAFact(env.Context, shipped.ID, rma.FactDelivered, time.Time{})
		require.NoError(t, err)
		require.Equal(t, rma.RMAAwaitingReturn, r.StoredState, "with its return")
		require.NotNil(t, r.FeeConfirmAt, "and its fee")
		env.AuditHolds(t)
	})
}

func TestS3_ExpiryLeavesAnApprovedRMAItsEntitlement(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	r := env.Approved(t, c)
	env.Calendar.Set(env.Calendar.Now().AddDate(4, 0, 0))
	_, err := env.SweepContracts(env.Context, func(operations.Sweep) {})
	require.NoError(t, err)
	require.NotEmpty(t, r.Frozen.Entitlement.LicenceID)
	_, err = env.AllocateRMA(storetest.AgentContext, r.ID, "")
	require.NoError(t, err)
	after, err := env.ShipRMA(storetest.AgentContext, r.ID, replacement.RMAShipment{Serial: "NEW1"})
	require.NoError(t, err)
	require.Equal(t, r.Frozen, after.Frozen)
	require.Equal(t, calendar.SpeedNBD, after.Speed)
}

func TestR28c_R28d_MoveLeavesALiveRMAAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		r := env.Shipped(t, c)
		to := env.Room(t, c.Account, "Sala 2")
		_, err := env.Move(storetest.Customer(c.Account), entitlement.MoveRequest{
			FromRoomID: c.Room.ID,
			ToRoomID:   to.ID,
			DeviceIDs:  []string{c.Device.ID},
			LicenceIDs: []string{c.Licence.ID},
		})
		require.NoError(t, err)
		after := storetest.GetRMA(t, env, r.ID)
		require.Equal(t, r.Frozen, after.Frozen)
		require.Equal(t, c.Room.ID, *after.RoomID, "as it was requested")
		_, err = env.RecordRMAFact(env.Context, r.ID, rma.FactDelivered, time.Time{})
		require.NoError(t, err)
		require.Equal(t, to.ID, roomOf(t, env, *r.ReplacementDeviceID), "the replacement goes where the faulty one is")
		_, err = env.PlaceDevice(storetest.Customer(c.Account), c.Device.ID, to.ID, "")
		storetest.RequireCode(t, rules.StateConflict, err)
	})
}

func TestS28_RoomWithAnOpenRMAStays(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	r := env.Requested(t, c)
	_, err := env.ArchiveRoom(storetest.Customer(c.Account), c.Room.ID, "")
	storetest.RequireCode(t, licensing.RoomBusy, err)
	_, err = env.WithdrawRMA(storetest.Customer(c.Account), r.ID, "")
	require.NoError(t, err)
	_, err = env.ArchiveRoom(storetest.Customer(c.Account), c.Room.ID, "")
	require.NoError(t, err)
}

// Every order of arrival leads to the same rows, devices and rooms.
func TestFactsOfAnRMAInEveryOrderLeadToTheSameRows(t *testing.T) {
	type end struct {
		state, faulty, replacement, room string
		delivered, due                   time.Time
	}
	days := map[rma.RMAFact]int{
		rma.FactPickedUp:       1,
		rma.FactDelivered:      2,
		rma.FactReturnScanned:  3,
		rma.FactReturnReceived: 4,
	}
	var want *end
	permute([]rma.RMAFact{
		rma.FactPickedUp, rma.FactDelivered, rma.FactReturnScanned, rma.FactReturnReceived,
	}, func(ordered []rma.RMAFact) {
		env := storetest.SQLite(t)
		c := env.Covered(t)
		r := env.Shipped(t, c)
		now := env.Calendar.Now()
		env.Calendar.Set(now.Add(10 * 24 * time.Hour))
		for _, fact := range append(append([]rma.RMAFact{}, ordered...), ordered[0], ordered[2]) {
			_, err := env.RecordRMAFact(env.Context, r.ID, fact, now.Add(time.Duration(days[fact])*24*time.Hour))
			require.NoError(t, err)
		}
		r = storetest.GetRMA(t, env, r.ID)
		got := &end{
			string(r.StoredState), string(device(t, env, c.Device.ID).State),
			string(device(t, env, *r.ReplacementDeviceID).State), "", *r.DeliveredAt, *r.ReturnDueAt,
		}
		if roomOf(t, env, *r.ReplacementDeviceID) == c.Room.ID {
			got.room = "taken"
		}
		if want == nil {
			want = got
		}
		require.Equal(t, want, got, ordered)
		require.Len(t, env.Mails(t, rules.TemplateRMA), 8,
			"requested, approved, shipped and delivered, each once, to two people")
	})
	require.Equal(t, &end{"RETURN_RECEIVED", "IN_RMA", "IN_ROOM", "taken", want.delivered, want.due}, want)
}

func permute[T any](list []T, fn func([]T)) {
	var walk func(int)
	walk = func(k int) {
		if k == len(list) {
			fn(list)
		}
		for i := k; i < len(list); i++ {
			list[k], list[i] = list[i], list[k]
			walk(k + 1)
			list[k], list[i] = list[i], list[k]
		}
	}
	walk(0)
}

// Names and addresses of people, and of the site, stand in the row of the site and
// in mails only.
func TestR94_NoPersonInAnRMAsAuditTasksAndOutbox(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	r := env.Shipped(t, c)
	_, err := env.ChangeSite(storetest.Operator(), c.Site.ID, rules.SiteForm{
		Name:         "HQ",
		ContactName:  "Eva Recepção",
		ContactEmail: "eva@acme.example",
		TimeZone:     "America/Sao_Paulo",
		Address:      rules.Address{Street: "Rua Nova 5", City: "São Paulo", Country: "BR"},
	}, c.Site.Version, "they have moved")
	require.NoError(t, err)
	all := strings.Join(append(append(
		env.Strings(t, "SELECT details FROM audit_events"), env.Strings(t, "SELECT payload FROM outbox_events")...,
	),
		env.Strings(t, "SELECT what || why FROM operator_tasks")...), "\n")
	for _, word := range []string{"Rui", "portaria@", "Eva", "eva@", "Paulista", "Rua Nova", "ana.souza@"} {
		require.NotContains(t, all, word)
	}
	require.NotEmpty(t, r.ID)
}

// returnMails counts the mails about the return.
func returnMails(t *testing.T, env storetest.Env, rmaID string) (n int) {
	for _, step := range steps(t, env, rmaID) {
		if strings.HasPrefix(step, "REMINDER") || strings.HasPrefix(step, "OVERDUE") {
			n++
		}
	}
	return n
}
