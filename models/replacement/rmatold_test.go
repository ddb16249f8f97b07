package replacement_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

// booked is an approved RMA whose parcels the carrier knows as T-out/1 and T-return/1.
func booked(t *testing.T, env storetest.Env, c storetest.Covered) replacement.RMA {
	t.Helper()
	r := env.Approved(t, c)
	for key, sh := range storetest.ParcelsOf(t, env, r.ID) {
		_, err := env.ShipmentBooked(env.Context, sh.ID, "T-"+key)
		require.NoError(t, err)
	}
	return r
}

func scanned(t *testing.T, env storetest.Env, tracking string, kind shipping.ScanKind, at time.Time) logistics.CarrierEvent {
	t.Helper()
	e, err := env.ReceiveCarrierEvent(env.Context, storetest.CarrierEvent(tracking, kind, at))
	require.NoError(t, err)
	return e
}

func taskStates(t *testing.T, env storetest.Env, kind db.TaskKind) (states []db.TaskState) {
	t.Helper()
	for _, task := range env.Tasks(t, kind) {
		states = append(states, task.State)
	}
	return states
}

// A carrier's DELIVERED of a year ago for today's parcel: nothing is due, an operator sees
// it, and the right event later counts.
func TestS62_AnImpossibleDeliveryMovesNothingUntilItIsCorrected(t *testing.T) {
	for name, off := range map[string]time.Duration{
		"a year ago": -365 * 24 * time.Hour,
		"tomorrow":   24 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				env, c := storetest.Carried(t, env)
				r := booked(t, env, c)
				wrong := env.Calendar.Now().Add(off)
				mails := len(env.Mails(t, rules.TemplateRMA))

				e := scanned(t, env, "T-out/1", shipping.ScanDelivered, wrong)
				require.Equal(t, logistics.CarrierEventApplied, e.State)
				require.True(t, e.Contradicted)

				_, err := env.RunRMATimers(env.Context, r.ID)
				require.NoError(t, err)
				r = storetest.GetRMA(t, env, r.ID)
				require.Equal(t, rma.RMAAllocated, r.StoredState)
				require.Nil(t, r.DeliveredAt)
				require.Nil(t, r.ReturnDueAt)
				require.Len(t, env.Mails(t, rules.TemplateRMA), mails)
				require.Equal(t, c.Room.ID, roomOf(t, env, c.Device.ID))

				out := storetest.ParcelsOf(t, env, r.ID)["out/1"]
				require.Equal(t, shipping.ShipmentLabelled, out.State)
				require.True(t, out.Contradicted)
				require.Equal(t, []db.TaskState{db.TaskOpen}, taskStates(t, env, db.TaskShipmentContradicted))

				scans, err := env.ScansOf(env.Context, out.ID)
				require.NoError(t, err)
				kept := 0
				for _, s := range scans {
					if s.Contradicted {
						kept++
						require.True(t, wrong.Equal(s.At), "as it was told")
					}
				}
				require.Equal(t, 1, kept)

				right := env.Calendar.Now().AddDate(0, 0, 2)
				env.Calendar.Set(right.Add(time.Hour))
				require.False(t, scanned(t, env, "T-out/1", shipping.ScanDelivered, right).Contradicted)

				r = storetest.GetRMA(t, env, r.ID)
				require.Equal(t, rma.RMAAwaitingReturn, r.StoredState)
				require.True(t, right.Equal(*r.ReturnBaseAt))
				require.True(t, r.ReturnDueAt.After(right.AddDate(0, 0, 10)))
				require.Equal(t, []db.TaskState{db.TaskDone}, taskStates(t, env, db.TaskShipmentContradicted))
				require.False(t, storetest.ParcelsOf(t, env, r.ID)["out/1"].Contradicted)
				env.AuditHolds(t)
			})
		})
	}
}

// A delivery that was believed before instants were checked made the return overdue at
// once; the carrier's right event repairs what followed.
func TestS62_TheCorrectionRepairsWhatFollowed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c := storetest.Carried(t, env)
		r := booked(t, env, c)
		out := storetest.ParcelsOf(t, env, r.ID)["out/1"]
		wrong := "2025-11-23 12:00:00+00:00"
		require.NoError(t, env.Exec(fmt.Sprintf(`INSERT INTO shipment_scans
			(id, account_id, shipment_id, kind, at, source, cause_key, created_at)
			VALUES ('scn_old', '%s', '%s', 'DELIVERED', '%s', 'CARRIER', 'carrier/sim/old', '%s')`,
			r.AccountID, out.ID, wrong, wrong)))
		require.NoError(t, env.Exec(fmt.Sprintf(`UPDATE shipments
			SET state = 'DELIVERED', delivered_at = '%s' WHERE id = '%s'`, wrong, out.ID)))
		require.NoError(t, env.Exec(fmt.Sprintf(`UPDATE rmas
			SET delivered_at = '%s', return_base_at = '%s', return_due_at = '2025-12-09 03:00:00+00:00',
				fee_confirm_at = '2025-12-16 03:00:00+00:00', overdue_at = '%s', fee_asked_at = '%s',
				reminders_sent = 3, state = 'OVERDUE', outbound = 'DELIVERED', return_track = 'OVERDUE'
			WHERE id = '%s'`, wrong, wrong, wrong, wrong, r.ID)))

		right := env.Calendar.Now().AddDate(0, 0, 2)
		env.Calendar.Set(right.Add(time.Hour))
		scanned(t, env, "T-out/1", shipping.ScanDelivered, right)

		r = storetest.GetRMA(t, env, r.ID)
		require.Equal(t, rma.RMAAwaitingReturn, r.StoredState)
		require.True(t, right.Equal(*r.DeliveredAt))
		require.Nil(t, r.OverdueAt)
		require.Nil(t, r.FeeAskedAt)
		require.Zero(t, r.RemindersSent)
		require.Equal(t, rma.FeeNone, r.Fee())
	})
}

// What a person passes on has to be possible: nothing happens to an RMA whose parcel was
// never made, and the room keeps its device.
func TestS62_WhatCannotHaveHappenedIsNotToldOfAnRMA(t *testing.T) {
	for state, reach := range map[rma.RMAState]func(*testing.T, storetest.Env, storetest.Covered) replacement.RMA{
		rma.RMARequested: func(t *testing.T, env storetest.Env, c storetest.Covered) replacement.RMA {
			return env.Requested(t, c)
		},
		rma.RMAApproved: func(t *testing.T, env storetest.Env, c storetest.Covered) replacement.RMA {
			return env.Approved(t, c)
		},
		rma.RMARejected: func(t *testing.T, env storetest.Env, c storetest.Covered) replacement.RMA {
			r, err := env.RejectRMA(storetest.Operator(), env.Requested(t, c).ID,
				replacement.RMARejection{Code: rma.RejectNoDefect, Reason: "it works"})
			require.NoError(t, err)
			return r
		},
		rma.RMAWithdrawn: func(t *testing.T, env storetest.Env, c storetest.Covered) replacement.RMA {
			r, err := env.WithdrawRMA(storetest.Customer(c.Account), env.Requested(t, c).ID, "")
			require.NoError(t, err)
			return r
		},
	} {
		t.Run(string(state), func(t *testing.T) {
			env := storetest.SQLite(t)
			c := env.Covered(t)
			r := reach(t, env, c)
			require.Equal(t, state, r.StoredState)
			require.NotContains(t, r.FactsToTell(), rma.FactDelivered)

			for _, fact := range []rma.RMAFact{rma.FactPickedUp, rma.FactDelivered} {
				_, err := env.DoRMA(storetest.AgentContext, r.ID,
					replacement.ReplacementCommand{Name: rma.RMATell, Fact: fact})
				storetest.RequireCode(t, rules.StateConflict, err)
			}
			after := storetest.GetRMA(t, env, r.ID)
			require.Equal(t, r.Version, after.Version)
			require.Equal(t, state, after.StoredState)
			require.Equal(t, c.Room.ID, roomOf(t, env, c.Device.ID))
		})
	}
}

// An instant that somebody types and that cannot be true is refused by its field; the
// right one is then taken.
func TestS62_TypedInstantsAreHeldAgainstWhatIsPossible(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		r := env.Shipped(t, c)
		tell := func(at time.Time) (replacement.RMA, error) {
			return env.DoRMA(storetest.AgentContext, r.ID, replacement.ReplacementCommand{
				Name: rma.RMATell,
				Fact: rma.FactDelivered,
				At:   at,
			})
		}
		for at, code := range map[time.Time]string{
			time.Date(2020, 11, 23, 12, 0, 0, 0, time.UTC): rules.TooEarly,
			env.Calendar.Now().Add(24 * time.Hour):         rules.InTheFuture,
		} {
			_, err := tell(at)
			requireField(t, err, "/at", code)
			require.Nil(t, storetest.GetRMA(t, env, r.ID).DeliveredAt)
		}

		after, err := tell(env.Calendar.Now())
		require.NoError(t, err)
		require.Equal(t, rma.RMAAwaitingReturn, after.StoredState)
		require.True(t, after.ReturnDueAt.After(env.Calendar.Now()))
	})
}

func TestS62_TypedInstantsOfASpareAreHeldAgainstWhatIsPossible(t *testing.T) {
	env := storetest.SQLite(t)
	c, u := env.Spare(t)
	u = env.Agreed(t, c, u)
	u, err := env.ShipSpare(storetest.Operator(), u.ID, replacement.Parcel{Serial: "SPARE-1"})
	require.NoError(t, err)
	require.Equal(t, []spare.SpareFact{spare.SparePickedUp, spare.SpareDelivered}, u.FactsToTell())

	tell := func(ctx context.Context, at time.Time) (replacement.SpareUnit, error) {
		return env.DoSpare(ctx, u.ID, replacement.SpareUnitCommand{
			Name: spare.SpareTell,
			Fact: spare.SpareDelivered,
			At:   at,
		})
	}
	_, err = tell(storetest.AgentContext, env.Calendar.Now().AddDate(-6, 0, 0))
	requireField(t, err, "/at", rules.TooEarly)
	_, err = tell(storetest.AgentContext, env.Calendar.Now().AddDate(0, 0, 1))
	requireField(t, err, "/at", rules.InTheFuture)

	u, err = tell(storetest.AgentContext, env.Calendar.Now())
	require.NoError(t, err)
	require.Equal(t, spare.SpareOnSite, u.State)
}

// requireField holds that a refusal names one field with its code.
func requireField(t *testing.T, err error, pointer, code string) {
	t.Helper()
	var refusal *rules.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, rules.ValidationFailed, refusal.Code)
	require.Len(t, refusal.Fields, 1)
	require.Equal(t, pointer, refusal.Fields[0].Pointer)
	require.Equal(t, code, refusal.Fields[0].Code)
	require.NotEmpty(t, refusal.Fields[0].Remedy)
}
