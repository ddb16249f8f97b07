package operations_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

func TestS14_SameOrderIsAnsweredAfterItsSKULeftTheCatalogue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		reseller := env.Reseller(t, "Revenda Sul")
		first := env.Accept(t, reseller, storetest.Form("PO-1"))
		require.NoError(t, env.PutSKU(env.Context, program.CatalogueSKU{
			Code:          "SELECT-3Y",
			ServiceType:   catalogue.ServiceSelect,
			TermYears:     3,
			EffectiveFrom: "2020-01-01",
			EffectiveTo:   "2026-11-21",
		}))

		again, err := env.AcceptOrder(env.Context, order.Intake{Sender: reseller, Form: storetest.Form("PO-1")})
		require.NoError(t, err)
		require.False(t, again.Created)
		require.Equal(t, first.ID, again.Order.ID)

		_, err = env.AcceptOrder(env.Context, order.Intake{Sender: reseller, Form: storetest.Form("PO-2")})
		require.Equal(t, rules.ValidationFailed, rules.CodeOf(err), "a new order of the SKU is refused")
	})
}

// Whom an administrator invited as a reader does not become more by an order (S15).
func TestS15_OrderLeavesAPendingReaderAReader(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		reseller := env.Reseller(t, "Revenda Sul")
		first := env.Fulfilled(t, reseller, storetest.Form("PO-1"))
		env.Join(t, env.InvitationOf(t, first.ID))
		reader, err := env.Invite(env.Context, identity.NewInvite{
			AccountID:   *first.AccountID,
			Email:       "bruno@acme.example",
			ContactName: "Bruno",
			Role:        identity.RoleReadOnly,
			Kind:        identity.InvitationForColleague,
		})
		require.NoError(t, err)

		form := storetest.Form("PO-2")
		form.EndCustomer.Email = "bruno@acme.example"
		env.Fulfilled(t, reseller, form)
		kept, err := env.GetInvitation(env.Context, reader.ID)
		require.NoError(t, err)
		require.True(t, kept.State.Live(), "kept")

		env.Calendar.Set(reader.ExpiresAt.Add(-24 * time.Hour))
		form.PONumber = "PO-3"
		next := env.InvitationOf(t, env.Fulfilled(t, reseller, form).ID)
		require.Equal(t, identity.RoleReadOnly, next.Role)
		require.Equal(t, reader.ID, *next.SupersedesID)
	})
}

func TestS11_SuspendedMemberDoesNotComeBackByAnInvitation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		reseller := env.Reseller(t, "Revenda Sul")
		first := env.Fulfilled(t, reseller, storetest.Form("PO-1"))
		env.Join(t, env.InvitationOf(t, first.ID))
		reader, err := env.Invite(env.Context, identity.NewInvite{
			AccountID:   *first.AccountID,
			Email:       "bruno@acme.example",
			ContactName: "Bruno",
			Role:        identity.RoleReadOnly,
			Kind:        identity.InvitationForColleague,
		})
		require.NoError(t, err)
		_, member := env.Join(t, reader)
		_, err = env.ChangeMembership(env.Context, member.ID, identity.RoleReadOnly, rules.MembershipSuspended,
			"left the project")
		require.NoError(t, err)

		form := storetest.Form("PO-2")
		form.EndCustomer.Email = "bruno@acme.example"
		second := env.Fulfilled(t, reseller, form)
		require.Equal(t, rules.OrderFulfilled, second.State)
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM invitations"), "Ana's and the first of Bruno")

		asked := storetest.ListOf(env.ListContactQuestions(env.Context, *first.AccountID, "", db.Page{}))(t)
		require.Len(t, asked, 1)
		_, err = env.AnswerContact(storetest.Customer(*first.AccountID), asked[0].ID, identity.ContactAnswer{
			Confirm: true,
			Role:    identity.RoleAdmin,
		})
		storetest.RequireCode(t, rules.StateConflict, err)
	})
}

func TestS12_UnitsInForceAreWhatAPartialCancellationLeft(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		reseller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, reseller, storetest.Form("PO-1"))
		ctx := db.WithScope(env.Context, db.Scope{
			System: true,
			Actor:  db.Actor{ID: "tok_1", Role: rules.OperatorAgent},
		})
		_, _, err := env.CancelOrder(ctx, o.ID, order.CancelRequest{Quantity: 4, Reason: "too many"})
		require.NoError(t, err)
		left := storetest.Registered(t, env, storetest.Customer(*o.AccountID), entitlement.ContractFilter{})
		require.Len(t, left, 1)
		require.EqualValues(t, 6, left[0].InForce)
		require.EqualValues(t, 10, left[0].Quantity, "what was bought stays to be seen")
		require.Empty(t, storetest.Registered(t, env, storetest.Customer("acc_other"),
			entitlement.ContractFilter{AccountID: *o.AccountID}), "for nobody else")
	})
}

func TestReadyWithASchemaThatIsNewer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		require.NoError(t, env.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)"))
		require.NoError(t, env.Ready(env.Context), "old processes go on while the schema is expanded first")
	})
}

func TestWatchSweepAsksOnceAndSettlesItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		require.NoError(t, env.WatchSweep(env.Context, "contracts", time.Hour))
		require.Empty(t, env.Tasks(t, db.TaskSweepLate), "the first look only begins to count")

		for range 2 {
			require.NoError(t, env.WatchSweep(env.Context, "contracts", -time.Hour))
		}
		require.Len(t, env.Tasks(t, db.TaskSweepLate), 1)

		require.NoError(t, env.SweepFinished(env.Context, "contracts", operations.Sweep{}))
		require.NoError(t, env.WatchSweep(env.Context, "contracts", time.Hour))
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskSweepLate)[0].State)
	})
}
