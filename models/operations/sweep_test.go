package operations_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

func TestS1_V4_StartsByFallbackAtDay60(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env.SetLocal(t, "America/Sao_Paulo", "2026-05-10 22:00")
		form := storetest.Form("PO-1")
		form.PurchasedOn = "2026-05-10"
		form.Lines = append(form.Lines, ordering.OrderLine{SKU: "SELECT-1Y", Quantity: 1})
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
		env.SetLocal(t, "America/Sao_Paulo", "2026-07-08 23:59")
		require.Equal(t, operations.Sweep{}, storetest.SweepOnce(t, env))
		env.SetLocal(t, "America/Sao_Paulo", "2026-07-20 04:00") // late: it starts on its day all the same
		require.Equal(t, operations.Sweep{Started: 2}, storetest.SweepOnce(t, env))
		require.Equal(t, operations.Sweep{}, storetest.SweepOnce(t, env))
		contracts, err := env.ContractsOfOrder(env.Context, o.ID)
		require.NoError(t, err)
		for _, c := range contracts {
			require.Equal(t, rules.ContractActive, c.State)
			require.Equal(t, entitlement.StartFallback, c.StartReason)
			require.Equal(t, "2026-07-09T03:00:00Z", storetest.Stamp(*c.StartAt))
			require.Equal(t, fmt.Sprintf("%d-07-09T03:00:00Z", 2026+c.TermYears), storetest.Stamp(*c.EndAt)) // S2
		}
		env.AuditHolds(t)
	})
}

func TestS2_V1_V2_V3_EndDates(t *testing.T) {
	for _, c := range []struct {
		start string
		years int
		end   string
	}{{"2026-03-15", 1, "2027-03-15"}, {"2024-02-29", 1, "2025-03-01"}, {"2020-02-29", 5, "2025-03-01"}} {
		env := storetest.SQLite(t)
		start, err := time.ParseInLocation("2006-01-02", c.start, storetest.SaoPaulo(t))
		require.NoError(t, err)
		env.Calendar.Set(start.AddDate(0, 0, -60).Add(10 * time.Hour))
		form := storetest.Form("PO-1")
		form.PurchasedOn = start.AddDate(0, 0, -60).Format("2006-01-02")
		form.Lines = []ordering.OrderLine{{SKU: fmt.Sprintf("SELECT-%dY", c.years), Quantity: 1}}
		seller, err := env.PutOrg(env.Context, account.OrgChange{
			Kind:           account.OrgReseller,
			Name:           "R",
			AuthorisedFrom: "2010-01-01",
		})
		require.NoError(t, err)
		o := env.Fulfilled(t, seller, form)
		env.Calendar.Set(start)
		require.Equal(t, 1, storetest.SweepOnce(t, env).Started)
		got := storetest.OneContract(t, env, o.ID)
		require.Equal(t, c.start, got.StartAt.In(storetest.SaoPaulo(t)).Format("2006-01-02"))
		require.Equal(t, c.end, got.EndAt.In(storetest.SaoPaulo(t)).Format("2006-01-02"))
		require.Equal(t, "00:00", got.EndAt.In(storetest.SaoPaulo(t)).Format("15:04"))
	}
}

// started has an account with one administrator and a contract that ends on
// the returned instant.
func started(t *testing.T, env storetest.Env) (order.Order, time.Time) {
	form := storetest.Form("PO-1")
	form.Lines[0] = ordering.OrderLine{SKU: "SELECT-1Y", Quantity: 10}
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
	env.Join(t, env.InvitationOf(t, o.ID))
	env.Calendar.Set(storetest.OneContract(t, env, o.ID).FallbackStartAt)
	require.Equal(t, 1, storetest.SweepOnce(t, env).Started)
	return o, *storetest.OneContract(t, env, o.ID).EndAt
}

func TestS3_ExpiryOfContractAndLicences(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, end := started(t, env)
		require.NoError(t, env.Exec("UPDATE licences SET state = 'ASSIGNED' WHERE seq = 1"))
		require.NoError(t, env.Exec("UPDATE licences SET state = 'REVOKED' WHERE seq = 2"))
		env.Calendar.Set(end.Add(-time.Microsecond))
		require.Zero(t, storetest.SweepOnce(t, env).Expired)
		env.Calendar.Set(end)
		require.Equal(t, 1, storetest.SweepOnce(t, env).Expired)
		require.Zero(t, storetest.SweepOnce(t, env).Expired)
		require.Equal(t, rules.ContractExpired, storetest.OneContract(t, env, o.ID).State)
		require.Equal(t, 9, env.Count(t, "SELECT count(*) FROM licences WHERE state = 'EXPIRED'"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM licences WHERE state = 'REVOKED'"))
		env.AuditHolds(t)
	})
}

func TestS5_FiveRemindersOverTheLastDays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, end := started(t, env)
		extra, err := env.Invite(storetest.Customer(*o.AccountID), identity.NewInvite{
			AccountID: *o.AccountID,
			Email:     "rui@acme.example",
			Role:      identity.RoleAdmin,
			Kind:      identity.InvitationForColleague,
		})
		require.NoError(t, err)
		env.Join(t, extra)
		reader, err := env.Invite(storetest.Operator(), identity.NewInvite{
			AccountID: *o.AccountID,
			Email:     "eva@acme.example",
			Role:      identity.RoleReadOnly,
			Kind:      identity.InvitationForExtra,
		})
		require.NoError(t, err)
		env.Join(t, reader)
		for day := -110; day <= 15; day++ {
			env.Calendar.Set(end.AddDate(0, 0, day).Add(4 * time.Hour))
			storetest.SweepOnce(t, env)
			storetest.SweepOnce(t, env) // twice a day by mistake
		}
		got := map[string]int{}
		for _, m := range env.Mails(t, "renewal_reminder") {
			got[m.Recipient+" "+m.Epoch]++
			require.Equal(t, m.Epoch, fmt.Sprintf("d-%v", m.Params["days_left"]))
		}
		want := map[string]int{}
		for _, who := range []string{"ana.souza@acme.example", "rui@acme.example"} {
			for _, day := range []int{90, 60, 30, 7, 0} {
				want[fmt.Sprintf("%s d-%d", who, day)] = 1
			}
		}
		require.Equal(t, want, got)
		require.Equal(t, 10, env.Count(
			t,
			"SELECT count(*) FROM outbox_events WHERE kind = 'mail.start' AND subject_id IN (SELECT id FROM notifications WHERE template = 'renewal_reminder')",
		))
	})
}

func TestS5_AWeekWithoutSweepsLosesNone(t *testing.T) {
	for gap := -92; gap <= 6; gap += 2 { // the first of seven days that are missed
		env := storetest.SQLite(t)
		_, end := started(t, env)
		for day := -95; day <= 9; day++ {
			if day >= gap && day < gap+7 {
				continue
			}
			env.Calendar.Set(end.AddDate(0, 0, day).Add(9 * time.Hour))
			storetest.SweepOnce(t, env)
		}
		require.Equal(t, 5, env.Count(t, "SELECT count(*) FROM notifications WHERE template = 'renewal_reminder'"),
			"gap from day %d", gap)
	}
}

func TestSweepOfMoreThanABatchKilledBetweenBatches(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		const n = 1200
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		manyContracts(t, env, o, n)
		env.Calendar.Set(storetest.OneContract(t, env, o.ID).FallbackStartAt)
		ctx, kill := context.WithCancel(env.Context)
		_, err := env.SweepContracts(ctx, func(operations.Sweep) { kill() }) // after the first batch
		require.Error(t, err)
		require.Equal(t, entitlement.SweepBatch,
			env.Count(t, "SELECT count(*) FROM service_contracts WHERE state = 'ACTIVE'"))
		var seen []int
		out, err := env.SweepContracts(env.Context, func(s operations.Sweep) { seen = append(seen, s.Started) })
		require.NoError(t, err)
		require.Equal(t, n+1-entitlement.SweepBatch, out.Started)
		require.IsIncreasing(t, seen[:2])
		require.Equal(t, n+1, env.Count(t, "SELECT count(*) FROM service_contracts WHERE state = 'ACTIVE'"))
		require.Equal(t, n+1, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'contract.started'"))
		env.AuditHolds(t)
		env.Statements.Reset()
		require.Equal(t, operations.Sweep{}, storetest.SweepOnce(t, env))
		require.LessOrEqual(t, len(env.Statements.List()), 8,
			"a sweep with nothing to do asks once per step; the issue allows 20")
	})
}

// manyContracts copies the order's contract and line n times.
func manyContracts(t *testing.T, env storetest.Env, o order.Order, n int) {
	numbers := fmt.Sprintf("WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < %d) ", n)
	require.NoError(
		t, env.Exec("INSERT INTO order_lines (id, order_id, position, sku, service_type, term_years, quantity) "+
			numbers+"SELECT 'lin_' || i, order_id, i + 1, sku, service_type, term_years, quantity FROM order_lines, k"),
	)
	require.NoError(
		t,
		env.Exec(`INSERT INTO service_contracts (id, account_id, order_id, order_line_id, type, state, quantity, term_years,
		time_zone, fallback_start_at, start_at, end_at, start_reason, reminded_days, created_at) `+numbers+
			`SELECT 'con_' || i, account_id, order_id, 'lin_' || i, type, state, quantity, term_years,
		time_zone, fallback_start_at, start_at, end_at, start_reason, reminded_days, created_at FROM service_contracts, k`),
	)
}

func TestSweepsAtOnce(t *testing.T) {
	env := storetest.Postgres(t)
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	manyContracts(t, env, o, 50)
	env.Calendar.Set(storetest.OneContract(t, env, o.ID).FallbackStartAt)
	storetest.RequireAll(t, storetest.AtOnce(3, func(int) error {
		_, err := env.SweepContracts(env.Context, func(operations.Sweep) {})
		return err
	}))
	storetest.SweepOnce(t, env)
	require.Equal(t, 51, env.Count(t, "SELECT count(*) FROM service_contracts WHERE state = 'ACTIVE'"))
	require.Equal(t, 51, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'contract.started'"))
	env.AuditHolds(t)
}

func TestSweepFinishedIsNoted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		for i := range 2 {
			require.NoError(t, env.SweepFinished(env.Context, "contracts", operations.Sweep{Started: i}))
		}
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM sweeps"))
	})
}
