package operations_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
)

// proved are two accounts of one company in two countries whose administrators are at one
// domain, so that their parents are joined.
func proved(t *testing.T, env storetest.Env, company, domain string) (into, from order.Order) {
	t.Helper()
	into = boughtAny(t, env, "PO-1-"+company, company+" Ltda", "BR", "ana@"+domain, 3)
	from = boughtAny(t, env, "PO-2-"+company, company+" GmbH", "DE", "hans@"+domain, 3)
	env.Join(t, env.InvitationOf(t, into.ID))
	env.Join(t, env.InvitationOf(t, from.ID))
	return into, from
}

// Contracts that cannot be swept become one task about their account; every other contract
// and every other step goes on, and the task closes itself.
func TestS1_S60_OnePoisonedAccountKeepsNobodyElseFromBeingSwept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		into, from := proved(t, env, "Alfa", "alfa.example")
		other := boughtAny(t, env, "PO-3", "Gama Ltda", "BR", "rui@gama.example", 3)
		env.Join(t, env.InvitationOf(t, other.ID))
		end := time.Date(2030, 1, 10, 3, 0, 0, 0, time.UTC)
		zoned := func(zone, orderID string) {
			require.NoError(t, env.Exec("UPDATE service_contracts SET state = 'ACTIVE', time_zone = '"+zone+"', "+
				"start_at = created_at, end_at = '"+end.Format(time.RFC3339)+"' WHERE order_id = '"+orderID+"'"))
		}
		zoned("No/Where", into.ID)
		zoned("America/Sao_Paulo", other.ID)
		env.Calendar.Set(end.AddDate(0, 0, -5))

		beats := 0
		for range 2 {
			_, err := env.SweepContracts(env.Context, func(operations.Sweep) { beats++ })
			require.NoError(t, err)
		}
		require.Equal(t, storetest.ParentOf(t, env, into), storetest.ParentOf(t, env, from))
		require.GreaterOrEqual(t, beats, 4)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM notifications WHERE template = 'renewal_reminder' "+
			"AND recipient = 'rui@gama.example'"))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM notifications WHERE template = 'renewal_reminder' "+
			"AND recipient = 'ana@alfa.example'"))
		asked := env.Tasks(t, db.TaskSweepFailed)
		require.Len(t, asked, 1)
		require.Equal(t, *into.AccountID, asked[0].SubjectID)
		require.Contains(t, asked[0].Why, "remind of contracts")

		zoned("America/Sao_Paulo", into.ID)
		storetest.SweepOnce(t, env)
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskSweepFailed)[0].State)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM notifications WHERE template = 'renewal_reminder' "+
			"AND recipient = 'ana@alfa.example'"))
		env.AuditHolds(t)
	})
}

// A parent whose spares cannot be counted keeps its own contracts from ending, and no
// others from ending or being reminded of.
func TestS3_OnePoisonedParentKeepsNobodyElseFromBeingSwept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		bad := boughtAny(t, env, "PO-1", "Alfa Ltda", "BR", "ana@alfa.example", 50)
		good := boughtAny(t, env, "PO-2", "Beta Ltda", "BR", "eva@beta.example", 50)
		parent := storetest.ParentOf(t, env, bad)
		refuse := "CREATE TRIGGER poisoned BEFORE INSERT ON spare_ledger WHEN NEW.parent_org_id = '" + parent +
			"' BEGIN SELECT RAISE(ABORT, 'no'); END"
		if env.DSN != "" {
			require.NoError(t, env.Exec("CREATE FUNCTION poisoned() RETURNS trigger LANGUAGE plpgsql AS "+
				"$$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '22000'; END $$"))
			refuse = "CREATE TRIGGER poisoned BEFORE INSERT ON spare_ledger FOR EACH ROW WHEN (NEW.parent_org_id = '" +
				parent + "') EXECUTE FUNCTION poisoned()"
		}
		require.NoError(t, env.Exec(refuse))
		end := storetest.Now.Add(time.Hour)
		require.NoError(t, env.Exec("UPDATE service_contracts SET state = 'ACTIVE', start_at = created_at, end_at = '"+
			end.Format("2006-01-02 15:04:05+00:00")+"'"))
		env.Calendar.Set(end.Add(time.Hour))

		out, err := env.SweepContracts(env.Context, func(operations.Sweep) {})
		require.NoError(t, err)
		require.Equal(t, 1, out.Expired)
		require.Equal(t, "EXPIRED", string(storetest.OneContract(t, env, good.ID).State))
		require.Equal(t, "ACTIVE", string(storetest.OneContract(t, env, bad.ID).State))
		asked := env.Tasks(t, db.TaskSweepFailed)
		require.Len(t, asked, 1)
		require.Equal(t, *bad.AccountID, asked[0].SubjectID)
		env.AuditHolds(t)
	})
}

// The task about a step that failed stays open while the fault stands, whatever else of the
// account is swept, and closes once nothing of it is due any more.
func TestS1_S5_ATaskAboutASweepStaysAsLongAsItsFault(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		bad := boughtAny(t, env, "PO-1", "Alfa Ltda", "BR", "ana@alfa.example", 3)
		env.Join(t, env.InvitationOf(t, bad.ID))
		near := boughtAny(t, env, "PO-2", "Alfa Ltda", "BR", "ana@alfa.example", 3)
		require.Equal(t, *bad.AccountID, *near.AccountID)
		other := boughtAny(t, env, "PO-3", "Beta Ltda", "BR", "eva@beta.example", 3)
		due := storetest.OneContract(t, env, bad.ID).FallbackStartAt
		env.Calendar.Set(due.Add(time.Hour))
		require.NoError(t, env.Exec("UPDATE service_contracts SET time_zone = 'No/Where' WHERE order_id = '"+bad.ID+"'"))
		require.NoError(t, env.Exec("UPDATE service_contracts SET state = 'ACTIVE', start_at = created_at, end_at = '"+
			due.AddDate(0, 0, 5).UTC().Format("2006-01-02 15:04:05+00:00")+"' WHERE order_id = '"+near.ID+"'"))

		open := func() (whys []string) {
			for _, task := range env.Tasks(t, db.TaskSweepFailed) {
				if task.State == db.TaskOpen {
					require.Equal(t, *bad.AccountID, task.SubjectID)
					whys = append(whys, task.Why)
				}
			}
			return whys
		}
		beats := 0
		out, err := env.SweepContracts(env.Context, func(operations.Sweep) { beats++ })
		require.NoError(t, err)
		require.Equal(t, 1, out.Reminded, "another step goes on for the account")
		require.Equal(t, 1, out.Started, "and the step for another account")
		require.GreaterOrEqual(t, beats, 2+5, "it says that it lives after each account")
		require.Equal(t, "ACTIVE", string(storetest.OneContract(t, env, other.ID).State))
		require.Len(t, open(), 1)
		require.Contains(t, open()[0], "start contracts")

		require.NoError(t, env.Exec("UPDATE service_contracts SET time_zone = 'No/Where', reminded_days = 30 "+
			"WHERE order_id = '"+near.ID+"'"))
		out = storetest.SweepOnce(t, env)
		require.Len(t, open(), 2, "a task for each step")
		require.NoError(t, env.SweepFinished(env.Context, "contracts", out))
		require.Len(t, open(), 2, "the faults stand")

		require.NoError(t, env.Exec("UPDATE service_contracts SET time_zone = 'America/Sao_Paulo' "+
			"WHERE order_id = '"+near.ID+"'"))
		storetest.SweepOnce(t, env)
		require.Len(t, open(), 1)
		require.Contains(t, open()[0], "start contracts")

		require.NoError(t, env.Exec("UPDATE service_contracts SET state = 'CANCELLED' WHERE order_id = '"+bad.ID+"'"))
		out = storetest.SweepOnce(t, env)
		require.NoError(t, env.SweepFinished(env.Context, "contracts", out))
		require.Empty(t, open(), "nothing is due any more")
	})
}

// Two parents that cannot be joined keep no others from it.
func TestS60_APairThatCannotBeJoinedKeepsNoOtherApart(t *testing.T) {
	env := storetest.SQLite(t)
	bad, badFrom := proved(t, env, "Alfa", "alfa.example")
	good, goodFrom := proved(t, env, "Beta", "beta.example")
	require.NoError(t, env.Exec("CREATE TRIGGER stays BEFORE UPDATE OF parent_org_id ON accounts "+
		"WHEN old.id = '"+*badFrom.AccountID+"' BEGIN SELECT RAISE(ABORT, 'it stays'); END"))

	n, err := env.JoinProvedParents(env.Context, func() {})
	require.ErrorContains(t, err, "it stays")
	require.Equal(t, 1, n)
	require.Equal(t, storetest.ParentOf(t, env, good), storetest.ParentOf(t, env, goodFrom))
	require.NotEqual(t, storetest.ParentOf(t, env, bad), storetest.ParentOf(t, env, badFrom))
}

// Two parents of one proved domain that an enforced sign-in keeps apart are not joined in
// silence: an operator is asked, once, and the question is closed when they are.
func TestS60_S49_WhomASignInKeepsApartAnOperatorIsAskedAbout(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		into, from := proved(t, env, "Alfa", "alfa.example")
		env.OwnSignIn(t, *into.AccountID, "alfa-group.example")
		require.NoError(t, env.Exec("UPDATE sso_connections SET state = 'ENFORCED'"))
		for range 2 {
			_, err := env.SweepContracts(env.Context, func(operations.Sweep) {})
			require.NoError(t, err)
		}
		require.NotEqual(t, storetest.ParentOf(t, env, into), storetest.ParentOf(t, env, from))
		asked := env.Tasks(t, db.TaskOneParent)
		asked = slices.DeleteFunc(asked, func(task db.OperatorTask) bool {
			return task.Why != identity.Outsiders
		})
		require.Len(t, asked, 1)
		require.Equal(t, storetest.ParentOf(t, env, from), asked[0].SubjectID)
		require.Contains(t, asked[0].What, storetest.ParentOf(t, env, into))

		// What an operator has closed stays closed.
		_, err := env.DB.ResolveTask(storetest.Operator(), asked[0].ID, "they part soon")
		require.NoError(t, err)
		_, err = env.JoinProvedParents(env.Context, func() {})
		require.NoError(t, err)
		open := "SELECT count(*) FROM operator_tasks WHERE state = 'OPEN' AND kind = 'ONE_PARENT'" +
			" AND why = 'SSO_OUTSIDERS'"
		require.Zero(t, env.Count(t, open))

		// One that is open closes with the join.
		require.NoError(t, env.Exec("DELETE FROM operator_tasks WHERE id = '"+asked[0].ID+"'"))
		_, err = env.JoinProvedParents(env.Context, func() {})
		require.NoError(t, err)
		require.Equal(t, 1, env.Count(t, open))
		require.NoError(t, env.Exec("UPDATE sso_connections SET state = 'ENABLED'"))
		n, err := env.JoinProvedParents(env.Context, func() {})
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Zero(t, env.Count(t, open))
		env.AuditHolds(t)
	})
}
