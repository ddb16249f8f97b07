package order_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/rules/spare"
)

// running has an order of n one-year licences that runs until the returned instant,
// 30 days from now, two of them in rooms.
func running(
	t *testing.T, env storetest.Env, seller account.Org, n int64,
) (o order.Order, c entitlement.ServiceContract, rooms []entitlement.Room) {
	f := storetest.OrderForm("PO-OLD", "Acme Ltda", "Rua A, 1", n)
	f.Lines[0].SKU = "SELECT-1Y"
	o = env.Fulfilled(t, seller, f)
	for i, l := range env.Licences(t, o)[1:3] {
		rooms = append(rooms, env.Room(t, *o.AccountID, fmt.Sprint("Sala ", i)))
		env.Assigned(t, l, rooms[i])
	}
	c = storetest.OneContract(t, env, o.ID)
	env.Calendar.Set(c.EndAt.AddDate(0, 0, -30).Add(10 * time.Hour))
	return o, c, rooms
}

func covered(t *testing.T, env storetest.Env, room entitlement.Room, at time.Time) bool {
	out, err := env.Coverage(env.Context, []entitlement.CoverSubject{{RoomID: room.ID}}, at, cover.ForTechnical)
	require.NoError(t, err)
	return out[0].Answer.Covered
}

func TestS4_50LicencesRenewed30DaysEarlyStillEarnOneSpareAndLeaveNoGap(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		old, was, rooms := running(t, env, seller, 50)
		parent := storetest.ParentOf(t, env, old)
		form := storetest.RenewalForm(env, "PO-NEW", 50, was.ID)
		o := env.Fulfilled(t, seller, form)
		got := storetest.OneContract(t, env, o.ID)
		require.Equal(t, rules.ContractActive, got.State)
		require.Equal(t, entitlement.StartRenewal, got.StartReason)
		require.Equal(t, storetest.Stamp(*was.EndAt), storetest.Stamp(*got.StartAt), "it starts at the old end")
		require.Equal(t, was.EndAt.In(storetest.SaoPaulo(t)).AddDate(2, 0, 0).UTC(), got.EndAt.UTC())
		require.Equal(t, 50, env.Count(t, "SELECT count(DISTINCT renews_licence_id) FROM licences"))
		spares := func(when string) {
			p, err := env.GetSpares(env.Context, parent)
			require.NoError(t, err)
			require.Equal(t, 50, p.Licences, when)
			require.Equal(t, 1, p.Entitled, when)
		}
		spares("before")
		around := []time.Time{
			was.EndAt.Add(-time.Second), *was.EndAt, was.EndAt.Add(time.Second), was.EndAt.AddDate(0, 6, 0),
			got.EndAt.Add(-time.Second),
		}
		unbroken := func(when string) {
			for _, room := range rooms {
				for _, at := range around {
					require.True(t, covered(t, env, room, at), "%s, at %s", when, at)
				}
				require.False(t, covered(t, env, room, *got.EndAt), when)
			}
		}
		unbroken("before")
		env.Calendar.Set(was.EndAt.AddDate(0, 0, 7)) // the sweep is a week late
		unbroken("over, not swept")
		spares("over, not swept")
		for range 2 {
			storetest.SweepOnce(t, env)
			unbroken("swept")
			spares("swept")
		}
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM licence_assignments WHERE to_at IS NULL"))
		require.Equal(t, 2,
			env.Count(t, "SELECT count(*) FROM licences WHERE state = 'ASSIGNED' AND contract_id = '"+got.ID+"'"))
		require.Equal(t, []string{storetest.Stamp(*was.EndAt), storetest.Stamp(*was.EndAt)},
			stamps(t, env, "from_at", "to_at IS NULL"))
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM licence_assignments WHERE end_reason = 'EXPIRED'"))
		require.Len(t, storetest.LedgerOf(t, env, parent), 1)
		env.AuditHolds(t)
	})
}

// stamps reads instants of assignments through the domain, in UTC.
func stamps(t *testing.T, env storetest.Env, column, where string) (out []string) {
	all, _, err := env.ListAssignments(env.Context, entitlement.AssignmentFilter{Open: where == "to_at IS NULL"})
	require.NoError(t, err)
	require.Equal(t, "from_at", column)
	for _, a := range all {
		require.NotNil(t, a.Terms, "the terms of the day of the takeover are kept")
		out = append(out, storetest.Stamp(a.FromAt))
	}
	return out
}

// However late the sweep is, history says which of three contracts that renew one another
// covered a room when.
func TestS4_RenewalsThatAreOverInOneSweepCoveredTheirRooms(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		_, first, rooms := running(t, env, seller, 5)
		renewal := func(po string, of entitlement.ServiceContract) entitlement.ServiceContract {
			o := env.Fulfilled(t, seller, storetest.RenewalForm(env, po, 5, of.ID))
			return storetest.OneContract(t, env, o.ID)
		}
		second := renewal("PO-2", first)
		third := renewal("PO-3", second)
		require.Equal(t, storetest.Stamp(*second.EndAt), storetest.Stamp(*third.StartAt))

		env.Calendar.Set(third.EndAt.AddDate(0, 0, 3))
		require.Equal(t, 3, storetest.SweepOnce(t, env).Expired)
		require.Equal(t, 6, env.Count(t, "SELECT count(*) FROM licence_assignments WHERE end_reason = 'EXPIRED'"))
		all, _, err := env.ListAssignments(env.Context, entitlement.AssignmentFilter{})
		require.NoError(t, err)
		require.Len(t, all, 6)
		for _, c := range []entitlement.ServiceContract{first, second, third} {
			n := env.Count(t, "SELECT count(*) FROM licence_assignments a JOIN licences l ON l.id = a.licence_id "+
				"JOIN service_contracts c ON c.id = l.contract_id "+
				"WHERE c.id = '"+c.ID+"' AND a.to_at = c.end_at AND a.from_at < a.to_at")
			require.Equal(t, 2, n)
		}
		for _, room := range rooms {
			for _, at := range []time.Time{
				first.EndAt.Add(-time.Second), *first.EndAt, second.EndAt.Add(-time.Second), *second.EndAt,
				third.EndAt.Add(-time.Second),
			} {
				require.True(t, covered(t, env, room, at), at)
			}
			require.False(t, covered(t, env, room, *third.EndAt))
		}
		env.AuditHolds(t)
	})
}

func TestS4_AFewerRenewalKeepsTheRoomsInUse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		_, was, rooms := running(t, env, seller, 5)
		env.Fulfilled(t, seller, storetest.RenewalForm(env, "PO-NEW", 2, was.ID))
		env.Calendar.Set(*was.EndAt)
		storetest.SweepOnce(t, env)
		for _, room := range rooms {
			require.True(t, covered(t, env, room, was.EndAt.Add(time.Hour)))
		}
	})
}

func TestS4_MoreThanThereWasIsNew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		old, was, _ := running(t, env, seller, 40)
		o := env.Fulfilled(t, seller, storetest.RenewalForm(env, "PO-NEW", 60, was.ID))
		p, err := env.GetSpares(env.Context, storetest.ParentOf(t, env, old))
		require.NoError(t, err)
		require.Equal(t, 60, p.Licences, "40 are renewed, 20 are new")
		require.Equal(t, []spare.SpareEntry{{Delta: 1, Cause: spare.SpareByOrder, SourceID: o.ID}},
			storetest.LedgerOf(t, env, p.ParentOrgID))
	})
}

func TestS4_BoughtAfterTheEndItStartsLikeAnyOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		_, was, rooms := running(t, env, seller, 5)
		env.Calendar.Set(was.EndAt.AddDate(0, 0, 3))
		storetest.SweepOnce(t, env)
		o := env.Fulfilled(t, seller, storetest.RenewalForm(env, "PO-NEW", 5, was.ID))
		require.Equal(t, rules.ContractPendingStart, storetest.OneContract(t, env, o.ID).State)
		env.Assigned(t, env.Licences(t, o)[0], rooms[0])
		require.Equal(t, entitlement.StartFirstAssignment, storetest.OneContract(t, env, o.ID).StartReason)
		require.False(t, covered(t, env, rooms[0], was.EndAt.AddDate(0, 0, 1)), "the gap is real")
		require.True(t, covered(t, env, rooms[0], env.Calendar.Now()))
	})
}

func TestS4_ACancelledRenewalEndsWithTheOldContract(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		old, was, rooms := running(t, env, seller, 50)
		o := env.Fulfilled(t, seller, storetest.RenewalForm(env, "PO-NEW", 50, was.ID))
		_, _, err := env.CancelOrder(storetest.Seller(seller), o.ID, order.CancelRequest{Reason: "not needed"})
		require.NoError(t, err)
		require.Equal(t, 1, storetest.Entitled(t, env, storetest.ParentOf(t, env, old)), "the old ones still count")
		again := env.Fulfilled(t, seller, storetest.RenewalForm(env, "PO-AGAIN", 1, was.ID)) // and may be renewed anew
		require.Equal(t, entitlement.StartRenewal, storetest.OneContract(t, env, again.ID).StartReason)
		env.Calendar.Set(*was.EndAt)
		storetest.SweepOnce(t, env)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM licence_assignments WHERE to_at IS NULL"))
		require.True(t, covered(t, env, rooms[0], env.Calendar.Now()))
		require.False(t, covered(t, env, rooms[1], env.Calendar.Now()))
		require.Zero(t, storetest.Entitled(t, env, storetest.ParentOf(t, env, old)))
	})
}

func TestS4_WhatCannotBeRenewedIsRefusedAtTheDoor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		pending := env.Fulfilled(t, seller, storetest.OrderForm("PO-P", "Acme Ltda", "Rua A, 1", 1))
		foreign := env.Fulfilled(t, seller, storetest.OrderForm("PO-F", "Beta SA", "Rua A, 1", 1))
		require.NoError(t, env.Exec(
			"UPDATE service_contracts SET state = 'ACTIVE', start_at = created_at, end_at = fallback_start_at WHERE order_id = '"+
				foreign.ID+"'",
		))
		_, was, _ := running(t, env, seller, 3)
		refused := func(form ordering.OrderForm) error {
			_, err := env.AcceptOrder(env.Context, order.Intake{Sender: seller, Form: form})
			storetest.RequireCode(t, rules.ValidationFailed, err)
			require.Equal(t, []string{"/lines/0/renews"}, storetest.Pointers(err))
			return err
		}
		unknown := refused(storetest.RenewalForm(env, "PO-1", 1, "con_none"))
		require.Equal(t, unknown, refused(storetest.RenewalForm(env, "PO-1",
			1, storetest.OneContract(t, env, foreign.ID).ID)), "a foreign contract answers like none")
		require.Equal(t, unknown, refused(storetest.RenewalForm(env, "PO-1",
			1, storetest.OneContract(t, env, pending.ID).ID)), "one that has not started has no end")
		other := storetest.RenewalForm(env, "PO-1", 1, was.ID)
		other.Lines[0].SKU = "SYNC-PLUS-1Y"
		refused(other)
		other = storetest.RenewalForm(env, "PO-1", 1, was.ID)
		other.EndCustomer.Company = "Nova SA"
		refused(other)
		form := storetest.RenewalForm(env, "PO-NEW", 3, was.ID)
		o := env.Fulfilled(t, seller, form)
		refused(storetest.RenewalForm(env, "PO-2", 1, was.ID)) // all of it is renewed
		again, err := env.AcceptOrder(env.Context, order.Intake{Sender: seller, Form: form})
		require.NoError(t, err, "the very same order is the one that is here (S14)")
		require.Equal(t, o.ID, again.Order.ID)
		require.False(t, again.Created)
	})
}

func TestS4_TwoRenewalsAtOnceRenewEachLicenceOnce(t *testing.T) {
	env := storetest.Postgres(t)
	seller := env.Reseller(t, "Revenda Sul")
	old, was, _ := running(t, env, seller, 50)
	var orders []order.Order
	for i := range 2 {
		orders = append(orders, env.Accept(t, seller, storetest.RenewalForm(env, storetest.PO(i), 30, was.ID)))
	}
	storetest.RequireAll(t, storetest.AtOnce(4, func(i int) error {
		_, err := env.FulfilOrder(env.Context, orders[i%2].ID)
		return err
	}))
	require.Equal(t, 50, env.Count(t, "SELECT count(DISTINCT renews_licence_id) FROM licences"))
	require.Equal(t, 50, env.Count(t, "SELECT count(renews_licence_id) FROM licences"))
	p, err := env.GetSpares(env.Context, storetest.ParentOf(t, env, old))
	require.NoError(t, err)
	require.Equal(t, 60, p.Licences)
	require.Equal(t, 1, p.Entitled)
	require.Error(t, env.Exec(
		"UPDATE licences SET renews_licence_id = (SELECT max(renews_licence_id) FROM licences) WHERE renews_licence_id IS NULL AND contract_id <> '"+
			was.ID+"'",
	), "the database refuses it")
}

func TestS4_AnOrderInReviewIsHeldToTheChosenAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		old, was, _ := running(t, env, seller, 3)
		form := storetest.RenewalForm(env, "PO-NEW", 3, was.ID)
		twin, err := env.CreateAccount(env.Context, form.EndCustomer, "", account.ModeSite)
		require.NoError(t, err)
		o := env.Accept(t, seller, form)
		require.Equal(t, []string{ordering.ReasonAmbiguousAccount}, o.ReviewReasons)
		_, err = env.DecideOrder(storetest.Operator(), o.ID,
			order.Decision{Version: 1, Accept: true, Reason: "r", AccountID: twin.ID})
		storetest.RequireCode(t, rules.StateConflict, err)
		_, err = env.DecideOrder(storetest.Operator(), o.ID,
			order.Decision{Version: 1, Accept: true, Reason: "r", AccountID: *old.AccountID})
		require.NoError(t, err)
		_, err = env.FulfilOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.Equal(t, entitlement.StartRenewal, storetest.OneContract(t, env, o.ID).StartReason)
	})
}
