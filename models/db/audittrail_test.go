package db_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestTheAuditIsReadBackwardsAndNarrowed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		asked := env.Approved(t, c)
		trail := func(f db.AuditFilter) []db.AuditEvent {
			t.Helper()
			f.Page.Limit = 7
			var all []db.AuditEvent
			for {
				events, next, err := env.AuditTrail(env.Context, f)
				require.NoError(t, err)
				all = append(all, events...)
				if f.Page.After = next; next == "" {
					return all
				}
			}
		}

		everything := trail(db.AuditFilter{})
		require.Len(t, everything, env.Count(t, "SELECT count(*) FROM audit_events"))
		for i := range everything[1:] {
			require.Greater(t, everything[i].ID, everything[i+1].ID)
		}
		later := storetest.Now.Add(time.Hour)
		for _, f := range []struct {
			filter db.AuditFilter
			keeps  func(db.AuditEvent) bool
		}{
			{db.AuditFilter{Person: "system"}, func(e db.AuditEvent) bool { return e.ActorID == "system" }},
			{db.AuditFilter{AccountID: c.Account}, func(e db.AuditEvent) bool { return db.Text(e.AccountID) == c.Account }},
			{db.AuditFilter{Thing: asked.Number}, func(e db.AuditEvent) bool { return e.ObjectID == asked.ID }},
			{db.AuditFilter{Verb: "rma.approved"}, func(e db.AuditEvent) bool { return e.Verb == "rma.approved" }},
			{db.AuditFilter{Verb: "rma."}, func(e db.AuditEvent) bool { return e.Verb[:4] == "rma." }},
			{db.AuditFilter{Verb: "%."}, func(db.AuditEvent) bool { return false }},
			{db.AuditFilter{Since: later}, func(e db.AuditEvent) bool { return !e.At.Before(later) }},
			{db.AuditFilter{Until: later}, func(e db.AuditEvent) bool { return e.At.Before(later) }},
		} {
			var want []string
			for _, e := range everything {
				if f.keeps(e) {
					want = append(want, e.ID)
				}
			}
			var got []string
			for _, e := range trail(f.filter) {
				got = append(got, e.ID)
			}
			require.Equal(t, want, got, "%+v", f.filter)
		}

		_, _, err := env.AuditTrail(storetest.Customer(c.Account), db.AuditFilter{})
		storetest.RequireCode(t, rules.NotFound, err)
	})
}

func TestC6_OneChainIsVerifiedByItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		report, err := env.VerifyChain(env.Context, c.Account)
		require.NoError(t, err)
		require.Empty(t, report.Faults)
		require.Equal(t, 1, report.Chains)
		require.EqualValues(t, env.Count(t,
			"SELECT count(*) FROM audit_events WHERE chain_id = '"+c.Account+"'"), report.Events)

		_, err = env.VerifyChain(env.Context, "acc_none")
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.VerifyChain(storetest.Customer(c.Account), c.Account)
		storetest.RequireCode(t, rules.NotFound, err)
	})
}
