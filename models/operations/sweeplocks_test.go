package operations_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
)

// Sweeps, fulfilments and cancellations of the same customers at once take their locks in
// one order: PostgreSQL never has to end one of two that wait for each other.
func TestS3_SweepsFulfilmentsAndCancellationsNeverWaitInACircle(t *testing.T) {
	env := storetest.Postgres(t)
	seller := env.Reseller(t, "Revenda Sul")
	const customers = 4
	form := func(round, i int) (po, company, email string) {
		return fmt.Sprintf("PO-%d-%d", round, i), fmt.Sprintf("Cliente %d Ltda", i), fmt.Sprintf("ana@c%d.example", i)
	}
	var first [customers]order.Order
	for i := range customers {
		f := storetest.FormFor(form(0, i))
		f.Lines[0].Quantity = 60
		first[i] = env.Fulfilled(t, seller, f)
	}

	deadlocks := "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
	for round := 1; round <= 3; round++ {
		end := env.Calendar.Now().Add(time.Hour)
		for i := range customers {
			require.NoError(t, env.Exec("UPDATE service_contracts SET state = 'ACTIVE', start_at = created_at, end_at = '"+
				end.Format(time.RFC3339)+"' WHERE order_id = '"+first[i].ID+"'"))
		}
		var renewed, cancelled [customers]order.Order
		for i := range customers {
			f := storetest.FormFor(form(2*round, i))
			f.Lines[0].Quantity = 60
			f.Lines[0].Renews = storetest.OneContract(t, env, first[i].ID).ID
			renewed[i] = env.Accept(t, seller, f)
			g := storetest.FormFor(form(2*round+1, i))
			g.Lines[0].Quantity = 60
			cancelled[i] = env.Fulfilled(t, seller, g)
		}
		env.Calendar.Set(end)
		storetest.RequireAll(t, storetest.AtOnce(3*customers, func(n int) (err error) {
			i := n / 3
			switch n % 3 {
			case 0:
				_, err = env.SweepContracts(env.Context, func(operations.Sweep) {})
			case 1:
				_, err = env.FulfilOrder(env.Context, renewed[i].ID)
			default:
				_, _, err = env.CancelOrder(storetest.Seller(seller), cancelled[i].ID, order.CancelRequest{Reason: "x"})
			}
			return err
		}))
		first = renewed
	}

	require.NoError(t, env.Exec("SELECT pg_stat_force_next_flush()"))
	require.Zero(t, env.Count(t, deadlocks))
	env.AuditHolds(t)
}

// A batch of the sweep costs the same few statements, however many contracts it has.
func TestSweepWorksSetBySet(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		const most = 15
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		env.Join(t, env.InvitationOf(t, o.ID))
		manyContracts(t, env, o, 498)
		count := func() (operations.Sweep, int) {
			env.Statements.Reset()
			out := storetest.SweepOnce(t, env)
			return out, len(env.Statements.List())
		}
		const idle = 8
		contract := storetest.OneContract(t, env, o.ID)
		env.Calendar.Set(contract.FallbackStartAt)
		out, n := count()
		require.Equal(t, 499, out.Started)
		require.LessOrEqual(t, n, most+idle, "starts")

		contract = storetest.OneContract(t, env, o.ID)
		env.Calendar.Set(contract.EndAt.AddDate(0, 0, -60))
		out, n = count()
		require.Equal(t, 499, out.Reminded)
		require.LessOrEqual(t, n, most+idle, "reminders")

		env.Calendar.Set(contract.EndAt.AddDate(0, 0, 200))
		require.NoError(t, env.Exec("UPDATE service_contracts SET reminded_days = 0"))
		out, n = count()
		require.Equal(t, 499, out.Expired)
		require.LessOrEqual(t, n, most+idle, "ends")
		env.AuditHolds(t)
	})
}
