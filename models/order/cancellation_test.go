package order_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/rules/processes"
)

func TestR90_WindowClosesAfterLocalDay30(t *testing.T) {
	for _, c := range []struct{ street, region, country, zone string }{
		{"Av. Paulista, 1000", "SP", "BR", "America/Sao_Paulo"},
		{"Unter den Linden 1", "", "DE", "Europe/Berlin"},
	} {
		env := storetest.SQLite(t)
		env.SetLocal(t, c.zone, "2026-01-31 12:00")
		seller := env.Reseller(t, "Revenda Sul")
		form := func(po string) ordering.OrderForm {
			f := storetest.Form(po)
			f.PurchasedOn = "2026-01-31"
			f.EndCustomer.Address.Region = c.region
			f.EndCustomer.Address.Country = c.country
			return f
		}
		a := env.Fulfilled(t, seller, form("PO-1"))
		b := env.Fulfilled(t, seller, form("PO-2"))
		env.SetLocal(t, c.zone, "2026-03-02 23:59")
		o, _, err := env.CancelOrder(storetest.Seller(seller), a.ID, order.CancelRequest{Reason: "not needed"})
		require.NoError(t, err)
		require.Equal(t, rules.OrderCancelled, o.State)
		env.SetLocal(t, c.zone, "2026-03-03 00:00")
		for _, ctx := range []context.Context{
			storetest.Seller(seller), storetest.Customer(*b.AccountID), storetest.Operator(),
		} {
			_, _, err = env.CancelOrder(ctx, b.ID, order.CancelRequest{Reason: "too late"})
			storetest.RequireCode(t, rules.CancellationWindowClosed, err) // R90c
		}
		require.Equal(t, 10, env.Count(t, "SELECT count(*) FROM licences WHERE state = 'AVAILABLE'"))
	}
}

func TestS7_WhoMayCancel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		other := env.Reseller(t, "Revenda Oeste")
		place := func(po string) order.Order { return env.Fulfilled(t, seller, storetest.Form(po)) }
		o := place("PO-1")
		cancel := func(ctx context.Context, o order.Order, reason string) error {
			_, _, err := env.CancelOrder(ctx, o.ID, order.CancelRequest{Reason: reason})
			return err
		}
		storetest.RequireCode(t, rules.NotFound, cancel(storetest.Seller(other), o, "x"))
		storetest.RequireCode(t, rules.NotFound, cancel(storetest.Customer("acc_other"), o, "x"))
		storetest.RequireCode(t, rules.ReasonRequired, cancel(storetest.Seller(seller), o, " "))
		readOnly := db.WithScope(context.Background(), db.Scope{
			AccountIDs: []string{*o.AccountID},
			Actor:      db.Actor{ID: "usr_x", Role: rules.CustomerReadOnly},
		})
		storetest.RequireCode(t, rules.Forbidden, cancel(readOnly, o, "x"))
		require.NoError(t, cancel(storetest.Seller(seller), o, "x"))
		require.NoError(t, cancel(storetest.Customer(*o.AccountID), place("PO-2"), "x"))
		require.NoError(t, cancel(storetest.Operator(), place("PO-3"), "x"))
		review := env.Accept(t, seller, storetest.FormFor("PO-4", "Acme", "x@revendasul.example"))
		storetest.RequireCode(t, rules.StateConflict, cancel(storetest.Seller(seller), review, "x"))
	})
}

func TestS8_WholeCancellationKeepsHistory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		form := storetest.Form("PO-1")
		form.Lines = append(form.Lines, ordering.OrderLine{SKU: "SELECT-1Y", Quantity: 3})
		o := env.Fulfilled(t, seller, form)
		require.NoError(t, env.Exec(
			"UPDATE service_contracts SET state = 'ACTIVE', start_reason = 'FIRST_ASSIGNMENT', start_at = created_at, end_at = fallback_start_at WHERE quantity = 3",
		))
		before, err := env.ContractsOfOrder(env.Context, o.ID)
		require.NoError(t, err)
		_, c, err := env.CancelOrder(storetest.Seller(seller), o.ID, order.CancelRequest{Reason: "not needed"})
		require.NoError(t, err)
		require.True(t, c.Whole)
		require.EqualValues(t, 13, c.Quantity)
		require.Equal(t, 13, env.Count(t, "SELECT count(*) FROM licences WHERE state = 'REVOKED'"))
		after, err := env.ContractsOfOrder(env.Context, o.ID)
		require.NoError(t, err)
		for i := range after {
			require.Equal(t, rules.ContractCancelled, after[i].State)
			require.Equal(t, before[i].StartAt, after[i].StartAt)
			require.Equal(t, before[i].EndAt, after[i].EndAt)
		}
		again, c2, err := env.CancelOrder(storetest.Seller(seller), o.ID, order.CancelRequest{Reason: "not needed"})
		require.NoError(t, err)
		require.Equal(t, c.ID, c2.ID)
		require.Equal(t, rules.OrderCancelled, again.State)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM order_cancellations"))
	})
}

func TestR30b_CancellingSelectLeavesJumpStart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		bundle := storetest.Form("PO-B")
		bundle.Lines = []ordering.OrderLine{{SKU: "TAP-BUNDLE-TEAMS", Quantity: 2}}
		js := env.Fulfilled(t, seller, bundle)
		sel := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		_, c, err := env.CancelOrder(storetest.Seller(seller), sel.ID, order.CancelRequest{Reason: "x"})
		require.NoError(t, err)
		_, err = env.CompensateCancellation(env.Context, c.ID)
		require.NoError(t, err)
		contracts, err := env.ContractsOfOrder(env.Context, js.ID)
		require.NoError(t, err)
		require.Equal(t, rules.ContractActive, contracts[0].State)
		require.True(t, env.InvitationOf(t, js.ID).State.Live()) // S11
		_, _, err = env.CancelOrder(storetest.Seller(seller), js.ID, order.CancelRequest{Quantity: 1, Reason: "x"})
		storetest.RequireCode(t, rules.ValidationFailed, err)
		o, _, err := env.CancelOrder(storetest.Seller(seller), js.ID, order.CancelRequest{Reason: "x"})
		require.NoError(t, err)
		require.Equal(t, rules.OrderCancelled, o.State)
	})
}

func TestS12_PartialCancellationTakesAvailableLicencesFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		contracts, err := env.ContractsOfOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.NoError(t, env.Exec("UPDATE licences SET state = 'ASSIGNED' WHERE seq <= 6"))
		units, err := env.LicencesOf(env.Context, contracts[0].ID)
		require.NoError(t, err)
		cancel := func(n int, named ...string) (order.Order, order.OrderCancellation, error) {
			return env.CancelOrder(storetest.Seller(seller), o.ID,
				order.CancelRequest{Quantity: n, LicenceIDs: named, Reason: "fewer rooms"})
		}
		_, _, err = cancel(5)
		storetest.RequireCode(t, rules.LicencesNotNamed, err)
		_, _, err = cancel(11)
		storetest.RequireCode(t, rules.ValidationFailed, err)
		_, _, err = cancel(-1)
		storetest.RequireCode(t, rules.ValidationFailed, err)
		_, _, err = cancel(1, "lic_other")
		storetest.RequireCode(t, rules.ValidationFailed, err)
		require.Zero(t, env.Count(t, "SELECT count(*) FROM licences WHERE state = 'REVOKED'"))
		got, c, err := cancel(5, units[0].ID)
		require.NoError(t, err)
		require.Equal(t, rules.OrderPartiallyCancelled, got.State)
		require.False(t, c.Whole)
		require.Equal(t, 5, env.Count(t, "SELECT count(*) FROM licences WHERE state = 'ASSIGNED'"))
		require.Equal(t, 0, env.Count(t, "SELECT count(*) FROM licences WHERE state = 'AVAILABLE'"))
		_, c, err = cancel(0) // the whole rest
		require.NoError(t, err)
		require.EqualValues(t, 5, c.Quantity)
		require.Equal(t, 2, c.Sequence)
		require.Equal(t, 10, env.Count(t, "SELECT count(*) FROM licences WHERE state = 'REVOKED'"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM service_contracts WHERE state = 'CANCELLED'"))
		listed, err := env.ListCancellations(storetest.Seller(seller), o.ID)
		require.NoError(t, err)
		require.Len(t, listed, 2)
	})
}

func TestS12_SeveralContracts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		form := storetest.Form("PO-1")
		form.Lines = []ordering.OrderLine{{SKU: "SELECT-1Y", Quantity: 2}, {SKU: "SELECT-3Y", Quantity: 3}}
		o := env.Fulfilled(t, seller, form)
		got, _, err := env.CancelOrder(storetest.Seller(seller), o.ID, order.CancelRequest{Quantity: 3, Reason: "x"})
		require.NoError(t, err)
		require.Equal(t, rules.OrderPartiallyCancelled, got.State)
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM licences WHERE state = 'AVAILABLE'"))
		left := env.Count(t, "SELECT count(DISTINCT contract_id) FROM licences WHERE state = 'AVAILABLE'")
		require.Equal(t, left, env.Count(t, "SELECT count(*) FROM service_contracts WHERE state <> 'CANCELLED'"))
		got, c, err := env.CancelOrder(storetest.Seller(seller), o.ID, order.CancelRequest{Quantity: 2, Reason: "x"})
		require.NoError(t, err)
		require.True(t, c.Whole, "all that is left is the whole")
		require.Equal(t, rules.OrderCancelled, got.State)
	})
}

func TestS11_InvitationGoesWithTheLastContract(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		a := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		b := env.Fulfilled(t, seller, storetest.Form("PO-2"))
		inv := env.InvitationOf(t, a.ID)
		state := func() rules.InvitationState {
			got, err := env.GetInvitation(env.Context, inv.ID)
			require.NoError(t, err)
			return got.State
		}
		for i, o := range []order.Order{a, b} {
			_, c, err := env.CancelOrder(storetest.Seller(seller), o.ID, order.CancelRequest{Reason: "x"})
			require.NoError(t, err)
			closed, err := env.CompensateCancellation(env.Context, c.ID)
			require.NoError(t, err)
			require.True(t, closed)
			require.Equal(t, i == 0, state().Live())
		}
		require.Equal(t, rules.InvitationWasWithdrawn, state())
		_, err := env.InvitationByToken(env.Context, env.Secrets().InvitationToken(inv.ID))
		storetest.RequireCode(t, rules.InvitationRevoked, err)
		require.Equal(t, rules.NotificationSuppressed, env.Mails(t, "invitation")[0].State)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'invitation.closed'"))
	})
}

func TestS11_UsersKeepAccessToHistory(t *testing.T) {
	env := storetest.SQLite(t)
	seller := env.Reseller(t, "Revenda Sul")
	o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
	u, _ := env.Join(t, env.InvitationOf(t, o.ID))
	_, c, err := env.CancelOrder(storetest.Seller(seller), o.ID, order.CancelRequest{Reason: "x"})
	require.NoError(t, err)
	_, err = env.CompensateCancellation(env.Context, c.ID)
	require.NoError(t, err)
	members, err := env.MembershipsOf(env.Context, u.ID)
	require.NoError(t, err)
	require.Len(t, members, 1)
	require.Len(t, storetest.Registered(t, env, storetest.Customer(*o.AccountID), entitlement.ContractFilter{}), 1)
}

// TestCompensationKilledAndRunAgain runs the same cancellation again after each
// of its steps, and at once.
func TestCompensationKilledAndRunAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		_, c, err := env.CancelOrder(storetest.Seller(seller), o.ID, order.CancelRequest{Quantity: 4, Reason: "x"})
		require.NoError(t, err)
		_, last, err := env.CancelOrder(storetest.Seller(seller), o.ID, order.CancelRequest{Reason: "x"})
		require.NoError(t, err)
		storetest.RequireAll(t, storetest.AtOnce(12, func(i int) error {
			_, err := env.CompensateCancellation(env.Context, []string{c.ID, last.ID}[i%2])
			return err
		}))
		require.Len(t, env.Mails(t, "order_cancelled"), 6, "three parties, two cancellations")
		for _, m := range env.Mails(t, "order_cancelled") {
			require.Equal(t, m.Recipient != "ana.souza@acme.example", m.Params["seller"], m.Recipient)
		}
		require.Equal(t, 2, env.Count(
			t, "SELECT count(*) FROM order_cancellations WHERE state = 'COMPLETED' AND completed_at IS NOT NULL",
		))
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'cancellation.completed'"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'invitation.revoked'"))
		env.AuditHolds(t)
		_, err = env.CompensateCancellation(env.Context, "can_none")
		storetest.RequireCode(t, rules.NotFound, err)
	})
}

func TestCancellationsAtOnceNeverTakeALicenceTwice(t *testing.T) {
	env := storetest.Postgres(t)
	seller := env.Reseller(t, "Revenda Sul")
	o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
	storetest.RequireAll(t, storetest.AtOnce(5, func(int) error {
		_, _, err := env.CancelOrder(storetest.Seller(seller), o.ID, order.CancelRequest{Quantity: 1, Reason: "x"})
		return err
	}))
	require.Equal(t, 5, env.Count(t, "SELECT count(*) FROM licences WHERE state = 'REVOKED'"))
	require.Equal(t, 5, env.Count(t, "SELECT count(DISTINCT sequence) FROM order_cancellations"))
	ps := storetest.ListOf(env.ListProcesses(env.Context, operations.ProcessFilter{Kind: processes.Order}))(t)
	require.Len(t, ps, 1, "an order with several open cancellations is one process")
	require.Equal(t, processes.WaitsForCompensation, ps[0].WaitsFor)
}

func TestS13_TerminationIsTheOperatorsOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		env.Calendar.Set(o.CancellableUntil)
		_, _, err := env.CancelOrder(storetest.Customer(*o.AccountID), o.ID, order.CancelRequest{Reason: "x"})
		storetest.RequireCode(t, rules.CancellationWindowClosed, err)
		_, _, err = env.TerminateOrder(storetest.Seller(seller), o.ID, order.Termination{Reason: "goodwill"})
		storetest.RequireCode(t, rules.Forbidden, err)
		_, _, err = env.TerminateOrder(storetest.Operator(), o.ID, order.Termination{Reason: ""})
		storetest.RequireCode(t, rules.ReasonRequired, err)
		got, c, err := env.TerminateOrder(storetest.Operator(), o.ID, order.Termination{Reason: "goodwill"})
		require.NoError(t, err)
		require.Equal(t, rules.OrderCancelled, got.State)
		_, again, err := env.TerminateOrder(storetest.Operator(), o.ID, order.Termination{Reason: "goodwill"})
		require.NoError(t, err)
		require.Equal(t, c.ID, again.ID)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM order_cancellations"))
	})
}

// An order that nothing was made of yet has nothing that could end.
func TestS13_AnOrderInReviewIsNotTerminated(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, o := storetest.InReview(t, env)
		_, err := env.PreviewTermination(storetest.Operator(), o.ID)
		storetest.RequireCode(t, rules.StateConflict, err)
		_, _, err = env.TerminateOrder(storetest.Operator(), o.ID, order.Termination{Reason: "a mistake"})
		storetest.RequireCode(t, rules.StateConflict, err)
	})
}
