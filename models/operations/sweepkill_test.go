package operations_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/ordering"
)

// sweepWorld has something to do for every step of the sweep: a contract with a
// room and a renewal ends, with spares; one is to start; the one that ends is to be
// reminded of, to two administrators.
func sweepWorld(t *testing.T, env storetest.Env) {
	seller := env.Reseller(t, "Revenda Sul")
	f := storetest.OrderForm("PO-OLD", "Acme Ltda", "Rua A, 1", 50)
	f.Lines[0].SKU = "SELECT-1Y"
	old := env.Fulfilled(t, seller, f)
	env.Join(t, env.InvitationOf(t, old.ID))
	extra, err := env.Invite(storetest.Customer(*old.AccountID), identity.NewInvite{
		AccountID: *old.AccountID,
		Email:     "rui@acme.example",
		Role:      identity.RoleAdmin,
		Kind:      identity.InvitationForColleague,
	})
	require.NoError(t, err)
	env.Join(t, extra)
	env.Assigned(t, env.Licences(t, old)[0], env.Room(t, *old.AccountID, "Sala 1"))
	c := storetest.OneContract(t, env, old.ID)
	env.Calendar.Set(c.EndAt.AddDate(0, 0, -10))
	storetest.SweepOnce(t, env)
	env.Fulfilled(t, seller, storetest.RenewalForm(env, "PO-NEW", 1, c.ID))
	env.Calendar.Set(c.EndAt.AddDate(0, 0, -61))
	other := storetest.RenewalForm(env, "PO-WAITS", 3, "")
	other.Lines = append(other.Lines, ordering.OrderLine{SKU: "SELECT-1Y", Quantity: 1})
	env.Fulfilled(t, seller, other)
	env.Calendar.Set(*c.EndAt)
}

// effects is all that a sweep leaves behind, counted.
func effects(t *testing.T, env storetest.Env) map[string]int {
	out := map[string]int{}
	for _, query := range []string{
		"SELECT 'contract ' || state FROM service_contracts", "SELECT 'licence ' || state FROM licences",
		"SELECT 'assignment ' || end_reason FROM licence_assignments",
		"SELECT 'spares ' || cause || CAST(delta AS text) FROM spare_ledger",
		"SELECT 'audit ' || verb FROM audit_events",
		"SELECT 'mail ' || template || epoch || recipient FROM notifications",
		"SELECT 'outbox ' || kind FROM outbox_events",
		"SELECT 'reminded ' || CAST(reminded_days AS text) FROM service_contracts",
	} {
		for _, row := range env.Strings(t, query) {
			out[row]++
		}
	}
	return out
}

// A sweep is killed after every single statement in turn; the next ones leave what
// one undisturbed sweep leaves.
func TestS1_S3_S4_S5_ASweepKilledAnywhereDoesEachThingOnce(t *testing.T) {
	undisturbed := storetest.SQLite(t)
	sweepWorld(t, undisturbed)
	before := effects(t, undisturbed)
	undisturbed.Statements.Reset()
	require.Equal(t, operations.Sweep{Started: 2, Expired: 1, Reminded: 1}, storetest.SweepOnce(t, undisturbed))
	statements := len(undisturbed.Statements.List())
	want := effects(t, undisturbed)
	for _, effect := range []string{
		"spares EXPIRY-1", "assignment EXPIRED", "audit licence.assigned", "mail renewal_reminderd-0rui@acme.example",
	} {
		require.Greater(t, want[effect], before[effect], effect)
	}
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		sweepWorld(t, env)
		for kill := 1; kill <= statements; kill += 1 + kill/12 { // each sweep goes a little further than the one before
			killed(t, env, kill)
		}
		storetest.SweepOnce(t, env)
		require.Equal(t, want, effects(t, env))
		require.Equal(t, operations.Sweep{}, storetest.SweepOnce(t, env))
		env.AuditHolds(t)
	})
	for kill := 1; kill <= statements; kill += 3 { // and each killed once, from the start
		t.Run(fmt.Sprint(kill), func(t *testing.T) {
			env := storetest.SQLite(t)
			sweepWorld(t, env)
			killed(t, env, kill)
			storetest.SweepOnce(t, env)
			require.Equal(t, want, effects(t, env))
		})
	}
}

// killed sweeps until n statements are done.
func killed(t *testing.T, env storetest.Env, n int) {
	ctx, kill := context.WithCancel(env.Context)
	defer kill()
	env.Statements.Reset()
	env.Statements.After(func(done int) {
		if done == n {
			kill()
		}
	})
	_, err := env.SweepContracts(ctx, func(operations.Sweep) {})
	env.Statements.After(nil)
	if err == nil {
		require.LessOrEqual(t, len(env.Statements.List()), n, "it was to end before")
	}
	awaitNoTransaction(t, env)
}

// awaitNoTransaction waits until PostgreSQL has noticed that a killed sweep is gone:
// until then that one's locks are held, and the next sweep leaves what is locked alone.
func awaitNoTransaction(t *testing.T, env storetest.Env) {
	t.Helper()
	if env.DSN == "" {
		return
	}
	require.Eventually(t, func() bool {
		return env.Count(t, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL`) == 0
	}, time.Minute, 2*time.Millisecond)
}

func TestS5_SweepsAtOnceRemindOnce(t *testing.T) {
	env := storetest.Postgres(t)
	sweepWorld(t, env)
	storetest.RequireAll(t, storetest.AtOnce(4, func(int) error {
		_, err := env.SweepContracts(env.Context, func(operations.Sweep) {})
		return err
	}))
	storetest.SweepOnce(t, env) // a contract that another sweep held is left to the next
	var to []string
	for _, m := range env.Mails(t, "renewal_reminder") {
		if m.Epoch == "d-0" {
			to = append(to, m.Recipient)
		}
	}
	slices.Sort(to)
	require.Equal(t, []string{"ana.souza@acme.example", "rui@acme.example"}, to)
	require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM spare_ledger WHERE cause = 'EXPIRY'"))
	require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM licence_assignments WHERE to_at IS NULL"))
	env.AuditHolds(t)
}
