package account_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/rules/processes"
)

func manager(t *testing.T, env storetest.Env, name, email string) account.CSM {
	c, err := env.CreateCSM(storetest.Operator(), rules.CSMForm{Name: name, Email: email, Phone: "+55 11 4000-1234"},
		"new colleague")
	require.NoError(t, err)
	return c
}

func changeManager(env storetest.Env, c account.CSM, active bool) (account.CSM, error) {
	return env.ChangeCSM(storetest.Operator(), c.ID, account.CSMChange{
		Form:    rules.CSMForm{Name: c.Name, Email: c.Email, Phone: c.Phone},
		Active:  active,
		Version: c.Version,
		Reason:  "moved on",
	})
}

func TestR35e_FirstFulfilledSelectOrderAsksForAManagerOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		form := storetest.Form("PO-0")
		form.Lines = []ordering.OrderLine{{SKU: "EXT-WARRANTY-1Y", Quantity: 2}}
		env.Fulfilled(t, seller, form)
		require.Empty(t, env.Tasks(t, db.TaskAssignCSM), "A8: Select only")
		first := env.Accept(t, seller, storetest.Form("PO-1"))
		require.Empty(t, env.Tasks(t, db.TaskAssignCSM), "accepted is not fulfilled")
		for range 2 { // the activity may run again
			_, err := env.FulfilOrder(env.Context, first.ID)
			require.NoError(t, err)
		}
		o, err := env.GetOrder(env.Context, first.ID)
		require.NoError(t, err)
		tasks := env.Tasks(t, db.TaskAssignCSM)
		require.Len(t, tasks, 1)
		require.Equal(t, []string{*o.AccountID, *o.AccountID}, []string{tasks[0].SubjectID, *tasks[0].AccountID})
		require.Equal(t, []string{"assign", "close"}, operations.ActionsOf(tasks[0].Kind))
		require.NotContains(t, tasks[0].What+tasks[0].Why, "Acme")

		found, _, err := env.ListProcesses(env.Context, operations.ProcessFilter{Kind: processes.CSM})
		require.NoError(t, err)
		require.Len(t, found, 1)
		p := found[0]
		require.Equal(t, []string{
			*o.AccountID, "order/" + o.ID, o.ID, processes.WaitsForCSM, "OPERATOR", "OPEN",
		}, []string{p.ID, p.WorkflowID, *p.OrderID, p.WaitsFor, p.Actor, p.State})
		require.False(t, p.Overdue)
		require.True(t, processes.KnownWait(processes.WaitsForCSM))

		_, err = env.ResolveTask(storetest.Operator(), tasks[0].ID, "close: not now")
		require.NoError(t, err)
		env.Fulfilled(t, seller, storetest.Form("PO-2"))
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskAssignCSM)[0].State, "once")
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM operator_tasks WHERE kind = 'ASSIGN_CSM'"))
	})
}

func TestR35e_TwoFirstOrdersAtOnceAskOnce(t *testing.T) {
	env := storetest.Postgres(t)
	seller := env.Reseller(t, "Revenda Sul")
	var orders []order.Order
	for n := range 4 {
		orders = append(orders, env.Accept(t, seller, storetest.Form(storetest.PO(n))))
	}
	storetest.RequireAll(t, storetest.AtOnce(len(orders), func(i int) error {
		_, err := env.FulfilOrder(env.Context, orders[i].ID)
		return err
	}))
	require.Len(t, env.Tasks(t, db.TaskAssignCSM), 1)
}

func TestR35e_AssigningSettlesTheTaskAndIsAudited(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		accountID := *env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1")).AccountID
		clara := manager(t, env, "Clara Reis", "Clara.Reis@operator.example")
		davi := manager(t, env, "Davi Melo", "davi@operator.example")
		require.Equal(t, "clara.reis@operator.example", clara.Email)
		_, err := env.CSMOf(storetest.Customer(accountID), accountID)
		storetest.RequireCode(t, rules.NotFound, err)
		a := account.CSMAssignment{AccountID: accountID, CSMID: clara.ID, Version: 1, Reason: "knows the region"}
		acc, err := env.AssignCSM(storetest.Operator(), a)
		require.NoError(t, err)
		require.EqualValues(t, 2, acc.Version)
		got, err := env.CSMOf(storetest.Customer(accountID), accountID)
		require.NoError(t, err)
		require.Equal(t, []string{
			"Clara Reis", "clara.reis@operator.example", "+55 11 4000-1234",
		}, []string{got.Name, got.Email, got.Phone})
		task := env.Tasks(t, db.TaskAssignCSM)[0]
		require.Equal(t, []string{string(db.TaskDone), "assign"}, []string{string(task.State), task.Resolution})

		_, err = env.AssignCSM(storetest.Operator(), a)
		storetest.RequireCode(t, rules.StateConflict, err)
		a.Version = 2
		acc, err = env.AssignCSM(storetest.Operator(), a)
		require.NoError(t, err)
		require.EqualValues(t, 2, acc.Version, "the same one again changes nothing")
		a.CSMID = davi.ID
		_, err = env.AssignCSM(storetest.Operator(), a)
		require.NoError(t, err)

		events, err := env.Timeline(storetest.Customer(accountID), accountID)
		require.NoError(t, err)
		var details []map[string]any
		for _, e := range events {
			if e.Verb == "account.csm_assigned" {
				details = append(details, e.Details)
			}
		}
		require.Equal(t, []map[string]any{
			{"before": "", "after": clara.ID, "reason": "knows the region"},
			{"before": clara.ID, "after": davi.ID, "reason": "knows the region"},
		}, details)
		for _, text := range env.Strings(t, "SELECT CAST(details AS text) FROM audit_events") {
			require.NotContains(t, text, "Clara")
			require.NotContains(t, text, "operator.example")
		}
		env.AuditHolds(t)
	})
}

func TestR35e_AssignmentThatCannotBe(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		accountID := *env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1")).AccountID
		gone := manager(t, env, "Clara Reis", "clara@operator.example")
		_, err := changeManager(env, gone, false)
		require.NoError(t, err)
		for _, c := range []struct {
			account, csm, reason, want string
		}{
			{accountID, gone.ID, "r", rules.StateConflict},
			{accountID, "csm_x", "r", rules.ValidationFailed},
			{accountID, "", "r", rules.ValidationFailed},
			{"acc_x", gone.ID, "r", rules.NotFound},
			{accountID, gone.ID, " ", rules.ReasonRequired},
		} {
			_, err := env.AssignCSM(storetest.Operator(), account.CSMAssignment{
				AccountID: c.account,
				CSMID:     c.csm,
				Reason:    c.reason,
			})
			storetest.RequireCode(t, c.want, err)
		}
		_, err = env.AssignCSM(storetest.Customer(accountID), account.CSMAssignment{
			AccountID: accountID,
			CSMID:     gone.ID,
			Reason:    "r",
		})
		storetest.RequireCode(t, rules.NotFound, err)
		require.Equal(t, db.TaskOpen, env.Tasks(t, db.TaskAssignCSM)[0].State)
		_, err = env.CreateCSM(storetest.Operator(), rules.CSMForm{Name: "Other", Email: "CLARA@operator.example"}, "r")
		storetest.RequireCode(t, rules.ValidationFailed, err)
		for _, ctx := range []error{storetest.SecondOf(
			env.GetCSM(storetest.Customer(accountID), gone.ID),
		), storetest.SecondOf(env.CreateCSM(storetest.Customer(accountID),
			rules.CSMForm{Name: "N", Email: "n@a.example"}, "r")),
			storetest.SecondOf(env.ChangeCSM(storetest.Customer(accountID), gone.ID, account.CSMChange{
				Form:   rules.CSMForm{Name: "N", Email: "n@a.example"},
				Reason: "r",
			}))} {
			storetest.RequireCode(t, rules.NotFound, ctx)
		}
	})
}

func TestR35e_AManagerWhoLeavesIsAskedForAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		a := *env.Fulfilled(t, seller, storetest.FormFor("PO-1", "Acme Ltda", "ana@acme.example")).AccountID
		b := *env.Fulfilled(t, seller, storetest.FormFor("PO-2", "Beta SA", "bia@beta.example")).AccountID
		clara := manager(t, env, "Clara Reis", "clara@operator.example")
		davi := manager(t, env, "Davi Melo", "davi@operator.example")
		for accountID, csm := range map[string]account.CSM{a: clara, b: davi} {
			_, err := env.AssignCSM(storetest.Operator(), account.CSMAssignment{
				AccountID: accountID,
				CSMID:     csm.ID,
				Reason:    "r",
			})
			require.NoError(t, err)
		}
		states := func() map[string]db.TaskState {
			out := map[string]db.TaskState{}
			for _, task := range env.Tasks(t, db.TaskAssignCSM) {
				out[task.SubjectID] = task.State
			}
			return out
		}
		require.Equal(t, map[string]db.TaskState{a: db.TaskDone, b: db.TaskDone}, states())
		clara, err := changeManager(env, clara, false)
		require.NoError(t, err)
		require.Equal(t, map[string]db.TaskState{a: db.TaskOpen, b: db.TaskDone}, states())
		_, err = env.CSMOf(storetest.Customer(a), a)
		storetest.RequireCode(t, rules.NotFound, err)
		gone, err := env.CSMOf(env.Context, a)
		require.NoError(t, err)
		require.False(t, gone.Active, "operators see who it was")

		_, err = changeManager(env, account.CSM{ID: clara.ID, Name: "C", Email: clara.Email, Version: 1}, true)
		storetest.RequireCode(t, rules.StateConflict, err)
		clara, err = changeManager(env, clara, true)
		require.NoError(t, err)
		require.Equal(t, db.TaskDone, states()[a], "back")
		_, err = changeManager(env, clara, false)
		require.NoError(t, err)
		_, err = env.AssignCSM(storetest.Operator(), account.CSMAssignment{
			AccountID: a,
			CSMID:     davi.ID,
			Reason:    "takes over",
		})
		require.NoError(t, err)
		require.Equal(t, db.TaskDone, states()[a])
		all, _, err := env.ListCSMs(env.Context, db.Page{})
		require.NoError(t, err)
		require.Equal(t, []string{davi.ID, clara.ID}, []string{all[0].ID, all[1].ID})
		env.AuditHolds(t)
	})
}

// Whoever comes second sees the other: an account is never left to a manager who
// has gone without a task.
func TestR35e_LeavingWhileBeingAssignedLeavesATask(t *testing.T) {
	env := storetest.Postgres(t)
	seller := env.Reseller(t, "Revenda Sul")
	for n := range 6 {
		accountID := *env.Fulfilled(t, seller,
			storetest.FormFor(storetest.PO(n), storetest.Company(n), "ana@acme.example")).AccountID
		c := manager(t, env, "Clara Reis", storetest.PO(n)+"@operator.example")
		errs := storetest.AtOnce(2, func(i int) error {
			if i == 0 {
				return storetest.SecondOf(changeManager(env, c, false))
			}
			return storetest.SecondOf(env.AssignCSM(storetest.Operator(), account.CSMAssignment{
				AccountID: accountID,
				CSMID:     c.ID,
				Reason:    "r",
			}))
		})
		require.NoError(t, errs[0])
		require.Equal(t, 1, env.Count(
			t, "SELECT count(*) FROM operator_tasks WHERE kind = 'ASSIGN_CSM' AND state = 'OPEN' AND account_id = '"+
				accountID+"'",
		), errs[1])
	}
}

func TestR35e_CustomersOfTodayAreAskedForByTheMigration(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		accountID := *env.Fulfilled(t, seller, storetest.Form("PO-1")).AccountID
		form := storetest.FormFor("PO-2", "Beta SA", "bia@beta.example")
		form.Lines = []ordering.OrderLine{{SKU: "EXT-WARRANTY-1Y", Quantity: 2}}
		env.Fulfilled(t, seller, form)
		for slices.Contains(storetest.TablesOf(t, env), "csms") {
			require.NoError(t, env.Rollback(env.Context))
		}
		require.Empty(t, env.Strings(t, "SELECT id FROM operator_tasks WHERE kind = 'ASSIGN_CSM'"))
		_, err := env.Migrate(env.Context)
		require.NoError(t, err)
		tasks := env.Tasks(t, db.TaskAssignCSM)
		require.Len(t, tasks, 1)
		require.Equal(t, accountID, tasks[0].SubjectID)
		require.NotZero(t, tasks[0].CreatedAt)
	})
}
